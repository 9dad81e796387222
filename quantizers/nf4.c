/* NF4: 4-bit codes of a fixed 16-entry map over blocks of the flattened tensor (Dettmers et al.
 * 2023, arXiv 2305.14314), bit for bit as bitsandbytes makes them on the CPU. */
#include "quantizers/nf4.h"

#include "core/buf.h"
#include "quantizers/quantizer.h"

#include <math.h>
#include <string.h>

static const double block_sizes[] = { 32, 64, 128, 256, 512, 1024, 2048, 4096 };

static const struct param params[] = {
	{ .name = "block_size",
	  .type = PARAM_INT,
	  .min = 32,
	  .max = 4096,
	  .def = 64,
	  .values = block_sizes,
	  .value_count = sizeof(block_sizes) / sizeof(block_sizes[0]),
	  .help = "weights that share an absolute maximum, across row ends" },
	{ .name = "double_quant",
	  .type = PARAM_BOOL,
	  .def = 0,
	  .help = "store the absolute maxima in 8 bits, in blocks of 256" },
	{ 0 },
};

/* TILE weights are a whole number of blocks of any size. */
enum { TILE = 1 << 18, NESTED_BLOCK = NF4_NESTED_BLOCK };

/* A block of zeros divides by this instead. */
static const float least_absmax = 1e-38f;

struct nf4 {
	const struct quant_task *task;
	const struct quant_layer *layer;
	struct quantized *out;
	size_t weights, block_size, blocks;
	float bounds[15];
};

static void
bounds_fill(float bounds[15])
{
	for (int i = 0; i < 15; i++)
		bounds[i] = 0.5f * (nf4_map[i] + nf4_map[i + 1]);
}

/* Full blocks multiply by the reciprocal; the partial last one divides, and its stored maximum is
 * never zero: so the reference does. */
static void
encode_block(struct nf4 *nf4, size_t block)
{
	const struct kernels *kernels = nf4->task->kernels;
	size_t first = block * nf4->block_size, n = nf4->weights - first;
	const float *x = nf4->layer->weight + first;
	uint8_t *codes = nf4->out->codes + first;
	float absmax, quotient;

	if (n > nf4->block_size)
		n = nf4->block_size;
	absmax = kernels->absmax(x, n);
	nf4->out->scales[block] = absmax;
	if (n == nf4->block_size) {
		kernels->lookup_encode(codes, x, n, 1.0f / fmaxf(absmax, least_absmax),
				       nf4->bounds);
		return;
	}
	absmax = nf4->out->scales[block] = fmaxf(absmax, least_absmax);
	for (size_t i = 0; i < n; i++) {
		quotient = x[i] / absmax;
		kernels->lookup_encode(codes + i, &quotient, 1, 1.0f, nf4->bounds);
	}
}

static size_t
tile_end(const struct nf4 *nf4, size_t tile)
{
	return nf4->weights - tile * TILE < TILE ? nf4->weights : (tile + 1) * TILE;
}

static enum err
encode_tile(void *arg, size_t tile, int worker)
{
	struct nf4 *nf4 = arg;
	enum err code = OK;

	(void)worker;
	for (size_t at = tile * TILE; at < tile_end(nf4, tile) && !code; at += nf4->block_size) {
		encode_block(nf4, at / nf4->block_size);
		code = work_check(nf4->task->work);
	}
	return code;
}

/* Whole rows that the tile completes are shown; a tile shorter than a row shows part of one. */
static void
publish_range(const struct nf4 *nf4, size_t from, size_t to)
{
	size_t columns = nf4->layer->columns;

	while (from < to) {
		size_t column = from % columns;
		size_t rows = column || to - from < columns ? 1 : (to - from) / columns;
		size_t width =
			rows > 1 || (!column && to - from >= columns) ? columns : columns - column;
		struct tile tile = { .row = from / columns, .rows = rows, .column = column };

		tile.columns = width < to - from ? width : to - from;
		tile.values = nf4->out->dequantized + from;
		tile.stride = columns;
		work_publish(nf4->task->work, &tile);
		from += rows > 1 ? rows * columns : tile.columns;
	}
}

static enum err
decode_tile(void *arg, size_t tile, int worker)
{
	struct nf4 *nf4 = arg;
	size_t first = tile * TILE, end = tile_end(nf4, tile);
	enum err code = OK;

	(void)worker;
	for (size_t at = first; at < end && !code; at += nf4->block_size) {
		size_t n = end - at < nf4->block_size ? end - at : nf4->block_size;

		nf4->task->kernels->lookup_decode(nf4->out->dequantized + at, nf4->out->codes + at,
						  n, nf4->out->scales[at / nf4->block_size],
						  nf4_map);
		code = work_check(nf4->task->work);
	}
	if (!code) {
		publish_range(nf4, first, end);
		work_advance(nf4->task->work, end - first);
	}
	return code;
}

float
nf4_offset(const float *absmax, size_t blocks)
{
	double sum = 0.0;

	for (size_t i = 0; i < blocks; i++)
		sum += (double)absmax[i];
	return (float)(sum / (double)blocks);
}

/* lut[i] = how many midpoints of the map lie below -1 + 2 i / 65535: the table that bitsandbytes'
 * CPU code looks 8-bit codes up in, coarser near zero than the nearest code. */
static void
table_fill(uint8_t *table)
{
	size_t code = 0;

	for (size_t i = 0; i < NF4_TABLE; i++) {
		float x = -1.0f + 2.0f * (float)i / (float)(NF4_TABLE - 1);

		while (code < 255 && 0.5f * (nf4_dynamic_map[code] + nf4_dynamic_map[code + 1]) < x)
			code++;
		table[i] = (uint8_t)code;
	}
}

static uint8_t
table_code(const uint8_t *table, float x, float absmax)
{
	float v = x / absmax;

	if (!(absmax > 0.0f))
		return 0;
	v = v < -1.0f ? -1.0f : v > 1.0f ? 1.0f : v;
	return table[(uint16_t)((v + 1.0f) * 0.5f * (float)(NF4_TABLE - 1) + 0.5f)];
}

enum err
nf4_nest(const struct nf4_nested *nested, float *absmax, size_t blocks)
{
	uint8_t *table = buf_alloc(NF4_TABLE, 1);

	if (!table)
		return ERR_NOMEM;
	table_fill(table);
	for (size_t first = 0; first < blocks; first += NESTED_BLOCK) {
		size_t end = blocks - first < NESTED_BLOCK ? blocks : first + NESTED_BLOCK;
		float most = 0.0f;

		for (size_t i = first; i < end; i++)
			most = fmaxf(most, fabsf(absmax[i] - nested->offset));
		nested->absmax[first / NESTED_BLOCK] = most;
		for (size_t i = first; i < end; i++) {
			uint8_t code = table_code(table, absmax[i] - nested->offset, most);
			float restored = nf4_dynamic_map[code] * most;

			nested->codes[i] = code;
			absmax[i] = restored + nested->offset;
		}
	}
	buf_free(table);
	return OK;
}

static void *
extra_add(struct quantized *out, const char *name, enum quant_array_type type, size_t count)
{
	size_t size = type == QUANT_U8 ? 1 : sizeof(float), at = 0;

	while (out->extras[at].name)
		at++;
	out->extras[at].data = buf_alloc(count, size);
	if (out->extras[at].data) {
		out->extras[at].name = name;
		out->extras[at].type = type;
		out->extras[at].count = count;
	}
	return out->extras[at].data;
}

static enum err
nest(struct nf4 *nf4)
{
	struct quantized *out = nf4->out;
	size_t nested_blocks = (nf4->blocks + NESTED_BLOCK - 1) / NESTED_BLOCK;
	struct nf4_nested nested = { .offset = nf4_offset(out->scales, nf4->blocks) };
	float *offset = extra_add(out, "nested_offset", QUANT_F32, 1);

	nested.codes = offset ? extra_add(out, "nested_codes", QUANT_U8, nf4->blocks) : NULL;
	nested.absmax =
		nested.codes ? extra_add(out, "nested_absmax", QUANT_F32, nested_blocks) : NULL;
	if (!nested.absmax)
		return ERR_NOMEM;
	*offset = nested.offset;
	return nf4_nest(&nested, out->scales, nf4->blocks);
}

static void
count_bits(struct nf4 *nf4, bool nested)
{
	double blocks = (double)nf4->blocks;
	double nested_blocks = ceil(blocks / NESTED_BLOCK);
	double *bits = nf4->out->part_bits;

	bits[PART_CODES] = 4.0 * (double)nf4->weights;
	bits[PART_PADDING] = nf4->weights % 2 ? 4.0 : 0.0;
	bits[PART_SCALES] = nested ? 8.0 * blocks + 32.0 * nested_blocks + 32.0 : 32.0 * blocks;
	bits[PART_CODEBOOKS] = 32.0 * (nested ? 16 + 256 : 16);
}

static enum err
allocate(struct nf4 *nf4)
{
	struct quantized *out = nf4->out;

	out->rows = nf4->layer->rows;
	out->columns = nf4->layer->columns;
	out->scale_count = nf4->blocks;
	out->codes = buf_alloc_dirty(nf4->weights, sizeof(*out->codes));
	out->scales = buf_alloc_dirty(nf4->blocks, sizeof(*out->scales));
	out->dequantized = buf_alloc_dirty(nf4->weights, sizeof(*out->dequantized));
	return out->codes && out->scales && out->dequantized ? OK : ERR_NOMEM;
}

static enum err
solve(struct quantized *out, const struct quant_task *task)
{
	const struct quant_layer *layer = &task->layers[0];
	struct nf4 nf4 = { .task = task,
			   .layer = layer,
			   .out = out,
			   .weights = layer->rows * layer->columns,
			   .block_size = (size_t)param_get(params, task->params, "block_size") };
	bool nested = param_get(params, task->params, "double_quant") != 0.0;
	size_t tiles = (nf4.weights + TILE - 1) / TILE;
	enum err code;

	nf4.blocks = (nf4.weights + nf4.block_size - 1) / nf4.block_size;
	bounds_fill(nf4.bounds);
	work_expect(task->work, nf4.weights);
	code = allocate(&nf4);
	if (!code)
		code = work_each(task->work, tiles, encode_tile, &nf4);
	if (!code && nested)
		code = nest(&nf4);
	if (!code)
		code = work_each(task->work, tiles, decode_tile, &nf4);
	count_bits(&nf4, nested);
	return code;
}

const struct quantizer quantizer_nf4 = {
	.name = "nf4",
	.family = "codebook",
	.summary = "4-bit NormalFloat codes over blocks, as bitsandbytes stores them",
	.paper = "Dettmers et al. 2023, arXiv 2305.14314",
	.repository = "https://github.com/bitsandbytes-foundation/bitsandbytes",
	.version = "0.50.2",
	.scope = SCOPE_LINEAR,
	.method_version = 1,
	.params = params,
	.facts = {
		.calibration = "none",
		.bits = "4 (4.5 with blocks of 64; 4.13 with double quantization)",
		.groups = "blocks of 32 to 4096 weights, 64 usual",
		.fine_tuning = "yes: QLoRA was made for it",
		.formats = "bitsandbytes in safetensors, through transformers",
		.kernels = "bitsandbytes: NVIDIA, AMD and Intel GPUs, CPU; vLLM on NVIDIA",
		.loss = "Qwen3-1.7B, WikiText-2, 16.67 before: 18.00; Qwen3-14B, 8.64 before: 8.89",
		.sources = "SINQ arXiv 2509.22944; transformers' quantization overview; bitsandbytes 0.50.2",
	},
	.solve = solve,
};
