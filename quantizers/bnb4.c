/* 4-bit codes of a fixed 16-entry map over blocks of the flattened tensor, bit for bit as
 * bitsandbytes makes them on the CPU: what nf4 and fp4 share. */
#include "quantizers/bnb4.h"

#include "core/buf.h"
#include "quantizers/grid.h"

#include <math.h>
#include <string.h>

static const double block_sizes[] = { 32, 64, 128, 256, 512, 1024, 2048, 4096 };
static const char *const compute_dtypes[] = { "float32", "float16", "bfloat16", NULL };

const struct param bnb4_params[] = {
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
	{ .name = "compute_dtype",
	  .type = PARAM_CHOICE,
	  .choices = compute_dtypes,
	  .help = "type that weights are restored to before they are multiplied" },
	{ 0 },
};

/* TILE weights are a whole number of blocks of any size. */
enum { TILE = 1 << 18, NESTED_BLOCK = BNB4_NESTED_BLOCK };

/* A block of zeros divides by this instead. */
static const float least_absmax = 1e-38f;

struct bnb4 {
	const struct bnb4_map *map;
	const struct quant_task *task;
	const struct quant_layer *layer;
	struct quantized *out;
	size_t weights, block_size, blocks;
	enum scale_dtype dtype; /* of the restored weights */
	float bounds[15];
};

static void
bounds_fill(float bounds[15], const struct bnb4_map *map)
{
	for (int i = 0; i < 15; i++)
		bounds[i] = 0.5f * (map->values[map->order[i]] + map->values[map->order[i + 1]]);
}

/* From places in ascending order to codes. */
static void
reorder(uint8_t *codes, size_t n, const uint8_t order[16])
{
	for (size_t i = 0; i < n; i++)
		codes[i] = order[codes[i] & 15];
}

/* The partial last block divides by a maximum that is never zero, where full ones multiply by its
 * reciprocal: so the reference does. */
static void
encode_rest(struct bnb4 *bnb4, uint8_t *codes, const float *x, size_t n)
{
	float *absmax = &bnb4->out->scales[bnb4->blocks - 1];

	*absmax = fmaxf(*absmax, least_absmax);
	for (size_t i = 0; i < n; i++) {
		float quotient = x[i] / *absmax;

		bnb4->task->kernels->lookup_encode(codes + i, &quotient, 1, 1.0f, bnb4->bounds);
	}
}

static void
encode_block(struct bnb4 *bnb4, size_t block)
{
	const struct kernels *kernels = bnb4->task->kernels;
	size_t first = block * bnb4->block_size, n = bnb4->weights - first;
	const float *x = bnb4->layer->weight + first;
	uint8_t *codes = bnb4->out->codes + first;
	float absmax;

	if (n > bnb4->block_size)
		n = bnb4->block_size;
	absmax = kernels->absmax(x, n);
	bnb4->out->scales[block] = absmax;
	if (n == bnb4->block_size) {
		kernels->lookup_encode(codes, x, n, 1.0f / fmaxf(absmax, least_absmax),
				       bnb4->bounds);
	} else {
		encode_rest(bnb4, codes, x, n);
	}
	if (bnb4->map->order[0])
		reorder(codes, n, bnb4->map->order);
}

static size_t
tile_end(const struct bnb4 *bnb4, size_t tile)
{
	return bnb4->weights - tile * TILE < TILE ? bnb4->weights : (tile + 1) * TILE;
}

static enum err
encode_tile(void *arg, size_t tile, int worker)
{
	struct bnb4 *bnb4 = arg;
	enum err code = OK;

	(void)worker;
	for (size_t at = tile * TILE; at < tile_end(bnb4, tile) && !code; at += bnb4->block_size) {
		encode_block(bnb4, at / bnb4->block_size);
		code = work_check(bnb4->task->work);
	}
	return code;
}

/* Whole rows that the tile completes are shown; a tile shorter than a row shows part of one. */
static void
publish_range(const struct bnb4 *bnb4, size_t from, size_t to)
{
	size_t columns = bnb4->layer->columns;

	while (from < to) {
		size_t column = from % columns;
		size_t rows = column || to - from < columns ? 1 : (to - from) / columns;
		size_t width =
			rows > 1 || (!column && to - from >= columns) ? columns : columns - column;
		struct tile tile = { .row = from / columns, .rows = rows, .column = column };

		tile.columns = width < to - from ? width : to - from;
		tile.values = bnb4->out->dequantized + from;
		tile.stride = columns;
		work_publish(bnb4->task->work, &tile);
		from += rows > 1 ? rows * columns : tile.columns;
	}
}

static enum err
decode_tile(void *arg, size_t tile, int worker)
{
	struct bnb4 *bnb4 = arg;
	size_t first = tile * TILE, end = tile_end(bnb4, tile);
	enum err code = OK;

	(void)worker;
	for (size_t at = first; at < end && !code; at += bnb4->block_size) {
		size_t n = end - at < bnb4->block_size ? end - at : bnb4->block_size;

		bnb4->task->kernels->lookup_decode(
			bnb4->out->dequantized + at, bnb4->out->codes + at, n,
			bnb4->out->scales[at / bnb4->block_size], bnb4->map->values);
		code = work_check(bnb4->task->work);
	}
	if (!code && bnb4->dtype == SCALE_F16)
		bnb4->task->kernels->round_f16(bnb4->out->dequantized + first,
					       bnb4->out->dequantized + first, end - first);
	if (!code && bnb4->dtype == SCALE_BF16)
		bnb4->task->kernels->round_bf16(bnb4->out->dequantized + first,
						bnb4->out->dequantized + first, end - first);
	if (!code) {
		publish_range(bnb4, first, end);
		work_advance(bnb4->task->work, end - first);
	}
	return code;
}

float
bnb4_offset(const float *absmax, size_t blocks)
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

	for (size_t i = 0; i < BNB4_TABLE; i++) {
		float x = -1.0f + 2.0f * (float)i / (float)(BNB4_TABLE - 1);

		while (code < 255 &&
		       0.5f * (bnb4_dynamic_map[code] + bnb4_dynamic_map[code + 1]) < x)
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
	return table[(uint16_t)((v + 1.0f) * 0.5f * (float)(BNB4_TABLE - 1) + 0.5f)];
}

enum err
bnb4_nest(const struct bnb4_nested *nested, float *absmax, size_t blocks)
{
	uint8_t *table = buf_alloc(BNB4_TABLE, 1);

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
			float restored = bnb4_dynamic_map[code] * most;

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
nest(struct bnb4 *bnb4)
{
	struct quantized *out = bnb4->out;
	size_t nested_blocks = (bnb4->blocks + NESTED_BLOCK - 1) / NESTED_BLOCK;
	struct bnb4_nested nested = { .offset = bnb4_offset(out->scales, bnb4->blocks) };
	float *offset = extra_add(out, "nested_offset", QUANT_F32, 1);

	nested.codes = offset ? extra_add(out, "nested_codes", QUANT_U8, bnb4->blocks) : NULL;
	nested.absmax =
		nested.codes ? extra_add(out, "nested_absmax", QUANT_F32, nested_blocks) : NULL;
	if (!nested.absmax)
		return ERR_NOMEM;
	*offset = nested.offset;
	return bnb4_nest(&nested, out->scales, bnb4->blocks);
}

static void
count_bits(struct bnb4 *bnb4, bool nested)
{
	double blocks = (double)bnb4->blocks;
	double nested_blocks = ceil(blocks / NESTED_BLOCK);
	double *bits = bnb4->out->part_bits;

	bits[PART_CODES] = 4.0 * (double)bnb4->weights;
	bits[PART_PADDING] = bnb4->weights % 2 ? 4.0 : 0.0;
	bits[PART_SCALES] = nested ? 8.0 * blocks + 32.0 * nested_blocks + 32.0 : 32.0 * blocks;
	bits[PART_CODEBOOKS] = 32.0 * (nested ? 16 + 256 : 16);
}

static enum err
allocate(struct bnb4 *bnb4)
{
	struct quantized *out = bnb4->out;

	out->rows = bnb4->layer->rows;
	out->columns = bnb4->layer->columns;
	out->scale_count = bnb4->blocks;
	out->codes = buf_alloc_dirty(bnb4->weights, sizeof(*out->codes));
	out->scales = buf_alloc_dirty(bnb4->blocks, sizeof(*out->scales));
	out->dequantized = buf_alloc_dirty(bnb4->weights, sizeof(*out->dequantized));
	return out->codes && out->scales && out->dequantized ? OK : ERR_NOMEM;
}

enum err
bnb4_solve(struct quantized *out, const struct quant_task *task, const struct bnb4_map *map)
{
	const struct quant_layer *layer = &task->layers[0];
	struct bnb4 bnb4 = { .map = map,
			     .task = task,
			     .layer = layer,
			     .out = out,
			     .weights = layer->rows * layer->columns,
			     .block_size =
				     (size_t)param_get(bnb4_params, task->params, "block_size") };
	bool nested = param_get(bnb4_params, task->params, "double_quant") != 0.0;
	size_t tiles = (bnb4.weights + TILE - 1) / TILE;
	enum err code;

	bnb4.dtype = (enum scale_dtype)param_get(bnb4_params, task->params, "compute_dtype");
	bnb4.blocks = (bnb4.weights + bnb4.block_size - 1) / bnb4.block_size;
	bounds_fill(bnb4.bounds, map);
	work_expect(task->work, bnb4.weights);
	code = allocate(&bnb4);
	if (!code)
		code = work_each(task->work, tiles, encode_tile, &bnb4);
	if (!code && nested)
		code = nest(&bnb4);
	if (!code)
		code = work_each(task->work, tiles, decode_tile, &bnb4);
	count_bits(&bnb4, nested);
	return code;
}
