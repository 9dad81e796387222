#ifndef TESTS_SUPPORT_MODELS_H
#define TESTS_SUPPORT_MODELS_H

#include "core/corpus.h"
#include "core/forward.h"

/* Models and texts that tests of the forward pass, calibration and evaluation share. */

/* The shipped model, opened once. */
const struct model *models_shipped(void);

/* A shipped text ("stories.evaluation") under the shipped tokenizer, opened once each. */
const struct corpus *models_text(const char *name);

/* A fixture made by tests/peers/make_forward_fixtures.py; freed by the caller. */
extern const char *const models_fixtures[]; /* ends with NULL */
struct model *models_fixture(const char *name);
/* The floats, or ids, of one of its files; *count says how many. From buf_alloc. */
void *models_fixture_values(size_t *count, const char *name, const char *file);

/* An overlay over all layers with nothing changed; models_roughen rounds one layer's weights to
 * steps of `step` times its largest (0: back to the original). */
struct rough_overlay {
	const struct model *model;
	struct overlay overlay;
	struct replacement *layers;
	float **weights;
};
void rough_open(struct rough_overlay *rough, const struct model *model);
void rough_layer(struct rough_overlay *rough, int layer, float step);
void rough_close(struct rough_overlay *rough);

/* Threads for one test: a pool and the work that uses it. */
struct threads {
	struct pool *pool;
	struct work work;
};
void threads_open(struct threads *threads, int count);
void threads_close(struct threads *threads);

double support_seconds(void); /* since some start */

#endif
