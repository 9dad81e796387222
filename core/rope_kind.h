#ifndef CORE_ROPE_KIND_H
#define CORE_ROPE_KIND_H

#include "core/err.h"
#include "core/shape.h"

struct json;
struct json_document;

/* One kind of RoPE scaling: how its numbers are read and what frequencies they give. One file in
 * core/ropes/ and one line in ropes.def each. Frequencies are float32 at each step, as
 * transformers computes them (modeling_rope_utils.py). */
struct rope_kind {
	const char *names; /* "rope_type" or "type" in configs, parted by '|' */
	bool by_length;    /* frequencies depend on how long the sequence is, */
	bool grows;        /* which may be longer than the context */
	/* The kind's own keys in `object`; context, original_context and theta are set. Optional.
	 */
	enum err (*read)(struct rope_numbers *numbers, const struct json_document *document,
			 const struct json *object, size_t rotary_dim);
	/* frequency (rotary_dim / 2) for a sequence of `length` tokens. */
	void (*frequencies)(float *frequency, const struct rope_numbers *numbers, size_t rotary_dim,
			    size_t length);
};

#define ROPE(name) extern const struct rope_kind rope_##name;
#include "core/ropes.def"
#undef ROPE

extern const struct rope_kind *const rope_kinds[]; /* ends with NULL */

/* RoPE without scaling. */
void rope_set_plain(struct rope_setting *out, double theta, size_t context);

/* theta^(2i / rotary_dim), the period of pair i over 2 pi. */
float rope_period(double theta, size_t pair, size_t rotary_dim);

/* For `read`: a number that must be there. */
enum err rope_need(double *out, const struct json_document *document, const struct json *object,
		   const char *key, double min, double max);

/* For `read`: a list of `count` factors above 0. */
enum err rope_read_factors(double *out, const struct json_document *document,
			   const struct json *object, const char *key, size_t count);

#endif
