#ifndef SESSIONS_TASK_TOKENS_H
#define SESSIONS_TASK_TOKENS_H

#include "core/likelihood.h"
#include "sessions/engine.h"
#include "sessions/task_file.h"

/* A task's items as token ids, with the boundary between prompt and choice where lm-evaluation-
 * harness has it: blanks at the end of the prompt go to the choice; the prompt's tokens are those
 * of the prompt alone, and the choice's what prompt and choice together have behind that many.
 * (Where nothing is left behind them, the choice alone is encoded.) BOS stands in front where the
 * tokenizer adds it; an empty prompt is BOS, else EOS. What is longer than the model's context
 * loses tokens at the start of its prompt. */
struct task_tokens {
	struct likelihood_item *items; /* (count) of a task with choices; prompts of one without */
	size_t count, choices;         /* choices: of all items */
	size_t cut;                    /* items whose prompt lost tokens */
	struct arena arena;            /* private */
};

/* `max_tokens` are to have room behind the prompts of a task without choices. */
enum err task_tokens_open(struct task_tokens *out, const struct task_file *task,
			  const struct engine *engine, size_t max_tokens);
void task_tokens_close(struct task_tokens *tokens); /* contents, not the struct */

#endif
