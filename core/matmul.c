#include "core/matmul.h"

#include "kernels/kernels.h"

/* One call to BLAS takes TOKENS x rows x columns. Measured: with 128 tokens the copies that BLAS
 * makes of the weights cost a tenth more; with 512 a call of 4096 columns would take too long to
 * cancel. */
enum { TOKENS = 256, ROWS = 1024, LONG_COLUMNS = 4096 };

struct tiling {
	const struct matmul *matmul;
	const struct kernels *kernels;
	size_t rows, row_tiles, tiles;
};

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static enum err
run_tile(void *arg, size_t index, int worker)
{
	const struct tiling *tiling = arg;
	const struct matmul *m = tiling->matmul;
	size_t token = index / tiling->row_tiles * TOKENS;
	size_t row = index % tiling->row_tiles * tiling->rows;

	(void)worker;
	tiling->kernels->gemm(&(struct gemm){
		.m = least(TOKENS, m->tokens - token),
		.n = least(tiling->rows, m->rows - row),
		.k = m->columns,
		.a = m->x + token * m->x_stride,
		.lda = m->x_stride,
		.b = m->weight + row * m->columns,
		.ldb = m->columns,
		.c = m->out + token * m->out_stride + row,
		.ldc = m->out_stride,
		.alpha = 1.0f,
		.beta = m->add ? 1.0f : 0.0f,
		.transpose_b = 1,
	});
	return OK;
}

enum err
matmul_run(const struct matmul *matmul, const struct work *work)
{
	struct tiling tiling = { .matmul = matmul, .kernels = kernels_current() };

	if (!matmul->tokens || !matmul->rows)
		return OK;
	tiling.rows = matmul->columns > LONG_COLUMNS ? ROWS / 4 : ROWS;
	tiling.row_tiles = (matmul->rows + tiling.rows - 1) / tiling.rows;
	tiling.tiles = (matmul->tokens + TOKENS - 1) / TOKENS * tiling.row_tiles;
	return work_each(work, tiling.tiles, run_tile, &tiling);
}
