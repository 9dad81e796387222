#include "quantizers/mx.h"

#include "quantizers/rows.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char *const mx_exponents[] = { "even", "floor", "mse", NULL };

enum { CODE_MAX = 254 }; /* 255 is NaN */

/* The biased exponent of m, clamped to what E8M0 holds. */
static int
exponent_code(float most, const struct mx *mx)
{
	uint32_t bits;
	int code;

	memcpy(&bits, &most, sizeof(bits));
	/* Half of the one bit of mantissa that is kept carries from 1.75 on. */
	code = (int)((mx->exponent == MX_EVEN ? bits + (1u << 21) : bits) >> 23) - mx->offset;
	return code < 0 ? 0 : code > CODE_MAX ? CODE_MAX : code;
}

static void
round_at(uint8_t *codes, float *out, const float *x, size_t n, const struct minifloat *format,
	 int code)
{
	const struct kernels *kernels = kernels_current();

	kernels->mini_encode(codes, x, n, ldexpf(1.0f, 127 - code), format);
	kernels->mini_decode(out, codes, n, ldexpf(1.0f, code - 127), format);
}

/* The floor's exponent, or a neighbour that is strictly better. */
static int
search(const float *x, size_t n, const struct mx *mx, int floor)
{
	static const int steps[] = { 0, 1, -1 };
	double least = INFINITY;
	int best = floor;

	for (size_t i = 0; i < 3; i++) {
		int code = floor + steps[i];
		uint8_t codes[MX_BLOCK];
		float out[MX_BLOCK];
		double error;

		if (code < 0 || code > CODE_MAX)
			continue;
		round_at(codes, out, x, n, mx->format, code);
		error = kernels_current()->sq_error(x, out, n);
		if (error < least) {
			least = error;
			best = code;
		}
	}
	return best;
}

/* Those that lie at least half a step beyond the largest value. */
static size_t
count_beyond(const float *x, size_t n, const struct minifloat *format, int code)
{
	float most = format->most,
	      step = most - minifloat_decode(format, (uint8_t)(format->most_code - 1));
	float limit = ldexpf(most + 0.5f * step, code - 127);
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += fabsf(x[i]) >= limit;
	return count;
}

uint8_t
mx_round(uint8_t *codes, float *out, const float *x, size_t n, const struct mx *mx, size_t *clipped)
{
	float most = kernels_current()->absmax(x, n);
	int code = exponent_code(most, mx);

	if (mx->exponent == MX_MSE)
		code = search(x, n, mx, code);
	if (most > ldexpf(mx->format->most, code - 127))
		*clipped += count_beyond(x, n, mx->format, code);
	round_at(codes, out, x, n, mx->format, code);
	return (uint8_t)code;
}

static size_t
quantize(const struct rows *rows, size_t first, size_t count)
{
	const struct mx *mx = rows->scheme;
	size_t columns = rows->layer->columns, blocks = rows->out->group_count, clipped = 0;

	for (size_t r = first; r < first + count; r++)
		for (size_t c = 0; c < columns; c += MX_BLOCK) {
			size_t at = r * columns + c;
			uint8_t code = mx_round(rows->out->codes + at, rows->out->dequantized + at,
						rows->layer->weight + at,
						columns - c < MX_BLOCK ? columns - c : MX_BLOCK, mx,
						&clipped);

			rows->out->scales[r * blocks + c / MX_BLOCK] = minifloat_e8m0_decode(code);
		}
	return clipped;
}

enum err
mx_solve(struct quantized *out, const struct quant_task *task, const struct mx *mx)
{
	const struct quant_layer *layer = &task->layers[0];
	struct mx copy = *mx;
	struct rows rows = { task, layer, out, 1, quantize, &copy };
	size_t blocks = (layer->columns + MX_BLOCK - 1) / MX_BLOCK;
	enum err code = rows_alloc(out, layer, layer->rows * blocks, false);
	double bits = mx->format->bits;

	out->group_count = blocks;
	if (!code)
		code = rows_run(&rows);
	out->part_bits[PART_CODES] = bits * (double)layer->rows * (double)layer->columns;
	if (layer->columns % 2 && bits < 8.0)
		out->part_bits[PART_PADDING] = bits * (double)layer->rows;
	out->part_bits[PART_SCALES] = 8.0 * (double)out->scale_count;
	if (layer->columns % MX_BLOCK)
		snprintf(out->note, sizeof(out->note),
			 "%zu columns are no whole number of blocks of 32: the last block of each "
			 "row is shorter here, and compressed-tensors refuses such a layer",
			 layer->columns);
	return code;
}
