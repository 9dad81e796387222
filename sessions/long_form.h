#ifndef SESSIONS_LONG_FORM_H
#define SESSIONS_LONG_FORM_H

#include "sessions/engine.h"

/* What quantization does to long texts: from each of some prompts, cut out of a text at equal
 * distances, both models write greedily, and the place is found where they part. A text goes on
 * through its ends of text, so that all are of one length. */
struct long_form_setting {
	const char *text, *field;
	size_t prompts; /* how many */
	size_t tokens;  /* to generate from each; 0: LONG_FORM_TOKENS */
};
enum { LONG_FORM_PROMPT = 32, LONG_FORM_TOKENS = 128 };

struct long_form_result {
	size_t prompts, prompt_tokens, tokens;
	bool has_current;
	/* Tokens that are equal before the first that differs; texts that never part count with all
	 * of theirs. */
	double parted_mean, parted_median;
	double never;                           /* share of texts that are the same to their end */
	double repetition, baseline_repetition; /* means of task_score_repetition */
};

/* A text that is too short, or a context with no room for prompt and tokens, is ERR_RANGE. */
enum err long_form_check(struct engine *engine, const struct long_form_setting *setting);

/* `results` as from engine_apply, or NULL for the baseline alone; refuses what the check does. */
enum err long_form_run(struct long_form_result *out, struct engine *engine,
		       const struct long_form_setting *setting, struct layer_result *const *results,
		       const struct work *work);

#endif
