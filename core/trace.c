/* Twice what lies left of each diagonal block of H and once the block itself. */
#include "core/trace.h"

void
trace_rows(double *out, const struct trace *t)
{
	for (size_t r = 0; r < t->rows; r++)
		out[r] = 0.0;
	for (size_t first = 0; first < t->n && !work_cancelled(t->work); first += TRACE_COLUMNS) {
		size_t n = t->n - first < TRACE_COLUMNS ? t->n - first : TRACE_COLUMNS;
		struct gemm g = { .m = t->rows,
				  .n = n,
				  .k = first,
				  .a = t->x,
				  .lda = t->ldx,
				  .b = t->h + first,
				  .ldb = t->ldh,
				  .c = t->product,
				  .ldc = TRACE_COLUMNS,
				  .alpha = 2.0f };

		if (first)
			t->kernels->gemm(&g);
		g.a = t->x + first;
		g.b += first * t->ldh;
		g.k = n;
		g.alpha = 1.0f;
		g.beta = first ? 1.0f : 0.0f;
		t->kernels->gemm(&g);
		for (size_t r = 0; r < t->rows; r++)
			out[r] += t->kernels->dot(t->product + r * TRACE_COLUMNS,
						  t->x + r * t->ldx + first, n);
	}
}
