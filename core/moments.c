#include "core/moments.h"

#include "core/buf.h"
#include "kernels/forward.h"
#include "kernels/kernels.h"

#include <string.h>

enum { TILE = MOMENTS_TILE, SLAB = 512 };

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Where a band begins, in values. */
static size_t
band_start(size_t columns, size_t band)
{
	return band ? TILE * (band * columns - TILE * (band * (band - 1) / 2)) : 0;
}

static size_t
band_values(size_t columns)
{
	size_t tiles = (columns + TILE - 1) / TILE, left = columns - (tiles - 1) * TILE;

	return band_start(columns, tiles - 1) + left * left;
}

enum err
moments_create(struct moments *out, size_t columns, bool gram)
{
	size_t tiles = (columns + TILE - 1) / TILE;

	*out = (struct moments){ .columns = columns, .tiles = tiles };
	if ((gram && !(out->gram = buf_alloc(band_values(columns), sizeof(*out->gram)))) ||
	    !(out->sum_abs = buf_alloc(columns, sizeof(*out->sum_abs))) ||
	    !(out->sum_sq = buf_alloc(columns, sizeof(*out->sum_sq))) ||
	    !(out->max_abs = buf_alloc(columns, sizeof(*out->max_abs)))) {
		moments_free(out);
		return ERR_NOMEM;
	}
	return OK;
}

size_t
moments_bytes(size_t columns, bool gram)
{
	return columns * 5 * sizeof(double) + (gram ? band_values(columns) * sizeof(double) : 0);
}

void
moments_free(struct moments *moments)
{
	buf_free(moments->gram);
	buf_free(moments->sum_abs);
	buf_free(moments->sum_sq);
	buf_free(moments->max_abs);
	*moments = (struct moments){ 0 };
}

/* Part t < tiles: the sums of columns [t TILE, ...). Then the tiles of the Gram matrix, row by row
 * from the diagonal on. */
size_t
moments_parts(const struct moments *moments)
{
	size_t tiles = moments->tiles;

	return tiles + (moments->gram ? tiles * (tiles + 1) / 2 : 0);
}

static void
add_columns(struct moments *m, size_t tile, const struct rows *rows)
{
	size_t first = tile * TILE, count = least(TILE, m->columns - first);

	for (size_t i = 0; i < rows->start[rows->sequences]; i++)
		kernels_current()->forward->column_moments(m->sum_abs + first, m->sum_sq + first,
							   m->max_abs + first,
							   rows->x + i * m->columns + first, count);
}

static void
add_slab(struct moments *m, double *sum, size_t stride, const float *a, const float *b,
	 size_t tokens, const size_t counts[2])
{
	const struct kernels *kernels = kernels_current();
	float product[TILE * TILE];

	kernels->gemm(&(struct gemm){ .m = counts[0],
				      .n = counts[1],
				      .k = tokens,
				      .a = a,
				      .lda = m->columns,
				      .b = b,
				      .ldb = m->columns,
				      .c = product,
				      .ldc = TILE,
				      .alpha = 1.0f,
				      .transpose_a = 1 });
	for (size_t i = 0; i < counts[0]; i++)
		kernels->forward->add_to_double(sum + i * stride, product + i * TILE, counts[1]);
}

static void
add_tile(struct moments *m, size_t index, const struct rows *rows)
{
	size_t band = 0, left = index, counts[2], stride;
	const float *a, *b;
	double *sum;

	while (left >= m->tiles - band)
		left -= m->tiles - band++;
	a = rows->x + band * TILE;
	b = rows->x + (band + left) * TILE;
	counts[0] = least(TILE, m->columns - band * TILE);
	counts[1] = least(TILE, m->columns - (band + left) * TILE);
	stride = m->columns - band * TILE;
	sum = m->gram + band_start(m->columns, band) + left * TILE;
	for (size_t s = 0; s < rows->sequences; s++)
		for (size_t t = rows->start[s]; t < rows->start[s + 1]; t += SLAB)
			add_slab(m, sum, stride, a + t * m->columns, b + t * m->columns,
				 least(SLAB, rows->start[s + 1] - t), counts);
}

void
moments_add_part(struct moments *moments, size_t part, const struct rows *rows)
{
	if (part < moments->tiles)
		add_columns(moments, part, rows);
	else
		add_tile(moments, part - moments->tiles, rows);
}

void
moments_count(struct moments *moments, const struct rows *rows)
{
	moments->tokens += rows->start[rows->sequences];
}

/* ---------------------------------------------------------------------- in place */

/* Doubles to floats, from the front on: what is written lies before what is still read. Through a
 * piece of its own, for the compiler takes the two for different memory. */
static enum err
narrow(char *bytes, size_t count, double per_token, const struct work *work)
{
	enum { PIECE = 256, LOOK = 1 << 12 }; /* a look at the cancel for each LOOK pieces */
	double from[PIECE];
	float to[PIECE];
	enum err code = OK;

	for (size_t at = 0, n; at < count && !code; at += n) {
		n = least(count - at, PIECE);
		if (at / PIECE % LOOK == 0)
			code = work_check(work);
		memcpy(from, bytes + at * sizeof(double), n * sizeof(double));
		for (size_t i = 0; i < n; i++)
			to[i] = (float)(from[i] * per_token);
		memcpy(bytes + at * sizeof(float), to, n * sizeof(float));
	}
	return code;
}

/* The bands of floats to whole rows of the matrix, the last band first: row i of band b goes to
 * where the row lies in the square, which is behind all bands before b. */
static enum err
spread_bands(float *gram, size_t columns, float *band_copy, const struct work *work)
{
	enum err code = OK;

	for (size_t band = (columns + TILE - 1) / TILE; band-- > 0 && !code;) {
		size_t first = band * TILE, width = columns - first;
		size_t rows = least(TILE, width);

		memcpy(band_copy, gram + band_start(columns, band), rows * width * sizeof(*gram));
		for (size_t i = 0; i < rows; i++)
			memcpy(gram + (first + i) * columns + first, band_copy + i * width,
			       width * sizeof(*gram));
		code = work_check(work);
	}
	return code;
}

/* The diagonal is the mean of squares, whose products were exact. */
static enum err
finish_gram(struct statistics *s, struct moments *m, double per_token, const struct work *work)
{
	float *copy = buf_alloc_dirty(least(TILE, m->columns), m->columns * sizeof(*copy));
	enum err code = copy ? narrow((char *)m->gram, band_values(m->columns), per_token, work)
			     : ERR_NOMEM;

	s->gram = (float *)m->gram;
	m->gram = NULL;
	if (!code)
		code = spread_bands(s->gram, m->columns, copy, work);
	if (!code)
		code = statistics_mirror(s->gram, m->columns, work);
	for (size_t i = 0; i < m->columns && !code; i++)
		s->gram[i * m->columns + i] = s->mean_sq[i];
	buf_free(copy);
	return code;
}

static enum err
finish(struct statistics *s, struct moments *m, const struct work *work)
{
	double per_token = m->tokens ? 1.0 / (double)m->tokens : 0.0;

	s->columns = m->columns;
	s->tokens = m->tokens;
	if (!(s->mean_abs = buf_alloc(m->columns, sizeof(float))) ||
	    !(s->mean_sq = buf_alloc(m->columns, sizeof(float))) ||
	    !(s->max_abs = buf_alloc(m->columns, sizeof(float))))
		return ERR_NOMEM;
	for (size_t i = 0; i < m->columns; i++) {
		s->mean_abs[i] = (float)(m->sum_abs[i] * per_token);
		s->mean_sq[i] = (float)(m->sum_sq[i] * per_token);
	}
	memcpy(s->max_abs, m->max_abs, m->columns * sizeof(float));
	return m->gram ? finish_gram(s, m, per_token, work) : OK;
}

enum err
moments_finish(struct statistics **out, struct moments *m, const struct work *work)
{
	struct statistics *s = buf_alloc(1, sizeof(*s));
	enum err code = s ? finish(s, m, work) : ERR_NOMEM;

	*out = code ? NULL : s;
	if (code)
		statistics_free(s);
	moments_free(m);
	return code;
}
