/* A left-looking blocked Cholesky factorization. For each block row: every tile of it takes the
 * products of the rows above in one long gemm, the diagonal tile is factorized, the others are
 * solved against it. Tiles of one row are independent. */
#include "quantizers/linalg.h"

#include <cblas.h>
#include <lapacke.h>

enum { BLOCK = 128, TILE_COLUMNS = 256 };

struct block_row {
	const struct cholesky *c;
	size_t first, rows; /* the block row */
};

static size_t
tile_count(const struct block_row *row)
{
	return (row->c->n - row->first + TILE_COLUMNS - 1) / TILE_COLUMNS;
}

/* The columns of one tile; tiles start at the diagonal. */
static size_t
tile_columns(size_t *columns, const struct block_row *row, size_t tile)
{
	size_t at = row->first + tile * TILE_COLUMNS;

	*columns = row->c->n - at < TILE_COLUMNS ? row->c->n - at : TILE_COLUMNS;
	return at;
}

static enum err
subtract_above(void *arg, size_t tile, int worker)
{
	const struct block_row *row = arg;
	size_t columns, at = tile_columns(&columns, row, tile), ld = row->c->ld;
	float *a = row->c->a;
	struct gemm g = { .m = row->rows,
			  .n = columns,
			  .k = row->first,
			  .a = a + row->first,
			  .lda = ld,
			  .transpose_a = 1,
			  .b = a + at,
			  .ldb = ld,
			  .c = a + row->first * ld + at,
			  .ldc = ld,
			  .alpha = -1.0f,
			  .beta = 1.0f };

	(void)worker;
	row->c->kernels->gemm(&g);
	return OK;
}

/* The upper triangle by rows is the lower one by columns, which LAPACK takes as it is. */
static bool
factorize_diagonal(const struct block_row *row)
{
	float *diagonal = row->c->a + row->first * (row->c->ld + 1);

	return LAPACKE_spotrf_work(LAPACK_COL_MAJOR, 'L', (lapack_int)row->rows, diagonal,
				   (lapack_int)row->c->ld) == 0;
}

static enum err
solve_tile(void *arg, size_t tile, int worker)
{
	const struct block_row *row = arg;
	size_t columns, at = tile_columns(&columns, row, tile), ld = row->c->ld;
	size_t skip = tile ? 0 : row->rows;

	(void)worker;
	if (columns > skip)
		cblas_strsm(CblasRowMajor, CblasLeft, CblasUpper, CblasTrans, CblasNonUnit,
			    (blasint)row->rows, (blasint)(columns - skip), 1.0f,
			    row->c->a + row->first * (ld + 1), (blasint)ld,
			    row->c->a + row->first * ld + at + skip, (blasint)ld);
	return OK;
}

static uint64_t
row_cost(size_t n, size_t first)
{
	uint64_t rows = n - first < BLOCK ? n - first : BLOCK;

	return rows * (first + rows / 2) * (n - first) / LINALG_UNIT;
}

uint64_t
linalg_cholesky_cost(size_t n)
{
	uint64_t cost = 0;

	for (size_t first = 0; first < n; first += BLOCK)
		cost += row_cost(n, first);
	return cost;
}

enum err
linalg_cholesky(bool *positive, const struct cholesky *c)
{
	enum err code = OK;

	*positive = true;
	for (size_t first = 0; first < c->n && !code && *positive; first += BLOCK) {
		struct block_row row = { c, first, c->n - first < BLOCK ? c->n - first : BLOCK };

		if (first)
			code = work_each(c->work, tile_count(&row), subtract_above, &row);
		if (!code)
			*positive = factorize_diagonal(&row);
		if (!code && *positive)
			code = work_each(c->work, tile_count(&row), solve_tile, &row);
		if (!code)
			work_advance(c->work, row_cost(c->n, first));
	}
	return code;
}

void
linalg_solve_unit(const struct unit_solve *s)
{
	cblas_strsm(CblasRowMajor, CblasLeft, CblasUpper, CblasNoTrans, CblasUnit, (blasint)s->n,
		    (blasint)s->columns, 1.0f, s->a, (blasint)s->lda, s->b, (blasint)s->ldb);
}
