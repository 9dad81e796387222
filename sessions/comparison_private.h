#ifndef SESSIONS_COMPARISON_PRIVATE_H
#define SESSIONS_COMPARISON_PRIVATE_H

#include "sessions/comparison.h"

/* What the comparison's files share. */

/* One candidate on its way. */
struct turn {
	struct comparison *comparison;
	size_t index;
	const struct contender *candidate;
	struct outcome *outcome;
	const struct comparison_hooks *hooks;
	const struct work *work;
};
void turn_phase(const struct turn *turn, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Squares of every linear layer's weights, for the fits. */
enum err fit_weights(double *out, const struct engine *engine, const struct work *work);
enum err fit_results(struct fit *out, const struct turn *turn, struct layer_result *const *results);
enum err fit_model(struct fit *out, const struct turn *turn, const struct model *model);

/* In place of each result noise of the energy that its error has. */
enum err turn_noise(const struct turn *turn, struct layer_result **results);
/* The further calibration seeds. */
enum err turn_seeds(const struct turn *turn);

/* A checkpoint of the engine's model, opened and held against it; its identity names its bytes. */
enum err rival_check(const struct engine *engine, const char *path); /* without reading its bytes */
enum err rival_open(struct model **out, const struct engine *engine, const char *path,
		    const struct work *work);
struct engine_bits rival_bits(const struct engine *engine, const struct model *model, double given);
uint64_t rival_disk(const struct model *model);

#endif
