#ifndef SESSIONS_WORKSPACE_H
#define SESSIONS_WORKSPACE_H

#include "sessions/command.h"
#include "sessions/engine.h"

/* What is open in the workbench: a model, how it shall be quantized (with undo and A/B), and what
 * is known of that so far. Knows no terminal. One thread owns it; work runs as jobs.
 *
 * There is no queue of wishes: the settings say what is wanted, the results what is there, and the
 * first thing missing is computed next (the selected layer before others, layers before texts). A
 * change of settings stops a job whose outcome is no longer wanted; going back finds the old
 * results again.
 *
 *	workspace_create(&workspace, &options);
 *	loop: poll(workspace_wake_fd), changed |= workspace_poll(workspace) */
struct workspace;

enum {                         /* what changed: bits */
       CHANGED_MODEL = 1 << 0, /* another one is open */
       CHANGED_SETTINGS = 1 << 1,
       CHANGED_RESULTS = 1 << 2,
       CHANGED_EVALUATION = 1 << 3,
       CHANGED_PROGRESS = 1 << 4,
       CHANGED_SELECTION = 1 << 5,
};

enum log_kind { LOG_NOTE, LOG_DATA, LOG_ERROR };

struct workspace_options {
	const char *model; /* as locate_model reads it; NULL: the shipped model */
	int threads;
	uint64_t memory; /* as in engine_options */
	bool no_cache;
	bool manual;                                                  /* evaluate only when asked */
	void (*log)(void *ctx, enum log_kind kind, const char *line); /* the owner's thread */
	/* Asked when another model is ready to take the open one's place, the last moment to save
	 * it: an error keeps the open one. May be NULL; the owner's thread. */
	enum err (*replace)(void *ctx);
	void *ctx;
};

/* Starts opening the model in the background. */
enum err workspace_create(struct workspace **out, const struct workspace_options *options);
void workspace_free(struct workspace *workspace); /* cancels and waits; NULL is fine */

int workspace_wake_fd(const struct workspace *workspace);
/* Take what finished, start what is wanted next. Returns what changed. */
unsigned workspace_poll(struct workspace *workspace);
bool workspace_busy(struct workspace *workspace); /* something runs or waits */
bool workspace_opening(const struct workspace *workspace);

/* Another model, NULL for the shipped one; once it is open, everything of the old one goes. One
 * that cannot be opened is said in the log and changes nothing. */
enum err workspace_open(struct workspace *workspace, const char *path);
struct engine *workspace_engine(struct workspace *workspace); /* NULL while none is open */
const struct model *workspace_model(const struct workspace *workspace); /* likewise */
const char *workspace_model_path(const struct workspace *workspace);    /* "" for the shipped one */
const char *workspace_model_sha256(const struct workspace *workspace);  /* "" until known */

/* --- settings. Each change is one step of the history. --- */
const struct recipe *workspace_recipe(const struct workspace *workspace);
struct layer_setting workspace_setting(const struct workspace *workspace, int layer);
/* `match`: a pattern on layer names, or NULL for all that are quantized by default. */
enum err workspace_set(struct workspace *workspace, const char *match,
		       const struct layer_setting *setting);
enum err workspace_calibrate(struct workspace *workspace,
			     const struct calibration_setting *calibration);
/* The whole recipe at once: from a file, or a session's. Copied. */
enum err workspace_replace(struct workspace *workspace, const struct recipe *recipe,
			   const char *label);
enum err workspace_undo(struct workspace *workspace); /* ERR_RANGE: nothing to undo */
enum err workspace_redo(struct workspace *workspace);
enum err workspace_ab(struct workspace *workspace); /* to the setting before, and back */

size_t workspace_history(const struct workspace *workspace, size_t *at, size_t *other);
const char *workspace_history_label(const struct workspace *workspace, size_t index);
const struct recipe *workspace_history_recipe(const struct workspace *workspace, size_t index);
/* Restore a history; the recipes are copied. */
struct workspace_step {
	const char *label;
	const struct recipe *recipe;
};
enum err workspace_restore(struct workspace *workspace, const struct workspace_step *steps,
			   size_t count, size_t at, size_t other);

int workspace_selected(const struct workspace *workspace); /* a layer; -1: no model */
void workspace_select(struct workspace *workspace, int layer);

/* --- results --- */
enum result_state { RESULT_KEPT, RESULT_MISSING, RESULT_RUNNING, RESULT_READY, RESULT_FAILED };

struct layer_state {
	enum result_state state;
	const struct layer_result *result;   /* of the present setting, or NULL */
	const struct layer_result *previous; /* shown before it, or NULL */
	struct err_detail error;             /* RESULT_FAILED */
};
const struct layer_state *workspace_layer(const struct workspace *workspace, int layer);

/* The error histogram of the selected layer as far as its job has come; false: none is growing. */
bool workspace_growth(struct workspace *workspace, struct histogram *out, double *share);

struct text_state {
	char name[256];
	enum result_state state; /* of the evaluation of the present settings */
	bool has_result, has_previous;
	struct eval_result result;   /* the last one known; `state` says whether it is of now */
	struct eval_result previous; /* of the setting before */
	struct eval_shape shape;
	char sha256[HASH_HEX];
	struct err_detail error;
};
size_t workspace_text_count(const struct workspace *workspace);
const struct text_state *workspace_text(const struct workspace *workspace, size_t index);
enum err workspace_add_text(struct workspace *workspace, const char *name);
const struct eval_setting *workspace_protocol(const struct workspace *workspace);
void workspace_set_protocol(struct workspace *workspace, const struct eval_setting *setting);

/* Per weight, of the present results; false until every layer has one. */
bool workspace_bits(const struct workspace *workspace, struct engine_bits *out);

/* --- jobs --- */
struct job_view {
	char title[160];
	bool running;
	uint64_t done, total;
	double elapsed, estimate; /* seconds; estimate -1: not known yet */
};
size_t workspace_jobs(struct workspace *workspace, struct job_view *out, size_t capacity);
void workspace_cancel(struct workspace *workspace);           /* and wait for a change, r or e */
void workspace_rerun(struct workspace *workspace, int layer); /* forget its result */
void workspace_evaluate(struct workspace *workspace);         /* now, even when manual */
bool workspace_manual(const struct workspace *workspace);
void workspace_set_manual(struct workspace *workspace, bool manual);

/* A large model (engine_is_large): of its own accord only the selected layer is computed, and the
 * log says what the rest would take. workspace_evaluate then leads to a question: y computes
 * everything from then on. NULL: nothing is asked. */
const char *workspace_question(const struct workspace *workspace);
void workspace_answer(struct workspace *workspace, bool yes);

/* Run a headless command on the open model; its words go to the log. The words are copied. */
enum err workspace_command(struct workspace *workspace, const struct command *command, int argc,
			   char *const *argv);

#endif
