#ifndef CORE_ATTENTION_H
#define CORE_ATTENTION_H

#include "core/work.h"

enum { ATTENTION_TILE = 128 }; /* queries that are scored at once */

/* Causal grouped-query attention of one tile of queries over all keys up to its end. Since a token
 * sees only what stands before it, a sequence is worked off tile by tile, and the scores of one
 * tile and head are all the memory it needs. */
struct attention {
	size_t heads, kv_heads, head_dim;
	size_t first, count; /* positions of the queries: [first, first + count) */
	const float *query;  /* (count, heads, head_dim) */
	const float *key;    /* (first + count or more, kv_heads, head_dim) */
	const float *value;  /* the same */
	float scale;         /* of query key' */
	float softcap;       /* scores become cap tanh(score / cap); 0: they stay */
	size_t window;       /* tokens seen, the query's own included; 0: all */
	const float *bias;   /* (heads, bias_stride) added to the scores by key, or NULL */
	size_t bias_stride;
	float *out;         /* (count, heads, head_dim) */
	float *scores;      /* scratch: scores_size floats for each worker */
	size_t scores_size; /* (first + count) times the count, or ATTENTION_TILE, at least */
	bool parallel;      /* heads side by side: `scores` holds one part for each worker */
};

enum err attention_run(const struct attention *attention, const struct work *work);

#endif
