/* The open workspace: the loop of taking what finished and starting what is wanted next. */
#include "sessions/workspace.h"

#include "core/buf.h"
#include "core/file.h"
#include "sessions/forecast.h"
#include "sessions/locate.h"
#include "sessions/shipped.h"
#include "sessions/workspace_private.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

/* 17 windows of llama.cpp's protocol: 4,335 tokens scored. */
enum { EVALUATION_TOKENS = 8704 };

static enum err
add_text(struct workspace *workspace, const char *name)
{
	struct text_slot *slot;

	if (buf_grow(&workspace->texts, &workspace->text_capacity, workspace->text_count + 1,
		     sizeof(*workspace->texts)))
		return ERR_NOMEM;
	slot = &workspace->texts[workspace->text_count++];
	memset(slot, 0, sizeof(*slot));
	snprintf(slot->state.name, sizeof(slot->state.name), "%s", name);
	return OK;
}

enum err
workspace_add_text(struct workspace *workspace, const char *name)
{
	enum err code = OK;

	for (size_t i = 0; i < workspace->text_count; i++)
		if (!strcmp(workspace->texts[i].state.name, name))
			return OK;
	code = add_text(workspace, name);
	workspace_reconcile(workspace, CHANGED_EVALUATION);
	return code;
}

/* ------------------------------------------------------------------------ the model */

/* Everything that belongs to the open model goes; no job runs. */
static void
drop_model(struct workspace *workspace)
{
	plan_forget_all(workspace);
	history_clear(workspace);
	engine_free(workspace->engine);
	workspace->engine = NULL;
	workspace->sha256[0] = '\0';
	workspace->selected = -1;
	workspace->hash_failed = workspace->calibrated_failed = false;
	workspace->large = workspace->agreed = false;
	workspace->forecast_wanted = workspace->forecast_asks = false;
	workspace->question[0] = '\0';
	memset(&workspace->calibrated, 0, sizeof(workspace->calibrated));
}

/* The first layer that is quantized by default, in a middle block: its picture is typical. */
static int
first_layer(const struct workspace *workspace)
{
	const struct model *model = engine_model(workspace->engine);

	for (size_t i = 0; i < model->layer_count; i++)
		if (engine_is_linear(workspace->engine, (int)i))
			return (int)i;
	return 0;
}

static enum err
fill_model(struct workspace *workspace)
{
	const struct model *model = engine_model(workspace->engine);
	const char *const *texts = shipped_evaluation_texts(NULL);
	enum err code = OK;

	workspace->layers = buf_alloc(model->layer_count, sizeof(*workspace->layers));
	if (!workspace->layers)
		return ERR_NOMEM;
	workspace->layer_count = model->layer_count;
	for (size_t i = 0; texts && texts[i] && !code; i++)
		code = add_text(workspace, texts[i]);
	workspace->selected = first_layer(workspace);
	workspace->large = workspace->forecast_wanted = engine_is_large(workspace->engine);
	for (size_t i = 0; i < model->warning_count; i++)
		workspace_say(workspace, LOG_NOTE, "%s", model->warnings[i]);
	if (engine_note(workspace->engine))
		workspace_say(workspace, LOG_NOTE, "%s", engine_note(workspace->engine));
	return code ? code : history_begin(workspace);
}

/* What was opened takes the place of what is open. */
static enum err
replace(struct workspace *workspace, struct task *task)
{
	const struct workspace_options *options = &workspace->options;
	enum err code = OK;

	if (workspace->engine && options->replace)
		code = options->replace(options->ctx);
	if (code)
		return code;
	drop_model(workspace);
	workspace->changed |= CHANGED_MODEL | CHANGED_SETTINGS | CHANGED_RESULTS;
	workspace->held = false;
	snprintf(workspace->path, sizeof(workspace->path), "%s", task->path);
	workspace->engine = task->opened;
	task->opened = NULL;
	if ((code = fill_model(workspace)))
		drop_model(workspace);
	return code;
}

/* Under the name that was asked for: a snapshot's path would push what matters off the screen. */
static void
say_not_opened(struct workspace *workspace, const struct task *task)
{
	struct err_detail detail = *err_last();
	const char *slash = strrchr(detail.file, '/'), *file = slash ? slash + 1 : detail.file;
	bool named = !strcmp(detail.file, task->path) || !detail.file[0];

	workspace_say(workspace, LOG_ERROR, "%s: %s%s%s%s%s",
		      task->path[0] ? task->path : "the shipped model", named ? "" : file,
		      named ? "" : ": ", detail.item, detail.item[0] ? ": " : "", detail.message);
}

static void
opened(struct workspace *workspace, struct task *task)
{
	enum err code = task->job.result;

	if (atomic_load(&task->job.cancel))
		return; /* another one was asked for meanwhile, or none */
	workspace->opening = false;
	workspace->changed |= CHANGED_PROGRESS;
	if (!code)
		code = replace(workspace, task);
	if (code && code != ERR_CANCELLED)
		say_not_opened(workspace, task);
}

/* ------------------------------------------------------------------------ what finished */

static void
quantized(struct workspace *workspace, struct task *task)
{
	struct layer_slot *slot;

	if ((size_t)task->goal.layer >= workspace->layer_count)
		return;
	slot = &workspace->layers[task->goal.layer];
	workspace->changed |= CHANGED_RESULTS;
	if (!task->job.result) {
		plan_remember(workspace, task->goal.layer, task->key, task->result);
		return;
	}
	slot->has_failed = true;
	slot->failed = task->key;
	slot->state.error = task->job.error;
	workspace_say(workspace, LOG_ERROR, "%s: %s: %s",
		      engine_model(workspace->engine)->layers[task->goal.layer].name,
		      task->setting.method->name, task->job.error.message);
}

static void
applied(struct workspace *workspace, struct task *task)
{
	workspace->changed |= CHANGED_RESULTS;
	for (size_t i = 0; i < workspace->layer_count; i++) {
		struct layer_slot *slot = &workspace->layers[i];

		if (!task->job.result && i < task->result_count) {
			plan_remember(workspace, (int)i, slot->key, task->results[i]);
		} else if (slot->setting.method) {
			slot->has_failed = true;
			slot->failed = slot->key;
			slot->state.error = task->job.error;
		}
	}
	if (task->job.result)
		workspace_say(workspace, LOG_ERROR, "%s", err_line());
}

enum { TEXT_MEMOS = 64 };

static void
remember_evaluation(struct text_slot *slot, const struct task *task)
{
	if (slot->memo_count == TEXT_MEMOS) {
		memmove(slot->memos, slot->memos + 1, (TEXT_MEMOS - 1) * sizeof(*slot->memos));
		slot->memo_count--;
	}
	if (!buf_grow(&slot->memos, &slot->memo_capacity, slot->memo_count + 1,
		      sizeof(*slot->memos)))
		slot->memos[slot->memo_count++] = (struct text_memo){ task->key, task->evaluation };
	slot->state.shape = task->shape;
	memcpy(slot->state.sha256, task->sha256, HASH_HEX);
}

static void
evaluated(struct workspace *workspace, struct task *task)
{
	struct text_slot *slot;

	if (task->goal.text >= workspace->text_count)
		return;
	slot = &workspace->texts[task->goal.text];
	workspace->changed |= CHANGED_EVALUATION;
	if (!task->job.result) {
		remember_evaluation(slot, task);
		return;
	}
	slot->has_failed = true;
	slot->failed = task->key;
	slot->state.error = task->job.error;
	workspace_say(workspace, LOG_ERROR, "%s: %s", slot->state.name, err_line());
}

/* The lines are in the log already. */
static void
forecast(struct workspace *workspace, const struct task *task)
{
	char time[32];

	workspace->forecast_wanted = false;
	if (task->job.result) {
		workspace_say(workspace, LOG_ERROR, "%s", err_line());
		return;
	}
	forecast_time(time, task->seconds);
	if (!workspace->forecast_asks)
		workspace_say(workspace, LOG_NOTE,
			      "a large model: the selected layer is computed by itself; e computes "
			      "all of it, %s",
			      time);
	else
		snprintf(workspace->question, sizeof(workspace->question),
			 "every layer and text takes %s; y starts, any other key does not", time);
}

static void
finished(struct workspace *workspace, struct task *task)
{
	enum err code = task->job.result;

	if (code)
		err_adopt(&task->job.error);
	if (task->cancelled > 0 && code == ERR_CANCELLED)
		workspace_say(workspace, LOG_NOTE, "%s: stopped after %.0f ms", task->title,
			      1000 * (task->job.finished - task->cancelled));
	if (task->goal.kind == GOAL_OPEN) {
		opened(workspace, task);
	} else if (task->goal.kind == GOAL_COMMAND) {
		if (code)
			workspace_say(workspace, LOG_ERROR, "%s", err_line());
	} else if (code == ERR_CANCELLED) {
		workspace->changed |= CHANGED_PROGRESS;
	} else if (task->goal.kind == GOAL_FORECAST) {
		forecast(workspace, task);
	} else if (task->goal.kind == GOAL_CALIBRATE) {
		workspace->calibrated = task->key;
		if (code)
			workspace_say(workspace, LOG_ERROR, "%s", err_line());
	} else if (task->goal.kind == GOAL_QUANTIZE) {
		quantized(workspace, task);
	} else if (task->goal.kind == GOAL_APPLY) {
		applied(workspace, task);
	} else if (task->goal.kind == GOAL_EVALUATE) {
		evaluated(workspace, task);
	} else if (code) {
		workspace->hash_failed = true;
	} else {
		memcpy(workspace->sha256, task->sha256, HASH_HEX);
		workspace->changed |= CHANGED_PROGRESS;
	}
}

/* ------------------------------------------------------------------------ the loop */

/* Stop a job whose outcome nobody wants any more, or which keeps the selected layer waiting. */
static void
stop_unwanted(struct workspace *workspace)
{
	struct task *live = workspace->live;
	struct goal first;
	bool urgent;

	if (!live || live->goal.kind == GOAL_OPEN || live->goal.kind == GOAL_COMMAND)
		return;
	urgent = live->goal.kind == GOAL_EVALUATE && plan_first(workspace, &first) &&
		 first.kind < GOAL_EVALUATE;
	if (plan_wants(workspace, live) && !urgent)
		return;
	atomic_store(&live->job.cancel, true);
	workspace->live = NULL;
}

static void
start_next(struct workspace *workspace)
{
	struct goal goal;
	struct task *task;

	if (workspace->live || !plan_first(workspace, &goal))
		return;
	if (goal.kind == GOAL_OPEN && workspace->in_flight)
		return; /* the old engine is still in use */
	task = task_create(workspace, &goal);
	if (!task) {
		workspace_say(workspace, LOG_ERROR, "%s", err_line());
		workspace->held = true;
		return;
	}
	workspace->live = task;
	workspace->in_flight++;
	jobs_submit(workspace->jobs, &task->job);
	workspace->changed |= CHANGED_PROGRESS;
}

void
workspace_reconcile(struct workspace *workspace, unsigned changed)
{
	workspace->changed |= changed;
	if (changed & (CHANGED_SETTINGS | CHANGED_EVALUATION))
		workspace->held = false;
	if (changed & CHANGED_SETTINGS)
		workspace->asked = false;
	plan_settings(workspace);
	stop_unwanted(workspace);
	start_next(workspace);
	plan_settings(workspace); /* what was missing may run now */
}

unsigned
workspace_poll(struct workspace *workspace)
{
	struct job *job;
	unsigned changed;

	jobs_drain_wake(workspace->jobs);
	while ((job = jobs_take(workspace->jobs))) {
		struct task *task = (struct task *)job;

		workspace->in_flight--;
		if (workspace->live == task)
			workspace->live = NULL;
		finished(workspace, task);
		task_free(task);
		workspace_reconcile(workspace, CHANGED_PROGRESS);
	}
	start_next(workspace);
	outlet_hand_on(workspace);
	changed = workspace->changed;
	workspace->changed = 0;
	return changed;
}

bool
workspace_busy(struct workspace *workspace)
{
	struct goal goal;

	return workspace->in_flight > 0 || plan_first(workspace, &goal);
}

int
workspace_wake_fd(const struct workspace *workspace)
{
	return jobs_wake_fd(workspace->jobs);
}

/* ------------------------------------------------------------------------ life */

enum err
workspace_create(struct workspace **out, const struct workspace_options *options)
{
	struct workspace *workspace = buf_alloc(1, sizeof(*workspace));
	enum err code;

	*out = NULL;
	if (!workspace)
		return ERR_NOMEM;
	workspace->options = *options;
	workspace->selected = -1;
	workspace->protocol =
		(struct eval_setting){ .protocol = protocols[0], .max_tokens = EVALUATION_TOKENS };
	pthread_mutex_init(&workspace->outlet_lock, NULL);
	code = jobs_start(&workspace->jobs, NULL);
	if (code) {
		pthread_mutex_destroy(&workspace->outlet_lock);
		buf_free(workspace);
		return code;
	}
	*out = workspace;
	return workspace_open(workspace, options->model);
}

/* Jobs hold pointers into the workspace: every one is taken back before it goes. */
static void
take_back(struct workspace *workspace)
{
	struct job *job;

	jobs_cancel_all(workspace->jobs);
	while (workspace->in_flight) {
		struct pollfd wake = { .fd = jobs_wake_fd(workspace->jobs), .events = POLLIN };

		if (!(job = jobs_take(workspace->jobs))) {
			poll(&wake, 1, 1000);
			jobs_drain_wake(workspace->jobs);
			continue;
		}
		workspace->in_flight--;
		task_free((struct task *)job);
	}
	workspace->live = NULL;
}

void
workspace_free(struct workspace *workspace)
{
	if (!workspace)
		return;
	take_back(workspace);
	jobs_stop(workspace->jobs);
	drop_model(workspace);
	buf_free(workspace->memos);
	for (size_t i = 0; i < workspace->command_count; i++)
		pending_free(&workspace->commands[i]);
	buf_free(workspace->commands);
	outlet_clear(workspace);
	pthread_mutex_destroy(&workspace->outlet_lock);
	buf_free(workspace);
}

enum err
workspace_open(struct workspace *workspace, const char *path)
{
	if (path && strlen(path) >= sizeof(workspace->wanted))
		return err_at(ERR_RANGE, path, NULL, "the path is too long; use a shorter one");
	if (path && !strcmp(path, LOCATE_SHIPPED) && !file_exists(path))
		path = NULL;
	snprintf(workspace->wanted, sizeof(workspace->wanted), "%s", path ? path : "");
	if (workspace->live)
		atomic_store(&workspace->live->job.cancel, true);
	workspace->live = NULL;
	workspace->opening = true;
	start_next(workspace);
	workspace->changed |= CHANGED_PROGRESS;
	return OK;
}
