#ifndef SESSIONS_WORKSPACE_PRIVATE_H
#define SESSIONS_WORKSPACE_PRIVATE_H

#include "core/jobs.h"
#include "sessions/workspace.h"

#include <pthread.h>

/* What the workspace's files share. */
enum goal_kind {
	GOAL_OPEN,
	GOAL_COMMAND,
	GOAL_FORECAST, /* what all of a large model will take */
	GOAL_CALIBRATE,
	GOAL_QUANTIZE,
	GOAL_APPLY, /* the whole recipe, where what lies upstream matters */
	GOAL_EVALUATE,
	GOAL_HASH,
};

struct goal { /* one thing to be computed */
	enum goal_kind kind;
	int layer;
	size_t text;
};

/* The error histogram of a layer that is being solved, from the tiles it publishes. */
struct growth {
	pthread_mutex_t lock; /* guards what follows */
	struct histogram histogram;
	uint64_t seen; /* weights */
	/* constant while tiles come */
	float *weight;
	size_t rows, columns, member; /* member: index within the solver's scope */
	struct jobs *wake;
};

struct pending_command {
	const struct command *command;
	int argc;
	char **argv;
};

/* One job with its inputs (constant while it runs) and outputs. */
struct task {
	struct job job; /* first: jobs give back its address */
	struct goal goal;
	char title[160];
	struct workspace *workspace; /* for the outlet and the wake alone */
	struct engine *engine;
	struct layer_setting setting;
	struct recipe recipe;
	struct eval_setting eval;
	char text[256];
	struct key key; /* of what was asked: see workspace_plan.c */
	struct key forget;
	bool has_forget;
	double cancelled;              /* when the user said so; 0: not */
	struct layer_result **results; /* inputs of evaluate, outputs of apply: (layer_count) */
	size_t result_count;
	struct pending_command command;
	char path[1024];
	char (*texts)[256]; /* of a forecast: (text_count) */
	size_t text_count;
	/* outputs */
	struct engine *opened;
	struct layer_result *result;
	struct eval_result evaluation;
	struct eval_shape shape;
	char sha256[HASH_HEX];
	struct growth *growth;
	double seconds; /* forecast */
};

struct memo { /* results of settings already seen; the newest last */
	int layer;
	struct key key;
	struct layer_result *result;
};

struct text_memo {
	struct key key;
	struct eval_result result;
};

struct text_slot {
	struct text_state state;
	struct key shown; /* what state.result is of */
	struct text_memo *memos;
	size_t memo_count, memo_capacity;
	struct key failed; /* what state.error is of */
	bool has_failed;
};

struct layer_slot {
	struct layer_state state;
	struct layer_setting setting; /* as the recipe resolves it */
	struct key key;               /* of setting and calibration */
	struct layer_result *result, *previous;
	struct key failed;
	bool has_failed;
	struct key forget; /* the engine's key of a result to be computed again */
	bool has_forget;
};

struct step {
	char label[96];
	struct recipe recipe;
};

struct outlet_line {
	enum log_kind kind;
	char *text;
};

struct workspace {
	struct workspace_options options;
	struct jobs *jobs;
	struct engine *engine;
	char path[1024], sha256[HASH_HEX]; /* of the open model; path "": the shipped one */
	char wanted[1024];                 /* the path that is being opened */
	bool opening, held, hash_failed, calibrated_failed;
	struct task *live;  /* submitted, not cancelled */
	size_t in_flight;   /* submitted, not taken back */
	struct step *steps; /* history */
	size_t step_count, step_capacity, at, other;
	struct layer_slot *layers;
	size_t layer_count;
	int selected;
	struct memo *memos;
	size_t memo_count, memo_capacity, memo_bytes;
	struct key calibrated; /* the calibration that whole-model statistics were taken of */
	struct text_slot *texts;
	size_t text_count, text_capacity;
	struct eval_setting protocol;
	bool asked; /* evaluate although manual */
	/* A large model: all of it is computed once the user agreed to what that takes. */
	bool large, agreed;
	bool forecast_wanted, forecast_asks; /* ...and in the end there is a question */
	char question[160];                  /* waits for an answer; "" none */
	struct pending_command *commands;
	size_t command_count, command_capacity;
	pthread_mutex_t outlet_lock; /* guards the outlet */
	struct outlet_line *outlet;
	size_t outlet_count, outlet_capacity;
	unsigned changed;
};

/* workspace_plan.c */
void plan_settings(struct workspace *workspace); /* resolve the recipe, look results up */
bool plan_first(struct workspace *workspace, struct goal *out);
size_t plan_list(struct workspace *workspace, struct goal *out, size_t capacity);
bool plan_wants(struct workspace *workspace, const struct task *task);
struct key plan_text_key(const struct workspace *workspace, size_t text);
struct key plan_calibration_key(const struct workspace *workspace);
void plan_remember(struct workspace *workspace, int layer, struct key key,
		   struct layer_result *result); /* takes a reference of its own */
void plan_forget(struct workspace *workspace, int layer);
void plan_forget_all(struct workspace *workspace);

/* workspace_task.c */
struct task *task_create(struct workspace *workspace, const struct goal *goal);
void task_free(struct task *task); /* NULL is fine */
void task_title(char *out, size_t capacity, const struct workspace *workspace,
		const struct goal *goal);
void pending_free(struct pending_command *command);

/* workspace_growth.c */
enum err growth_create(struct growth **out, struct workspace *workspace, int layer);
void growth_prepare(struct growth *growth, const struct model *model, int layer);
void growth_publish(void *ctx /* struct task */, const struct tile *tile);
void growth_free(struct growth *growth);

/* workspace_log.c: lines from any thread, handed on by workspace_poll */
void outlet_add(struct workspace *workspace, enum log_kind kind, const char *text, size_t length);
void outlet_hand_on(struct workspace *workspace);
void outlet_clear(struct workspace *workspace);
void workspace_say(struct workspace *workspace, enum log_kind kind, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* workspace_history.c */
enum err history_push(struct workspace *workspace, struct recipe *recipe, const char *label);
void history_clear(struct workspace *workspace);
enum err history_begin(struct workspace *workspace);

/* workspace.c: settings or selection changed: look up, stop what is not wanted, start the next */
void workspace_reconcile(struct workspace *workspace, unsigned changed);

#endif
