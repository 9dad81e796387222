/* eetq: int8 with one float16 scale for each row, s = max|w| / 128, q = w / s rounded half away
 * from zero and clamped to [-128, 127]. EETQ takes it from FasterTransformer (symmetric_quantize in
 * cutlass_preprocessors.cc); codes are rounded with the scale in float32 and restored with the
 * stored float16. Its code runs on NVIDIA GPUs alone, so no CPU peer has verified this. */
#include "quantizers/narrow.h"
#include "quantizers/rows.h"

static const struct param params[] = { { 0 } };

static size_t
quantize(const struct rows *rows, size_t first, size_t count)
{
	size_t columns = rows->layer->columns, clipped = 0;

	for (size_t r = first; r < first + count; r++) {
		const float *w = rows->layer->weight + r * columns;
		float scale = rows->task->kernels->absmax(w, columns) * (1.0f / 128.0f);
		struct affine grid = { .scale = scale > 0.0f ? scale : 1.0f,
				       .low = -128.0f,
				       .high = 127.0f,
				       .step = narrow_f16(scale),
				       .ties_away = 1 };

		rows->out->scales[r] = grid.step;
		clipped += rows_affine(rows, r, w, &grid);
	}
	return clipped;
}

static enum err
solve(struct quantized *out, const struct quant_task *task)
{
	const struct quant_layer *layer = &task->layers[0];
	struct rows rows = { task, layer, out, 1, quantize, NULL };
	enum err code = rows_alloc(out, layer, layer->rows, false);

	out->group_count = 1;
	if (!code)
		code = rows_run(&rows);
	out->part_bits[PART_CODES] = 8.0 * (double)layer->rows * (double)layer->columns;
	out->part_bits[PART_SCALES] = 16.0 * (double)layer->rows;
	return code;
}

const struct quantizer quantizer_eetq = {
	.name = "eetq",
	.family = "rounding",
	.summary = "int8 by row over a range of 128 steps; unverified by any CPU peer",
	.paper = "NetEase-FuXi, EETQ; NVIDIA FasterTransformer's symmetric_quantize",
	.repository = "https://github.com/NetEase-FuXi/EETQ",
	.version = "1.0.0; the formula, unverified by any CPU peer",
	.scope = SCOPE_LINEAR,
	.method_version = 1,
	.params = params,
	.facts = {
		.calibration = "none",
		.bits = "8",
		.groups = "each row",
		.fine_tuning = "yes: adapters on top with PEFT",
		.formats = "eetq of transformers, in a layout that depends on the GPU's generation",
		.kernels = "NVIDIA GPUs from compute capability 7.0 on; nothing else",
		.loss = "negligible, by its authors",
		.sources = "transformers' EETQ page and quantization overview; unverified by any CPU peer",
	},
	.solve = solve,
};
