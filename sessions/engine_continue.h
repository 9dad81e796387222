#ifndef SESSIONS_ENGINE_CONTINUE_H
#define SESSIONS_ENGINE_CONTINUE_H

#include "core/generation.h"
#include "core/likelihood.h"
#include "sessions/engine.h"

/* What a model writes behind prompts, and how likely it finds given texts there: kept on disk under
 * the key of everything they depend on, like evaluations. `results` as from engine_apply, or NULL
 * for the original. Methods' effects on activations are applied. */
struct continue_setting {
	const struct sequence *prompts;
	size_t count, max_tokens;
	int32_t eos;              /* ends a text; -1: none does */
	const char *const *stops; /* (stop_count) so does any of these within it */
	size_t stop_count;
};

enum err engine_continue_greedy(struct generation **out, struct engine *engine,
				const struct continue_setting *setting,
				struct layer_result *const *results, const struct work *work);

/* nll: see core/likelihood.h. */
enum err engine_continue_choices(double *nll, struct engine *engine,
				 const struct likelihood_item *items, size_t count,
				 struct layer_result *const *results, const struct work *work);

/* Where the first stop begins in a text; its end without one. */
size_t engine_continue_end(const char *text, const char *const *stops, size_t stop_count);

#endif
