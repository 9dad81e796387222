#ifndef SESSIONS_COMMANDS_EVAL_LONG_FORM_H
#define SESSIONS_COMMANDS_EVAL_LONG_FORM_H

#include "sessions/commands/plan.h"
#include "sessions/long_form.h"

/* --long-form and --generate of a command that has texts. */
struct eval_long_form {
	struct long_form_setting setting; /* prompts 0: not asked for */
	const char *const *texts;         /* (count) */
	struct long_form_result *results; /* (count) */
	size_t count;
};

enum err eval_long_form_read(struct eval_long_form *out, const struct arguments *arguments);
/* Room for results on these texts, which are borrowed. */
enum err eval_long_form_open(struct eval_long_form *out, const char *const *texts, size_t count);
void eval_long_form_close(struct eval_long_form *form);

/* Refuses what cannot be written, too. */
enum err eval_long_form_forecast(struct eval_long_form *form, struct forecast *forecast,
				 bool quantized);
void eval_long_form_plan(const struct eval_long_form *form, struct plan *plan);

enum err eval_long_form_run(struct eval_long_form *form, struct call *call, struct common *common,
			    struct layer_result *const *layers);
void eval_long_form_out(struct json_out *json, const struct eval_long_form *form);
enum err eval_long_form_print(struct call *call, const struct eval_long_form *form);

#define EVAL_LONG_FORM_ARGUMENTS                                                                  \
	{ "--long-form",                                                                          \
	  "N",                                                                                    \
	  NULL,                                                                                   \
	  "write on from N prompts of each text: where the texts part, how they repeat",          \
	  false,                                                                                  \
	  false },                                                                                \
	{                                                                                         \
		"--generate", "M", NULL, "tokens to write from each prompt (default 128)", false, \
			false                                                                     \
	}

#endif
