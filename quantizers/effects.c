/* Effects on activations that depend on nothing but the activations. */
#include "quantizers/effects.h"

#include "kernels/kernels.h"
#include "quantizers/minifloat.h"
#include "quantizers/mx.h"

#include <math.h>
#include <string.h>

const char *const effects_int8[] = { "none", "int8_token", NULL };

enum { CHUNK = 1024, FP8_BLOCK = 128, BATCH = 256 };

/* x = what int8 codes of it stand for, chunk by chunk. */
static void
round_int8(float *x, size_t n, const struct affine *grid)
{
	uint8_t codes[CHUNK];

	for (size_t at = 0; at < n; at += CHUNK)
		kernels_current()->affine(codes, x + at, x + at, n - at < CHUNK ? n - at : CHUNK,
					  grid);
}

/* Dynamic symmetric int8: s = max |x| / 127 for each token, x = clamp(rint(x / s), -127, 127) s. A
 * token of zeros stays as it is. */
static void
int8_token(const struct activation_effect *effect, float *x, size_t tokens, size_t columns)
{
	(void)effect;
	for (size_t token = 0; token < tokens; token++, x += columns) {
		float scale = kernels_current()->absmax(x, columns) / 127.0f;
		struct affine grid = {
			.scale = scale, .low = -127.0f, .high = 127.0f, .step = scale
		};

		if (scale > 0.0f)
			round_int8(x, columns, &grid);
	}
}

/* compressed-tensors' dynamic tokens: the whole range, s = max |x| / 127.5, -128 to 127. */
static void
int8_range(const struct activation_effect *effect, float *x, size_t tokens, size_t columns)
{
	(void)effect;
	for (size_t token = 0; token < tokens; token++, x += columns) {
		float scale = kernels_current()->absmax(x, columns) / 127.5f;
		struct affine grid = {
			.scale = scale, .low = -128.0f, .high = 127.0f, .step = scale
		};

		if (scale > 0.0f)
			round_int8(x, columns, &grid);
	}
}

/* apply_srq of transformers' gemma integration: one step for all, known before. */
static void
int8_static(const struct activation_effect *effect, float *x, size_t tokens, size_t columns)
{
	struct affine grid = {
		.scale = effect->level, .low = -128.0f, .high = 127.0f, .step = effect->level
	};

	if (effect->level > 0.0f)
		round_int8(x, tokens * columns, &grid);
}

/* ActQuant of transformers' bitnet integration: x = clamp(rint(x s), -128, 127) / s with
 * s = 127 / max(max |x|, 1e-5), a number
 * over a tensor, which torch computes as a reciprocal times the number. */
static void
int8_bitnet(const struct activation_effect *effect, float *x, size_t tokens, size_t columns)
{
	const struct kernels *kernels = kernels_current();

	(void)effect;
	for (size_t token = 0; token < tokens; token++, x += columns) {
		float scale = 1.0f / fmaxf(kernels->absmax(x, columns), 1e-5f) * 127.0f;
		struct affine grid = { .scale = scale,
				       .low = -128.0f,
				       .high = 127.0f,
				       .step = 1.0f,
				       .multiplies = 1 };

		round_int8(x, columns, &grid);
		kernels->divide(x, x, columns, scale);
	}
}

/* LLM.int8 over a batch of tokens. Entries at or beyond the level are no part of a token's maximum;
 * the other entries of an outlier column are, as in the reference. */
struct split {
	float *x;
	size_t tokens, columns;
	float level;
	float most[BATCH]; /* (tokens) */
};

static void
find_maxima(struct split *split)
{
	for (size_t token = 0; token < split->tokens; token++) {
		const float *x = split->x + token * split->columns;
		float most = 0.0f;

		for (size_t c = 0; c < split->columns; c++)
			if (fabsf(x[c]) < split->level && fabsf(x[c]) > most)
				most = fabsf(x[c]);
		split->most[token] = most;
	}
}

static void
mark_outliers(uint8_t *marks, const struct split *split, size_t first, size_t n)
{
	memset(marks, 0, n);
	for (size_t token = 0; token < split->tokens; token++)
		for (size_t i = 0; i < n; i++)
			marks[i] |=
				fabsf(split->x[token * split->columns + first + i]) >= split->level;
}

/* n columns from `first` on: those without a mark become int8. */
static void
split_columns(const struct split *split, size_t first, size_t n)
{
	uint8_t marks[CHUNK], codes[CHUNK];
	float rounded[CHUNK];

	mark_outliers(marks, split, first, n);
	for (size_t token = 0; token < split->tokens; token++) {
		float *x = split->x + token * split->columns + first, most = split->most[token];
		struct affine grid = { 1.0f / most * 127.0f, 0.0f, -127.0f, 127.0f, most, 1, 0 };

		memset(rounded, 0, n * sizeof(*rounded));
		if (most > 0.0f)
			kernels_current()->affine(codes, rounded, x, n, &grid);
		for (size_t i = 0; i < n; i++)
			x[i] = marks[i] ? x[i] : rounded[i] * (1.0f / 127.0f);
	}
}

/* A level of 0 splits nothing off: all is int8. */
static void
int8_split(const struct activation_effect *effect, float *x, size_t tokens, size_t columns)
{
	struct split split = { .columns = columns,
			       .level = effect->level > 0.0f ? effect->level : INFINITY };

	kernels_current()->round_f16(x, x, tokens * columns);
	for (size_t at = 0; at < tokens; at += BATCH) {
		split.x = x + at * columns;
		split.tokens = tokens - at < BATCH ? tokens - at : BATCH;
		find_maxima(&split);
		for (size_t c = 0; c < columns; c += CHUNK)
			split_columns(&split, c, columns - c < CHUNK ? columns - c : CHUNK);
	}
}

/* n entries that share a scale: e4m3 of x / s, times s. */
static void
round_fp8(float *x, size_t n, float scale)
{
	const struct kernels *kernels = kernels_current();
	uint8_t codes[CHUNK];

	for (size_t at = 0; at < n && scale > 0.0f; at += CHUNK) {
		size_t count = n - at < CHUNK ? n - at : CHUNK;

		kernels->divide(x + at, x + at, count, scale);
		kernels->mini_encode(codes, x + at, count, 1.0f, &minifloat_e4m3fn);
		kernels->mini_decode(x + at, codes, count, scale, &minifloat_e4m3fn);
	}
}

/* Dynamic e4m3: s = max |x| / 448 of each token; with a level, of at most that (fbgemm's
 * activation_scale_ub), and what lies beyond saturates. */
static void
fp8_token(const struct activation_effect *effect, float *x, size_t tokens, size_t columns)
{
	for (size_t token = 0; token < tokens; token++, x += columns) {
		float most = kernels_current()->absmax(x, columns);

		if (effect->level > 0.0f && most > effect->level)
			most = effect->level;
		round_fp8(x, columns, most / minifloat_e4m3fn.most);
	}
}

/* The same of each FP8_BLOCK columns of a token (DeepSeek-V3, transformers' fine-grained fp8). */
static void
fp8_block(const struct activation_effect *effect, float *x, size_t tokens, size_t columns)
{
	(void)effect;
	for (size_t token = 0; token < tokens; token++, x += columns)
		for (size_t c = 0; c < columns; c += FP8_BLOCK) {
			size_t n = columns - c < FP8_BLOCK ? columns - c : FP8_BLOCK;

			round_fp8(x + c, n,
				  kernels_current()->absmax(x + c, n) / minifloat_e4m3fn.most);
		}
}

/* Int8Tensor of torchao: s = max |x| / 127.5 over n entries, at least 2^-23. */
static void
round_torchao(float *x, size_t n)
{
	float scale = fmaxf(kernels_current()->absmax(x, n) / 127.5f, 0x1p-23f);
	struct affine grid = { .scale = 1.0f / scale,
			       .low = -128.0f,
			       .high = 127.0f,
			       .step = scale,
			       .multiplies = 1 };

	round_int8(x, n, &grid);
}

static void
int8_torchao(const struct activation_effect *effect, float *x, size_t tokens, size_t columns)
{
	(void)effect;
	for (size_t token = 0; token < tokens; token++)
		round_torchao(x + token * columns, columns);
}

static void
int8_torchao_tensor(const struct activation_effect *effect, float *x, size_t tokens, size_t columns)
{
	(void)effect;
	round_torchao(x, tokens * columns);
}

/* torchao's asymmetric int8: the zero point is rounded, then added to what is rounded. */
static void
int8_torchao_affine(const struct activation_effect *effect, float *x, size_t tokens, size_t columns)
{
	uint8_t codes[CHUNK];

	(void)effect;
	for (size_t token = 0; token < tokens; token++, x += columns) {
		struct stepwise map = { .divide = 1.0f, .most = 255.0f };
		float min, max;

		kernels_current()->minmax(&min, &max, x, columns);
		min = fminf(min, 0.0f);
		map.scale = fmaxf((fmaxf(max, 0.0f) - min) / 255.0f, 0x1p-126f);
		map.multiply = 1.0f / map.scale;
		map.zero = map.middle = fmaxf(fminf(-rintf(min / map.scale), 255.0f), 0.0f);
		for (size_t at = 0; at < columns; at += CHUNK)
			kernels_current()->stepwise(codes, x + at, x + at,
						    columns - at < CHUNK ? columns - at : CHUNK,
						    &map);
	}
}

static void
fp8_tensor(const struct activation_effect *effect, float *x, size_t tokens, size_t columns)
{
	(void)effect;
	round_fp8(x, tokens * columns,
		  kernels_current()->absmax(x, tokens * columns) / minifloat_e4m3fn.most);
}

/* Each 32 columns of a token as compressed-tensors' dynamic MX activations. */
static void
round_mx(float *x, size_t tokens, size_t columns, const struct mx *mx)
{
	uint8_t codes[MX_BLOCK];
	size_t clipped = 0;

	for (size_t token = 0; token < tokens; token++, x += columns)
		for (size_t c = 0; c < columns; c += MX_BLOCK)
			mx_round(codes, x + c, x + c,
				 columns - c < MX_BLOCK ? columns - c : MX_BLOCK, mx, &clipped);
}

static void
mxfp4(const struct activation_effect *effect, float *x, size_t tokens, size_t columns)
{
	(void)effect;
	round_mx(x, tokens, columns, &(struct mx){ &minifloat_e2m1, 2, MX_EVEN });
}

static void
mxfp8(const struct activation_effect *effect, float *x, size_t tokens, size_t columns)
{
	(void)effect;
	round_mx(x, tokens, columns, &(struct mx){ &minifloat_e4m3fn, 8, MX_EVEN });
}

static const struct activation_effect effects[] = {
	{ .name = "int8_token", .apply = int8_token },
	{ .name = "int8_range", .apply = int8_range },
	{ .name = "int8_static", .apply = int8_static },
	{ .name = "int8_torchao", .apply = int8_torchao },
	{ .name = "int8_torchao_tensor", .apply = int8_torchao_tensor },
	{ .name = "int8_torchao_affine", .apply = int8_torchao_affine },
	{ .name = "fp8_tensor", .apply = fp8_tensor },
	{ .name = "int8_bitnet", .apply = int8_bitnet },
	{ .name = "int8_split", .apply = int8_split },
	{ .name = "fp8_token", .apply = fp8_token },
	{ .name = "fp8_block", .apply = fp8_block },
	{ .name = "mxfp4", .apply = mxfp4 },
	{ .name = "mxfp8", .apply = mxfp8 },
};

const struct activation_effect *
effects_find(const char *name)
{
	for (size_t i = 0; i < sizeof(effects) / sizeof(effects[0]); i++)
		if (!strcmp(effects[i].name, name))
			return &effects[i];
	return NULL;
}
