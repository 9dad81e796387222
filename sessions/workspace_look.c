/* What the workspace tells about itself, and the smaller things that can be asked of it. */
#include "core/buf.h"
#include "sessions/workspace_private.h"

#include <stdio.h>
#include <string.h>

bool
workspace_opening(const struct workspace *workspace)
{
	return workspace->opening;
}

struct engine *
workspace_engine(struct workspace *workspace)
{
	return workspace->engine;
}

const struct model *
workspace_model(const struct workspace *workspace)
{
	return workspace->engine ? engine_model(workspace->engine) : NULL;
}

const char *
workspace_model_path(const struct workspace *workspace)
{
	return workspace->path;
}

const char *
workspace_model_sha256(const struct workspace *workspace)
{
	return workspace->sha256;
}

struct layer_setting
workspace_setting(const struct workspace *workspace, int layer)
{
	if (layer < 0 || (size_t)layer >= workspace->layer_count)
		return (struct layer_setting){ 0 };
	return workspace->layers[layer].setting;
}

int
workspace_selected(const struct workspace *workspace)
{
	return workspace->selected;
}

void
workspace_select(struct workspace *workspace, int layer)
{
	if (layer < 0 || (size_t)layer >= workspace->layer_count || layer == workspace->selected)
		return;
	workspace->selected = layer;
	workspace_reconcile(workspace, CHANGED_SELECTION);
}

const struct layer_state *
workspace_layer(const struct workspace *workspace, int layer)
{
	static const struct layer_state none = { .state = RESULT_KEPT };

	if (layer < 0 || (size_t)layer >= workspace->layer_count)
		return &none;
	return &workspace->layers[layer].state;
}

size_t
workspace_text_count(const struct workspace *workspace)
{
	return workspace->text_count;
}

const struct text_state *
workspace_text(const struct workspace *workspace, size_t index)
{
	return index < workspace->text_count ? &workspace->texts[index].state : NULL;
}

const struct eval_setting *
workspace_protocol(const struct workspace *workspace)
{
	return &workspace->protocol;
}

void
workspace_set_protocol(struct workspace *workspace, const struct eval_setting *setting)
{
	workspace->protocol = *setting;
	workspace->protocol.text = workspace->protocol.field = NULL;
	workspace_reconcile(workspace, CHANGED_EVALUATION);
}

bool
workspace_bits(const struct workspace *workspace, struct engine_bits *out)
{
	struct layer_result **results;
	bool complete = workspace->layer_count > 0;

	if (!workspace->engine)
		return false;
	for (size_t i = 0; i < workspace->layer_count; i++)
		complete &= workspace->layers[i].result || !workspace->layers[i].setting.method;
	results =
		complete ? buf_alloc(workspace->layer_count, sizeof(struct layer_result *)) : NULL;
	if (!results)
		return false;
	for (size_t i = 0; i < workspace->layer_count; i++)
		results[i] = workspace->layers[i].result;
	*out = engine_bits(workspace->engine, results);
	buf_free(results);
	return true;
}

/* ------------------------------------------------------------------------ jobs */

static struct job_view
view_of(const struct task *task)
{
	const struct job *job = &task->job;
	double started = atomic_load(&job->started), now = jobs_now();
	struct job_view view = { .running = true,
				 .done = atomic_load(&job->done),
				 .total = atomic_load(&job->total),
				 .elapsed = started > 0 ? now - started : 0,
				 .estimate = job_estimate(job, now) };

	snprintf(view.title, sizeof(view.title), "%s", task->title);
	return view;
}

size_t
workspace_jobs(struct workspace *workspace, struct job_view *out, size_t capacity)
{
	struct goal goals[64];
	size_t planned = plan_list(workspace, goals, 64), count = 0;
	const struct task *live = workspace->live;

	if (live && capacity)
		out[count++] = view_of(live);
	for (size_t i = 0; i < planned && i < 64; i++) {
		const struct goal *goal = &goals[i];

		if (live && live->goal.kind == goal->kind && live->goal.layer == goal->layer &&
		    live->goal.text == goal->text && goal->kind != GOAL_COMMAND)
			continue;
		if (count < capacity) {
			memset(&out[count], 0, sizeof(out[count]));
			out[count].estimate = -1;
			task_title(out[count].title, sizeof(out[count].title), workspace, goal);
		}
		count++;
	}
	return planned > 64 ? count + planned - 64 : count;
}

void
workspace_cancel(struct workspace *workspace)
{
	if (workspace->live) {
		workspace->live->cancelled = jobs_now();
		atomic_store(&workspace->live->job.cancel, true);
	}
	workspace->live = NULL;
	for (size_t i = 0; i < workspace->command_count; i++)
		pending_free(&workspace->commands[i]);
	workspace->command_count = 0;
	workspace->opening = false;
	workspace->asked = false;
	workspace->forecast_wanted = false;
	workspace->question[0] = '\0';
	workspace->held = true;
	workspace_reconcile(workspace, CHANGED_PROGRESS);
}

void
workspace_rerun(struct workspace *workspace, int layer)
{
	if (layer < 0 || (size_t)layer >= workspace->layer_count)
		return;
	if (workspace->layers[layer].result) {
		workspace->layers[layer].forget = workspace->layers[layer].result->key;
		workspace->layers[layer].has_forget = true;
	}
	plan_forget(workspace, layer);
	workspace_reconcile(workspace, CHANGED_SETTINGS);
}

const char *
workspace_question(const struct workspace *workspace)
{
	return workspace->question[0] ? workspace->question : NULL;
}

void
workspace_answer(struct workspace *workspace, bool yes)
{
	if (!workspace->question[0])
		return;
	workspace->question[0] = '\0';
	workspace->agreed = yes;
	if (yes)
		workspace_evaluate(workspace);
	workspace->changed |= CHANGED_PROGRESS;
}

void
workspace_evaluate(struct workspace *workspace)
{
	if (workspace->large && !workspace->agreed) {
		workspace->forecast_wanted = workspace->forecast_asks = true;
		workspace_reconcile(workspace, CHANGED_EVALUATION);
		return;
	}
	workspace->asked = true;
	for (size_t i = 0; i < workspace->text_count; i++)
		workspace->texts[i].has_failed = false;
	workspace_reconcile(workspace, CHANGED_EVALUATION);
}

bool
workspace_manual(const struct workspace *workspace)
{
	return workspace->options.manual;
}

void
workspace_set_manual(struct workspace *workspace, bool manual)
{
	workspace->options.manual = manual;
	workspace->asked = false;
	workspace_reconcile(workspace, CHANGED_EVALUATION);
}

enum err
workspace_command(struct workspace *workspace, const struct command *command, int argc,
		  char *const *argv)
{
	struct pending_command pending = { .command = command, .argc = argc };

	if (buf_grow(&workspace->commands, &workspace->command_capacity,
		     workspace->command_count + 1, sizeof(*workspace->commands)))
		return ERR_NOMEM;
	if (!(pending.argv = buf_alloc((size_t)argc + 1, sizeof(*pending.argv))))
		return ERR_NOMEM;
	for (int i = 0; i < argc; i++)
		if (!(pending.argv[i] = buf_strdup(argv[i]))) {
			pending_free(&pending);
			return ERR_NOMEM;
		}
	workspace->commands[workspace->command_count++] = pending;
	workspace_reconcile(workspace, CHANGED_PROGRESS);
	return OK;
}
