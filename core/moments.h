#ifndef CORE_MOMENTS_H
#define CORE_MOMENTS_H

#include "core/statistics.h"
#include "core/work.h"

#include <stdbool.h>

/* Running sums over the rows of X for one input. The Gram matrix grows tile by tile (upper triangle
 * alone): products of at most SLAB rows in float32, their sums in double, in the order of the rows;
 * so it does not matter how tiles are shared out. The sums of one triangle take no less room than
 * the whole matrix in float32, and moments_finish turns them into it in place: a Gram matrix never
 * takes twice its memory. */
struct moments {
	size_t columns, tiles; /* tiles: in one direction */
	uint64_t tokens;
	double *gram; /* bands of tiles one after the other, or NULL: band b is (TILE rows, columns
			 - b TILE), from its diagonal on; the last one has the rows that remain */
	double *sum_abs, *sum_sq; /* (columns) */
	float *max_abs;
};

enum { MOMENTS_TILE = 128 };

enum err moments_create(struct moments *out, size_t columns, bool gram);
void moments_free(struct moments *moments); /* contents, not the struct */

/* Rows of X that have come in: sequences one after the other, whose bounds are slab bounds too. */
struct rows {
	const float *x;      /* (start[sequences], columns) */
	const size_t *start; /* (sequences + 1), start[0] = 0 */
	size_t sequences;
};

/* The parts that an addition falls into; each may be done by another thread. */
size_t moments_parts(const struct moments *moments);
void moments_add_part(struct moments *moments, size_t part, const struct rows *rows);
/* Once all parts of these rows are added. */
void moments_count(struct moments *moments, const struct rows *rows);

/* Divide by the tokens. The sums are used up, also on failure or a cancel. */
enum err moments_finish(struct statistics **out, struct moments *moments, const struct work *work);

/* Bytes of the sums, and in the end of the statistics, with a Gram matrix or without. */
size_t moments_bytes(size_t columns, bool gram);

#endif
