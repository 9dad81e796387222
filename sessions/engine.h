#ifndef SESSIONS_ENGINE_H
#define SESSIONS_ENGINE_H

#include "core/cache.h"
#include "core/calibration.h"
#include "core/evaluation.h"
#include "core/measurement.h"
#include "sessions/recipe.h"

/* The computations on one open model, each a pure function of its inputs and kept under their
 * content hash: memory first, then the cache on disk. Synchronous: the headless commands call them
 * as they are, the workbench from jobs. The calls that take `work` may run on one thread at a time
 * (the job driver); what they return is immutable and may be read anywhere. */
struct engine;

struct engine_options {
	const char *model; /* a path; NULL: the shipped model */
	int threads;       /* 0: QSCOPE_THREADS, else the cores of this machine */
	bool no_cache;
};

enum err engine_open(struct engine **out, const struct engine_options *options);
void engine_free(struct engine *engine);
const struct model *engine_model(const struct engine *engine);
const struct tokenizer *engine_tokenizer(const struct engine *engine); /* NULL: none */
struct pool *engine_pool(const struct engine *engine);
const char *engine_numeric_profile(const struct engine *engine);

/* A text by shipped name ("stories.evaluation") or path, tokenized once and kept. Borrowed. */
enum err engine_corpus(const struct corpus **out, struct engine *engine, const char *name,
		       const char *field);

/* One quantized and measured layer. Reference counted. */
struct layer_result {
	int layer;
	struct layer_setting setting;
	struct key key; /* of everything it depends on */
	struct quantized quantized;
	struct measurement *measurement;
	double bits_per_weight, seconds; /* seconds: of the solve, 0 from the cache */
	char calibration_sha256[HASH_HEX];
	size_t calibration_tokens, calibration_sequences;
	int scope[8], scope_count; /* layers solved together */
};

struct layer_result *layer_result_ref(struct layer_result *result);
void layer_result_unref(struct layer_result *result); /* NULL is fine */

/* Statistics of one input. `upstream` NULL: through the original model. Borrowed from the engine's
 * memory until the next call that asks for other statistics. */
enum err engine_statistics(const struct statistics **out, struct engine *engine, int input,
			   const struct calibration_setting *calibration, bool gram,
			   const struct overlay *upstream, const struct work *work);

/* Quantize and measure one layer (and, for a scope of several, its fellows, which are kept too). */
enum err engine_quantize(struct layer_result **out, struct engine *engine, int layer,
			 const struct layer_setting *setting,
			 const struct calibration_setting *calibration, const struct work *work);

/* Every layer of a recipe; out is (model.layer_count), NULL where a layer is kept. Caller unrefs.
 */
enum err engine_apply(struct layer_result **out, struct engine *engine, const struct recipe *recipe,
		      const struct work *work);

struct eval_setting {
	const char *text, *field;
	const struct protocol *protocol;
	size_t context, max_tokens; /* 0: the protocol's; all */
};

/* `results` as from engine_apply, or NULL for the baseline alone. Incremental: see evaluator. */
enum err engine_evaluate(struct eval_result *out, struct engine *engine,
			 const struct eval_setting *setting, struct layer_result *const *results,
			 const struct work *work);

struct engine_bits {
	double linear, model;
}; /* per weight: quantized layers' matrices; everything */
struct engine_bits engine_bits(const struct engine *engine, struct layer_result *const *results);

#endif
