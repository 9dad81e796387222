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
	const char *model; /* as locate_model reads it; NULL: the shipped model */
	int threads;       /* 0: QSCOPE_THREADS, else the cores of this machine */
	uint64_t memory;   /* bytes to hold at most; 0: a quarter of the machine's */
	bool no_cache;
};

enum err engine_open(struct engine **out, const struct engine_options *options);
void engine_free(struct engine *engine);
const struct model *engine_model(const struct engine *engine);
const struct tokenizer *engine_tokenizer(const struct engine *engine); /* NULL: none */
/* Tokens of the tokenizer that the embedding has no row for, as a line for people; NULL: none. */
const char *engine_note(const struct engine *engine);
struct pool *engine_pool(const struct engine *engine);
/* Larger than memory: its files than the machine's, or all its layers quantized than their share
 * of what is allowed. A job for all of it should say what it takes before it starts. */
bool engine_is_large(const struct engine *engine);
uint64_t engine_memory(const struct engine *engine);         /* bytes allowed, */
size_t engine_results_limit(const struct engine *engine);    /* and of them for results */
const char *engine_disk_folder(const struct engine *engine); /* where what spills goes */
const char *engine_profile(void); /* the numeric profile: BLAS and core; kernels; libm */

/* What tells this model from another. SHA-256 over its tensors, taken when they are at most 256 MiB
 * or `always`, else ""; and an identity: the first 32 digits of that, or, without it, of header,
 * size and time of the files. */
struct model_names {
	char identity[HASH_HEX], sha256[HASH_HEX];
};
enum err engine_names(struct model_names *out, const struct engine *engine, bool always,
		      const struct work *work);

/* A text by shipped name ("stories.evaluation") or path, tokenized once and kept. Borrowed. Any
 * thread. */
enum err engine_corpus(const struct corpus **out, struct engine *engine, const char *name,
		       const char *field);

/* The BOS that windows begin with: -1 where the tokenizer adds none. */
int32_t engine_bos(const struct engine *engine);

/* Fill in what is not given (0 sequences, 0 length) and the text's hash, as written to recipes. A
 * hash that is given must be the text's: ERR_FORMAT. A text of "" stays as it is. */
enum err engine_settle(struct calibration_setting *calibration, struct engine *engine);

enum { SCOPE_LAYERS_MAX = 8 }; /* layers that one method solves together */

/* One quantized and measured layer. Reference counted. */
struct layer_result {
	int layer;
	struct layer_setting setting;
	struct key key;         /* of everything it depends on, the measurement included */
	struct key weights_key; /* of the quantized weights alone: what evaluation depends on */
	struct quantized quantized;
	struct measurement *measurement;
	double bits_per_weight, seconds; /* seconds: that the solve of its scope took */
	char calibration_sha256[HASH_HEX];
	size_t calibration_tokens, calibration_sequences; /* as drawn; 0 without calibration */
	int scope[SCOPE_LAYERS_MAX], scope_count;         /* layers solved together */
	struct parked *parked;  /* set: quantized has its counts and bits alone, and its dequantized
				   weights lie on disk, whence an overlay reads them */
	_Atomic int references; /* private */
};

struct layer_result *layer_result_ref(struct layer_result *result);
void layer_result_unref(struct layer_result *result); /* NULL is fine */
/* Unref each of (count) and free the array; NULL is fine, so are NULLs in it. */
void layer_results_free(struct layer_result **results, size_t count);

/* Statistics with Gram matrices of every input in one pass, kept for the calls below. Those two
 * take what they find and compute what they miss; this one saves them a pass for each input. Does
 * nothing where neither memory nor disk could keep them: then a recipe takes them block by block.
 */
enum err engine_calibrate(struct engine *engine, const struct calibration_setting *calibration,
			  const struct work *work);

/* Quantize and measure one layer (and, for a scope of several, its fellows, which are kept too).
 * calibration->text "" or calibration NULL: without statistics. */
enum err engine_quantize(struct layer_result **out, struct engine *engine, int layer,
			 const struct layer_setting *setting,
			 const struct calibration_setting *calibration, const struct work *work);

/* Where the results of a whole model would not fit into memory, put one that is to be kept on disk:
 * *result gives way to one without its arrays. Else nothing happens. ERR_IO: the disk is full. */
enum err engine_park(struct layer_result **result, struct engine *engine, const struct work *work);

/* Forget a result by its key, in memory and on disk, so that it is computed again. Like the calls
 * that take `work`: one thread at a time. */
void engine_forget(struct engine *engine, struct key key);

/* What a recipe makes of every layer: settings is (model.layer_count), method NULL: kept. A method
 * whose scope is an input group, set on one member, is set on all of it but those that a later rule
 * speaks of: because[i] is then the layer that decided, else -1. `because` may be NULL. */
enum err engine_plan(struct layer_setting *settings, int *because, const struct engine *engine,
		     const struct recipe *recipe);

/* Every layer of a recipe; out is (model.layer_count), NULL where a layer is kept. Caller unrefs.
 */
enum err engine_apply(struct layer_result **out, struct engine *engine, const struct recipe *recipe,
		      const struct work *work);

/* Whose weights are asked about: the open model's with `results` in their place (as from
 * engine_apply), or another model's of the same shapes, or, with neither, the open one's own.
 * Borrowed. */
struct subject {
	struct layer_result *const *results;
	const struct model *model;
};

struct eval_setting {
	const char *text, *field;
	const struct protocol *protocol;
	size_t context, max_tokens; /* 0: the protocol's; all */
	bool weights_only;          /* leave out what methods do to activations */
};

struct eval_shape {
	size_t context, scored_per_window, windows;
	int32_t bos; /* -1: none */
};

/* `results` as from engine_apply, or NULL for the baseline alone. Incremental: see evaluator. */
enum err engine_evaluate(struct eval_result *out, struct engine *engine,
			 const struct eval_setting *setting, struct layer_result *const *results,
			 const struct work *work);
/* The same, and every token's loss in *losses, the caller's: see core/token_losses.h. */
enum err engine_evaluate_losses(struct eval_result *out, struct token_losses **losses,
				struct engine *engine, const struct eval_setting *setting,
				struct layer_result *const *results, const struct work *work);
enum err engine_eval_shape(struct eval_shape *out, struct engine *engine,
			   const struct eval_setting *setting);

/* The overlay that puts `results` in place (NULL where a layer is kept); `replacements` is
 * (model.layer_count) and, like the results, must outlive its use. */
struct overlay engine_overlay(struct replacement *replacements, const struct engine *engine,
			      struct layer_result *const *results);

struct engine_bits {
	double linear, model; /* per weight: the linear layers' matrices; everything */
	double bytes;         /* of everything */
};
struct engine_bits engine_bits(const struct engine *engine, struct layer_result *const *results);

/* Is this one of the matrices that recipes quantize by default? (Not embeddings, head, routers.) */
bool engine_is_linear(const struct engine *engine, int layer);

#endif
