/* torchao's ways to choose a grid (quantization/quant_primitives.py of torchao 0.18.0), each step
 * in the type that torchao computes it in. */
#include "quantizers/torchao.h"

#include <math.h>

/* The least scale: of int8 in any type, of other integers in its own, of mslk's int4 as a range. */
static const float least_int8 = 0x1p-23f, least_int4_range = 1e-6f;
static const float least_normal[] = { 0x1p-126f, 0x1p-14f, 0x1p-126f };

static float
rounded(const struct torchao *torchao, float x)
{
	return stepwise_round(x, torchao->type);
}

static bool
is_int8(const struct torchao *torchao)
{
	return torchao->variant == INT8WO || torchao->variant == INT8DYN;
}

/* Signed codes from `low` on; min <= 0 <= max. */
static float
signed_scale(const struct torchao *torchao, float min, float max)
{
	float low = -ldexpf(1.0f, torchao->bits - 1), high = -low - 1.0f, scale;

	if (torchao->mapping == ASYMMETRIC) {
		scale = rounded(torchao, max - min) / (high - low);
	} else if (torchao->mapping == SYMMETRIC) {
		scale = fmaxf(-min, max) / ((high - low) / 2.0f);
	} else {
		scale = fmaxf(rounded(torchao, min / low), rounded(torchao, max / high));
	}
	return fmaxf(rounded(torchao, scale),
		     is_int8(torchao) ? least_int8 : least_normal[torchao->type]);
}

/* In codes from 0 on. */
static float
signed_zero(const struct torchao *torchao, float min, float scale)
{
	float middle = ldexpf(1.0f, torchao->bits - 1), most = 2.0f * middle - 1.0f;

	if (torchao->mapping != ASYMMETRIC)
		return middle;
	return fmaxf(fminf(-rintf(rounded(torchao, min / scale)), most), 0.0f);
}

/* int8 has float32 scales, and so float32 arithmetic on weights of any type. */
static struct torchao_grid
signed_grid(const struct torchao *torchao, float min, float max, size_t group)
{
	enum float_type type = is_int8(torchao) ? FLOAT_32 : torchao->type;
	float low = fminf(min, 0.0f), high = fmaxf(max, 0.0f), scale, zero;

	scale = torchao->solved ? torchao->solved[group] : signed_scale(torchao, low, high);
	zero = signed_zero(torchao, low, scale);
	return (struct torchao_grid){
		.map = { .multiply = torchao->solved ? 1.0f : stepwise_round(1.0f / scale, type),
			 .divide = torchao->solved ? scale : 1.0f,
			 .zero = zero,
			 .most = ldexpf(1.0f, torchao->bits) - 1.0f,
			 .middle = zero,
			 .scale = torchao->solved ? rounded(torchao, scale) : scale,
			 .held = torchao->type,
			 .encode = torchao->solved ? FLOAT_32 : type,
			 .decode = torchao->type },
		.stored = torchao->solved ? rounded(torchao, scale) : scale,
		.zero = zero,
	};
}

/* What the three kinds of int4 share: zero is the weight that code 8 stands for. */
static struct torchao_grid
int4_grid(const struct torchao *torchao, float scale, float zero)
{
	scale = rounded(torchao, scale);
	zero = rounded(torchao, zero);
	return (struct torchao_grid){ .map = { .multiply = 1.0f,
					       .divide = 1.0f,
					       .most = 15.0f,
					       .middle = 8.0f,
					       .scale = scale,
					       .shift = zero,
					       .held = torchao->type,
					       .decode = torchao->type },
				      .stored = scale,
				      .zero = zero };
}

/* mslk's int4_row_quantize_zp, which the plain packing calls: float32 throughout. */
static struct torchao_grid
plain_grid(const struct torchao *torchao, float min, float max)
{
	float scale = fmaxf(max - min, least_int4_range) / 15.0f;
	struct torchao_grid grid = int4_grid(torchao, scale, min + scale * 8.0f);

	grid.map.add = -min;
	grid.map.divide = scale;
	return grid;
}

static struct torchao_grid
tinygemm_grid(const struct torchao *torchao, float min, float max)
{
	float scale = rounded(torchao, rounded(torchao, max - min) / 15.0f), half, zero;
	struct torchao_grid grid;

	scale = fmaxf(scale, least_normal[torchao->type]);
	half = rounded(torchao, scale * 8.0f);
	zero = rounded(torchao, min + half);
	grid = int4_grid(torchao, scale, zero);
	grid.map.add = -rounded(torchao, zero - half);
	grid.map.divide = scale;
	grid.map.encode = torchao->type;
	return grid;
}

static struct torchao_grid
hqq_grid(const struct torchao *torchao, size_t group)
{
	float inverse = torchao->solved[group], zero = torchao->solved_zeros[group];
	float scale = 1.0f / inverse;
	struct torchao_grid grid = int4_grid(torchao, scale, (8.0f - zero) * scale);

	grid.map.multiply = inverse;
	grid.map.after = zero;
	return grid;
}

struct torchao_grid
torchao_grid(const struct torchao *torchao, float min, float max, size_t group)
{
	min = rounded(torchao, min);
	max = rounded(torchao, max);
	if (torchao->variant != INT4WO)
		return signed_grid(torchao, min, max, group);
	if (torchao->rule == RULE_HQQ)
		return hqq_grid(torchao, group);
	return torchao->rule == RULE_TINYGEMM ? tinygemm_grid(torchao, min, max)
					      : plain_grid(torchao, min, max);
}

float
torchao_float8_scale(const struct torchao *torchao, float absmax)
{
	return rounded(torchao, rounded(torchao, absmax) / 448.0f);
}
