#ifndef KERNELS_KERNELS_H
#define KERNELS_KERNELS_H

#include <stddef.h>
#include <stdint.h>

struct forward_kernels;

/* The arithmetic that everything above shares, behind one table chosen at start.
 *
 * Contract for every entry of every set but gemm:
 *  - results equal those of the generic set bit for bit, on any input;
 *  - sums keep 8 partials, element i in partial i % 8, folded by kernel_fold8;
 *  - NaN loses every comparison.
 * gemm is the BLAS of the machine, called on one thread: its bits depend on the core type and the
 * shape of the call, never on threads, so callers give it tiles whose shape does not depend on how
 * work is divided. */
struct gemm {
	size_t m, n, k;
	const float *a; /* (m, k), or (k, m) when transpose_a */
	size_t lda;
	const float *b; /* (k, n), or (n, k) when transpose_b */
	size_t ldb;
	float *c; /* (m, n) */
	size_t ldc;
	float alpha, beta; /* c = alpha a b + beta c */
	int transpose_a, transpose_b;
};

/* An affine grid: code = clamp(rint(w / scale) + zero, 0, most), w ~ (code - zero) scale. Ties go
 * to even; zero is a whole number. */
struct grid {
	float scale, zero, most;
};

/* Equal bins over [low, high). */
struct bins {
	float low, high, per_unit; /* per_unit: count / (high - low) */
	uint32_t count;
};

/* A grid of signed codes that is rounded to after its zero is added: with t = x / scale, or
 * x * scale when `multiplies`, q = rint(clamp(t + zero, low, high)), ties to even
 * or away from zero; the code is
 * q - low, and stands for (q - zero) step. */
struct affine {
	float scale, zero, low, high, step;
	int multiplies, ties_away;
};

/* An affine map in the order in which a toolkit computes it, where every step may be rounded to a
 * 16-bit type. With t = (x + add) * multiply / divide + after, code = clamp(rint(t) + zero, 0,
 * most), which stands for (code - middle) * scale + shift. A step that is not wanted adds 0 or
 * multiplies by 1.
 */
enum float_type { FLOAT_32, FLOAT_16, FLOAT_B16 };
struct stepwise {
	float add, multiply, divide, after, zero, most;
	float middle, scale, shift;
	enum float_type held;           /* what x is rounded to before anything else */
	enum float_type encode, decode; /* what each step of either is rounded to */
};

/* Points of the plane; half: half of each one's squared length. */
struct plane_grid {
	size_t count; /* 1 to 256 */
	const float *x, *y, *half;
};

/* One step of half-quadratic splitting on the zero point of a grid that is multiplied by: with
 * t = x * scale + zero, code = clamp(rint(t), 0, most), r = (code - zero) / scale, the error d = x
 * - r is shrunk to e = sign(d) max(|d| - |d|^norm / beta, 0), which is 0 for all |d| <= bound. */
struct zero_step {
	float scale, zero, most;
	float norm, beta, bound; /* norm: p - 1, of |d|^p */
};

/* The sums and sums of squares of t = x[r][c] column[c] row[r], product and product rounded to
 * float, over each row and each column of a matrix. Those of columns are added to what is there,
 * row by row. */
struct scaled_moments {
	const float *x; /* (rows, columns) */
	size_t rows, columns;
	const float *row, *column;           /* factors */
	double *row_sum, *row_squares;       /* (rows) */
	double *column_sum, *column_squares; /* (columns) */
};

/* A float of at most 8 bits: a sign, an exponent, a mantissa, in this order. */
struct minifloat {
	uint32_t bits, mantissa, bias; /* of the whole, of the mantissa; of the exponent */
	uint32_t most_code;            /* of the largest finite value */
	float most, least_normal;      /* the values */
	float step;                    /* between subnormals */
};

/* One column of a matrix that is stored column by column, each row on a grid of its own. */
struct column_step {
	size_t n;
	const float *scale, *zero; /* (n) */
	float most;
	float *w;       /* (n) in: to be quantized; out: what its code stands for */
	float *error;   /* (n) in: what to compare with; out: that minus the quantized */
	uint8_t *codes; /* (n) */
};

struct kernels {
	const char *name;
	float (*absmax)(const float *x, size_t n); /* 0 for n = 0 or all NaN */
	void (*minmax)(float *min, float *max, const float *x, size_t n); /* +inf, -inf for none */
	double (*dot)(const float *a, const float *b, size_t n);
	double (*sq_sum)(const float *x, size_t n);
	double (*abs_sum)(const float *x, size_t n);
	double (*sq_error)(const float *a, const float *b, size_t n);
	void (*axpy)(float *y, float alpha, const float *x, size_t n); /* y = fmaf(alpha, x, y) */
	void (*subtract)(float *out, const float *a, const float *b, size_t n); /* out = a - b */
	void (*multiply)(float *out, const float *a, const float *b, size_t n); /* out = a b */
	void (*add_squares)(double *sum, const float *x, size_t n); /* sum[i] += x[i]^2 */
	void (*gemm)(const struct gemm *g);

	/* Codes of n weights on one grid, and what they stand for unless `out` is NULL (it may be
	 * x). Returns how many weights lay beyond its ends. */
	size_t (*quantize)(uint8_t *codes, float *out, const float *x, size_t n, struct grid grid);
	size_t (*affine)(uint8_t *codes, float *out, const float *x, size_t n,
			 const struct affine *affine); /* likewise */
	size_t (*stepwise)(uint8_t *codes, float *out, const float *x, size_t n,
			   const struct stepwise *map);
	/* As affine, but with a grid for each weight, those at i of three arrays; low is 0. */
	size_t (*affine_each)(uint8_t *codes, const float *x, size_t n, const float *multiplier,
			      const float *zero, float most);
	void (*dequantize_each)(float *out, const uint8_t *codes, size_t n, const float *scale,
				const float *zero); /* (code - zero) scale */
	/* Returns the sum of |d|; *sum is that of code - (x - e) * scale, whose mean is the next
	 * zero. Terms in float32, sums in double. */
	double (*zero_step)(double *sum, const float *x, size_t n, const struct zero_step *step);
	void (*scaled_moments)(const struct scaled_moments *moments);
	size_t (*quantize_column)(const struct column_step *step);
	void (*dequantize)(float *out, const uint8_t *codes, size_t n, struct grid grid);
	/* Sum of |(x - q) unit|^norm, q on the grid; differences in float32, the sum in double. */
	double (*grid_error)(const float *x, size_t n, struct grid grid, float unit, float norm);
	/* min[i] = x[i] where that is less, max likewise. */
	void (*extend)(float *min, float *max, const float *x, size_t n);
	/* w[j stride + r] += factor[j] error[r], product and sum both rounded, for j < columns,
	 * r < n. */
	void (*eliminate)(float *w, size_t stride, size_t columns, const float *factor,
			  const float *error, size_t n);

	/* code = how many of the 15 ascending bounds lie below x * scale. */
	void (*lookup_encode)(uint8_t *codes, const float *x, size_t n, float scale,
			      const float bounds[15]);
	/* table[code] * scale, codes below 16. */
	void (*lookup_decode)(float *out, const uint8_t *codes, size_t n, float scale,
			      const float table[16]);

	/* The nearest of the points to each of n pairs (x[2 i], x[2 i + 1]), the first of equals:
	 * that with the greatest (x a + y b) - half. */
	void (*nearest_point)(uint8_t *codes, const float *x, size_t n,
			      const struct plane_grid *grid);
	/* In place, n a power of two: x[i] and x[i + h] become their sum and difference, for
	 * h = 1, 2, 4 and so on below n. */
	void (*hadamard)(float *x, size_t n);

	void (*divide)(float *out, const float *x, size_t n, float divisor); /* x / divisor */
	void (*scale)(float *out, const float *x, size_t n, float factor);   /* x factor */
	/* Rounded to 16-bit floats and back: nearest, ties to even, infinite beyond the range. */
	void (*round_f16)(float *out, const float *x, size_t n);
	void (*round_bf16)(float *out, const float *x, size_t n);
	/* The code of x * scale: nearest, ties to even, the largest finite value where it lies
	 * beyond (or is not a number). */
	void (*mini_encode)(uint8_t *codes, const float *x, size_t n, float scale,
			    const struct minifloat *format);
	/* Its value times scale, for codes of finite values. */
	void (*mini_decode)(float *out, const uint8_t *codes, size_t n, float scale,
			    const struct minifloat *format);

	/* The bin of each a - minus (or of a, when minus is NULL); bins.count, + 1, + 2 stand for
	 * below, above (high itself included) and not finite. */
	void (*bin)(uint32_t *index, const float *a, const float *minus, size_t n,
		    const struct bins *bins);
	int (*finite)(const float *x, size_t n); /* 1 when all are */

	const struct forward_kernels *forward; /* kernels/forward.h */
};

static inline double
kernel_fold8(const double s[8])
{
	return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
}

/* Every set this machine can run, generic first; ends with NULL. */
const struct kernels *const *kernels_available(void);

/* The table to use: generic overlaid with what this machine does better. `only` names one set, or
 * is NULL for the best; NULL is returned when this machine lacks it. Puts BLAS on one thread.
 * Call once, from main, before any thread starts; the table is constant afterwards. */
const struct kernels *kernels_select(const char *only);

/* The table chosen last by kernels_select; if none was, the one QSCOPE_KERNELS names, else the
 * best.
 */
const struct kernels *kernels_current(void);

/* "OpenBLAS 0.3.21 SkylakeX": library, version and core type in use. Borrowed, constant. */
const char *kernels_blas(void);

#endif
