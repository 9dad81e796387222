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

enum err
moments_create(struct moments *out, size_t columns, bool gram)
{
	size_t tiles = (columns + TILE - 1) / TILE;

	*out = (struct moments){ .columns = columns, .tiles = tiles };
	if ((gram &&
	     !(out->gram = buf_alloc(tiles * (tiles + 1) / 2, TILE * TILE * sizeof(*out->gram)))) ||
	    !(out->sum_abs = buf_alloc(columns, sizeof(*out->sum_abs))) ||
	    !(out->sum_sq = buf_alloc(columns, sizeof(*out->sum_sq))) ||
	    !(out->max_abs = buf_alloc(columns, sizeof(*out->max_abs)))) {
		moments_free(out);
		return ERR_NOMEM;
	}
	return OK;
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
add_slab(struct moments *m, double *sum, const float *a, const float *b, size_t tokens,
	 const size_t counts[2])
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
		kernels->forward->add_to_double(sum + i * TILE, product + i * TILE, counts[1]);
}

static void
add_tile(struct moments *m, size_t index, const struct rows *rows)
{
	size_t row = 0, left = index, counts[2];
	const float *a, *b;

	while (left >= m->tiles - row)
		left -= m->tiles - row++;
	a = rows->x + row * TILE;
	b = rows->x + (row + left) * TILE;
	counts[0] = least(TILE, m->columns - row * TILE);
	counts[1] = least(TILE, m->columns - (row + left) * TILE);
	for (size_t s = 0; s < rows->sequences; s++)
		for (size_t t = rows->start[s]; t < rows->start[s + 1]; t += SLAB)
			add_slab(m, m->gram + index * TILE * TILE, a + t * m->columns,
				 b + t * m->columns, least(SLAB, rows->start[s + 1] - t), counts);
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

/* Both triangles from the tiles of one; the diagonal is the mean of squares, whose products were
 * exact. */
static void
spread_gram(struct statistics *s, const struct moments *m, double per_token)
{
	const double *tile = m->gram;

	for (size_t r = 0; r < m->columns; r += TILE)
		for (size_t c = r; c < m->columns; c += TILE, tile += TILE * TILE)
			for (size_t i = r; i < r + TILE && i < m->columns; i++)
				for (size_t j = c > i ? c : i; j < c + TILE && j < m->columns; j++)
					s->gram[i * m->columns + j] = s->gram[j * m->columns + i] =
						(float)(tile[(i - r) * TILE + j - c] * per_token);
	for (size_t i = 0; i < m->columns; i++)
		s->gram[i * m->columns + i] = s->mean_sq[i];
}

enum err
moments_finish(struct statistics **out, const struct moments *m)
{
	struct statistics *s = buf_alloc(1, sizeof(*s));
	double per_token = m->tokens ? 1.0 / (double)m->tokens : 0.0;

	*out = NULL;
	if (!s)
		return ERR_NOMEM;
	s->columns = m->columns;
	s->tokens = m->tokens;
	if (!(s->mean_abs = buf_alloc(m->columns, sizeof(float))) ||
	    !(s->mean_sq = buf_alloc(m->columns, sizeof(float))) ||
	    !(s->max_abs = buf_alloc(m->columns, sizeof(float))) ||
	    (m->gram && !(s->gram = buf_alloc(m->columns * m->columns, sizeof(float))))) {
		statistics_free(s);
		return ERR_NOMEM;
	}
	for (size_t i = 0; i < m->columns; i++) {
		s->mean_abs[i] = (float)(m->sum_abs[i] * per_token);
		s->mean_sq[i] = (float)(m->sum_sq[i] * per_token);
	}
	memcpy(s->max_abs, m->max_abs, m->columns * sizeof(float));
	if (m->gram)
		spread_gram(s, m, per_token);
	*out = s;
	return OK;
}
