#ifndef SESSIONS_COMPARISON_H
#define SESSIONS_COMPARISON_H

#include "core/loss_bands.h"
#include "sessions/contenders.h"
#include "sessions/engine.h"

/* Candidates side by side: same texts, same protocol, same tokens, one run. The layers of one
 * candidate are in memory at a time; of its losses the mean of each window stays, which is all that
 * pairs need. Calls like the engine's: one thread.
 *
 *	comparison_open(&c, engine, &candidates, &setting);
 *	comparison_run(c, &hooks, work);
 *	... comparison_report.h, comparison_picture.h ...
 *	comparison_free(c); */
struct comparison_setting {
	struct eval_setting eval; /* `text` is set for each in turn */
	const char *const *texts; /* (text_count) borrowed */
	size_t text_count;
	uint64_t noise_seed;
	size_t seeds; /* calibration seeds of each candidate that calibrates; 1: its own alone */
};

/* What else is asked of every candidate: tasks, say. `measure` is called once for each, in order,
 * behind its evaluation, `report` when the JSON is written; all may be NULL. */
struct json_out;
struct comparison_hooks {
	void *ctx;
	void (*phase)(void *ctx, const char *title);
	enum err (*measure)(void *ctx, size_t candidate, const struct subject *subject,
			    const struct work *work);
	void (*report)(void *ctx, size_t candidate, struct json_out *json); /* into "tasks" */
};

/* Squares over all linear layers. */
struct fit {
	double error, weight;  /* of W - Q, of W */
	double output, signal; /* tr(D H D'), tr(W H W'); signal 0: not known */
};

struct text_outcome {
	struct eval_result eval;
	struct eval_result weights; /* without effects on activations; only where has_effects */
	struct eval_result noise;   /* only where has_noise */
	struct loss_bands bands;    /* of eval */
	double *nll;                /* (eval.windows) mean of each window */
};

struct outcome {
	struct engine_bits bits;
	uint64_t disk, memory; /* bytes as stored and as held */
	struct fit fit, noise_fit;
	double seconds; /* of quantizing */
	bool has_effects, has_noise;
	struct text_outcome *texts; /* (text_count) */
	double *seed_deltas;        /* (seed_count) mean rise in loss with each calibration seed */
	size_t seed_count;          /* 0: one seed, or nothing to calibrate */
};

struct comparison {
	struct engine *engine;
	const struct contenders *candidates;
	struct comparison_setting setting;
	struct outcome *outcomes; /* (candidates->count) */
	double *weights;          /* private: (layer_count) squares of each linear layer */
};

/* Recipes are checked against every layer, and checkpoints against the model, before anything runs.
 * Borrows its arguments; each candidate's calibration is settled. */
enum err comparison_open(struct comparison **out, struct engine *engine,
			 const struct contenders *candidates,
			 const struct comparison_setting *setting);
enum err comparison_run(struct comparison *comparison, const struct comparison_hooks *hooks,
			const struct work *work);
void comparison_free(struct comparison *comparison); /* NULL is fine */

/* ------------------------------------------------------------------------------- figures */

struct figure {
	double mean, se; /* NaN: not known */
};

/* Over the texts that count: the mean of a quantity of each, which is independent of the others. */
struct figure comparison_mean(const struct comparison *comparison, size_t candidate,
			      struct figure (*of)(const struct text_outcome *text));
size_t comparison_counted(const struct comparison *comparison); /* texts in those means */
struct figure figure_delta(const struct text_outcome *text); /* rise in loss, 0 for the baseline */
struct figure figure_weights(const struct text_outcome *text); /* of the weights alone */
struct figure figure_noise(const struct text_outcome *text);
struct figure figure_kl(const struct text_outcome *text);
struct figure figure_top1(const struct text_outcome *text);

/* Loss of b less that of a on the same tokens; se by windows. */
struct figure comparison_pair(const struct comparison *comparison, size_t a, size_t b, size_t text);

/* Is no other candidate better in one of bits and mean loss, and as good in the other? */
bool comparison_on_front(const struct comparison *comparison, size_t candidate);

double fit_weight_error(const struct fit *fit); /* error / weight */
double fit_output_error(const struct fit *fit); /* output / signal; NaN: not known */

/* Mean, least and most over the calibration seeds. */
struct spread {
	double mean, low, high;
};
struct spread outcome_spread(const struct outcome *outcome);

#endif
