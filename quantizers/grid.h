#ifndef QUANTIZERS_GRID_H
#define QUANTIZERS_GRID_H

#include "core/work.h"
#include "kernels/kernels.h"
#include "quantizers/param.h"
#include "quantizers/quantizer.h"

/* The affine grids that rtn, gptq and awq share, so that they differ only in what lies around them:
 *   symmetric:  s = 2 max|w| / (2^b - 1), z = 2^(b-1)
 *   asymmetric: min <= 0 <= max, s = (max - min) / (2^b - 1), z = round(-min / s)
 * and a range of zero gives s = 1. This is the grid of GPTQ (Frantar et al. 2022, their reference
 * code) and of compressed-tensors. */
/* AWQ's published grid differs: asymmetric takes min and max as they are, zero or not, and clamps z
 * to the grid; symmetric is s = max|w| / (2^(b-1) - 1). */
enum grid_rule { GRID_GPTQ, GRID_AWQ };
enum scale_dtype { SCALE_F32, SCALE_F16, SCALE_BF16 };
extern const char *const grid_scale_dtypes[];
float grid_narrow(float value, enum scale_dtype dtype); /* as it reads back (narrow.h) */

struct grid_setting {
	enum grid_rule rule;
	int bits;
	size_t width; /* columns in a group; 0: one grid for the whole tensor */
	bool symmetric;
	float norm; /* of the shrink search; 0: take the range as it is */
	enum scale_dtype scale_dtype;
};

/* What rtn, gptq and awq declare alike. */
#define GRID_PARAM_BITS                                                          \
	{                                                                        \
		.name = "bits", .type = PARAM_INT, .min = 2, .max = 8, .def = 4, \
		.help = "bits of one code"                                       \
	}
#define GRID_PARAM_GROUP_SIZE                                                                   \
	{                                                                                       \
		.name = "group_size", .type = PARAM_INT, .min = -1, .max = 1048576, .def = 128, \
		.help = "weights of a row that share a scale: -1 the whole row, 0 the tensor"   \
	}
#define GRID_PARAM_SYMMETRIC                                               \
	{                                                                  \
		.name = "symmetric", .type = PARAM_BOOL, .def = 0,         \
		.help = "grid centred on zero, without stored zero points" \
	}
#define GRID_PARAM_MSE                                                                           \
	{                                                                                        \
		.name = "mse", .type = PARAM_FLOAT, .min = 0, .max = 8, .def = 0,                \
		.help = "shrink each range to the least sum of |error|^mse; 0 is off, 2.4 usual" \
	}
#define GRID_PARAM_SCALE_DTYPE                                                             \
	{                                                                                  \
		.name = "scale_dtype", .type = PARAM_CHOICE, .choices = grid_scale_dtypes, \
		.help = "type that scales are stored in, rounded before use"               \
	}

struct grid_setting grid_setting(const struct quantizer *quantizer,
				 const struct param_values *params, size_t columns);

/* The `check` of a method whose group_size must divide the columns. */
enum err grid_check_group(double group_size, size_t columns);
/* The same of a group of `size` in `count` of what: "columns", "weights". */
enum err grid_check_divides(size_t size, size_t count, const char *what);

/* The grid of a range, which by GPTQ's rule contains zero. */
struct grid grid_from_range(const struct grid_setting *setting, float min, float max);

/* The grid of n weights side by side, the shrink search included. */
struct grid grid_fit(const struct kernels *kernels, const struct grid_setting *setting,
		     const float *x, size_t n);

/* The same of weights that lie in several places: `error` returns the sum for one candidate. */
struct grid_search {
	const struct grid_setting *setting;
	float min, max; /* contains zero */
	enum err (*error)(double *out, void *ctx, struct grid grid, float unit);
	void *ctx;
};
enum err grid_search(struct grid *out, const struct grid_search *search);

/* The grid of a whole layer, tile by tile over the workers. */
enum err grid_fit_layer(struct grid *out, const struct quant_task *task,
			const struct quant_layer *layer, const struct grid_setting *setting);

/* Allocate what such a method fills in: codes, dequantized, scales, zero points. */
enum err grid_alloc(struct quantized *out, const struct grid_setting *setting, size_t rows,
		    size_t columns);
void grid_store(struct quantized *out, size_t at, struct grid grid);

/* Bits of codes, scales and zero points, each row's codes and zero points padded to 32-bit words as
 * compressed-tensors and GPTQ store them. */
void grid_count_bits(struct quantized *out, const struct grid_setting *setting);

#endif
