#ifndef SESSIONS_ENGINE_CONTINUE_H
#define SESSIONS_ENGINE_CONTINUE_H

#include "core/generation.h"
#include "core/likelihood.h"
#include "sessions/engine.h"

/* What a model writes behind prompts, and how likely it finds given texts there: kept on disk under
 * the key of everything they depend on, like evaluations. Methods' effects on activations are
 * applied. Of another model, its identity must name its bytes. */
struct continue_setting {
	const struct sequence *prompts;
	size_t count, max_tokens;
	int32_t eos;              /* ends a text; -1: none does */
	const char *const *stops; /* (stop_count) so does any of these within it */
	size_t stop_count;
};

enum err engine_continue_greedy(struct generation **out, struct engine *engine,
				const struct continue_setting *setting,
				const struct subject *subject, const struct work *work);

/* nll: see core/likelihood.h. */
enum err engine_continue_choices(double *nll, struct engine *engine,
				 const struct likelihood_item *items, size_t count,
				 const struct subject *subject, const struct work *work);

/* Where the first stop begins in a text; its end without one. */
size_t engine_continue_end(const char *text, const char *const *stops, size_t stop_count);

#endif
