/* The loop of gptq. Rows are taken in strips, stored slot by slot so that the inner loops run along
 * rows. Left-looking: a block of 128 slots first takes all that earlier blocks owe it in one gemm,
 * (block, strip) = feed (block, later slots) * error (later slots, strip). */
#include "quantizers/gptq_strip.h"

#include "core/buf.h"
#include "quantizers/linalg.h"

#include <string.h>

/* AHEAD blocks take what is owed to them in one gemm, so that errors are packed less often. */
enum { LINE = 16, AHEAD = 4, QUARTER = GPTQ_BLOCK / 4 };

static size_t
block_count(const struct gptq *gptq)
{
	return (gptq->factor.n + GPTQ_BLOCK - 1) / GPTQ_BLOCK;
}

/* Block 0 holds the last slots. */
static size_t
block_end(const struct gptq *gptq, size_t block)
{
	return gptq->factor.n - block * GPTQ_BLOCK;
}

static size_t
block_first(const struct gptq *gptq, size_t block)
{
	size_t end = block_end(gptq, block);

	return end < GPTQ_BLOCK ? 0 : end - GPTQ_BLOCK;
}

/* Where the blocks end that `block` settles together with itself. */
static size_t
block_ahead(const struct gptq *gptq, size_t block)
{
	size_t end = block % AHEAD ? block + 1 : block + AHEAD;

	return end < block_count(gptq) ? end : block_count(gptq);
}

static size_t
group_width(const struct gptq *gptq)
{
	return gptq->setting.width ? gptq->setting.width : gptq->factor.n;
}

size_t
gptq_strip_group(const struct gptq *gptq, size_t slot)
{
	size_t place = gptq->fixed_groups ? gptq->factor.column[slot] : gptq->factor.n - 1 - slot;

	return place / group_width(gptq);
}

/* Rows of the matrix to the slots from `first` on that are not there yet, a square of cache lines
 * at a time, shortly before they are needed. Dead channels are set to zero, as published. */
static void
strip_load(const struct gptq *gptq, struct strip *strip, size_t first)
{
	size_t n = gptq->factor.n, end = strip->loaded;
	const float *restrict w = gptq->layer->weight + strip->first * n;
	const uint32_t *restrict column = gptq->factor.column;
	float *restrict error = strip->error;

	for (size_t rows = 0; rows < strip->rows; rows += LINE)
		for (size_t from = first; from < end; from += LINE)
			for (size_t r = rows; r < rows + LINE && r < strip->rows; r++)
				for (size_t s = from; s < from + LINE && s < end; s++)
					error[s * GPTQ_STRIP + r] = w[r * n + column[s]];
	for (size_t s = first; s < end; s++)
		if (gptq->factor.dead[column[s]])
			memset(error + s * GPTQ_STRIP, 0, strip->rows * sizeof(*error));
	strip->loaded = first < end ? first : end;
}

static void
strip_begin(const struct gptq *gptq, struct strip *strip, size_t index)
{
	size_t left = gptq->layer->rows - index * GPTQ_STRIP;

	strip->first = index * GPTQ_STRIP;
	strip->rows = left < GPTQ_STRIP ? left : GPTQ_STRIP;
	strip->loaded = gptq->factor.n;
	for (size_t block = 0; block < block_count(gptq); block++)
		strip->owed[block] = gptq->factor.n;
}

static void
strip_set_grid(struct strip *strip, size_t group, size_t r, struct grid grid)
{
	strip->scale[group * GPTQ_STRIP + r] = grid.scale;
	strip->zero[group * GPTQ_STRIP + r] = grid.zero;
}

/* Grids that are known beforehand: of the tensor, of whole rows (dead channels still in them, as
 * the reference has it), or of each group with dead channels at zero. */
static void
strip_fix_grids(const struct gptq *gptq, struct strip *strip)
{
	size_t n = gptq->factor.n, width = group_width(gptq);

	for (size_t r = 0; r < strip->rows; r++)
		for (size_t group = 0; group < gptq->groups; group++) {
			const float *w =
				gptq->layer->weight + (strip->first + r) * n + group * width;
			struct grid grid = gptq->tensor_grid;

			for (size_t i = 0; i < width; i++)
				strip->gathered[i] =
					gptq->grouped && gptq->factor.dead[group * width + i]
						? 0.0f
						: w[i];
			if (gptq->setting.width)
				grid = grid_fit(gptq->task->kernels, &gptq->setting,
						strip->gathered, width);
			strip_set_grid(strip, group, r, grid);
		}
}

/* Add to blocks [block, end), which have been added to alike, what the slots from `from` on owe. */
static void
strip_add(const struct gptq *gptq, struct strip *strip, size_t block, size_t end, size_t from)
{
	size_t first = block_first(gptq, end - 1), ld = gptq->factor.ld;
	struct gemm g = { .m = block_end(gptq, block) - first,
			  .n = strip->rows,
			  .k = strip->owed[block] - from,
			  .a = gptq->factor.feed + first * ld + from,
			  .lda = ld,
			  .b = strip->error + from * GPTQ_STRIP,
			  .ldb = GPTQ_STRIP,
			  .c = strip->value + first * GPTQ_STRIP,
			  .ldc = GPTQ_STRIP,
			  .alpha = 1.0f,
			  .beta = strip->owed[block] < gptq->factor.n ? 1.0f : 0.0f };

	if (g.k)
		gptq->task->kernels->gemm(&g);
	else if (g.beta == 0.0f)
		memset(g.c, 0, g.m * GPTQ_STRIP * sizeof(*g.c));
	for (size_t b = block; b < end; b++)
		strip->owed[b] = from;
}

/* Bring blocks [block, end) up to date with the slots from `from` on. */
static void
strip_settle(const struct gptq *gptq, struct strip *strip, size_t block, size_t end, size_t from)
{
	while (block < end) {
		size_t alike = block + 1;

		while (alike < end && strip->owed[alike] == strip->owed[block])
			alike++;
		strip_add(gptq, strip, block, alike, from);
		block = alike;
	}
}

/* The grids of one group, from what is expected in its slots [first, first + width). */
static void
strip_find_grids(const struct gptq *gptq, struct strip *strip, size_t group, size_t first)
{
	const struct kernels *kernels = gptq->task->kernels;
	const float *expected = strip->expected + first * GPTQ_STRIP;
	size_t width = group_width(gptq), rows = strip->rows;

	memset(strip->min, 0, GPTQ_STRIP * sizeof(*strip->min));
	memset(strip->max, 0, GPTQ_STRIP * sizeof(*strip->max));
	for (size_t i = 0; i < width && gptq->setting.norm == 0.0f; i++)
		kernels->extend(strip->min, strip->max, expected + i * GPTQ_STRIP, rows);
	for (size_t r = 0; r < rows; r++) {
		struct grid grid;

		for (size_t i = 0; i < width && gptq->setting.norm > 0.0f; i++)
			strip->gathered[i] = expected[(width - 1 - i) * GPTQ_STRIP + r];
		grid = gptq->setting.norm > 0.0f
			       ? grid_fit(kernels, &gptq->setting, strip->gathered, width)
			       : grid_from_range(&gptq->setting, strip->min[r], strip->max[r]);
		strip_set_grid(strip, group, r, grid);
	}
}

/* What the slots [first, end of the block) would become if none of them were rounded: the best
 * answer to the errors made so far. What is owed to each supposes that those before it in the order
 * keep their weights: so the differences x to the weights solve
 * x_s + sum over t > s of feed_st x_t = owed_s. */
static void
strip_expect(const struct gptq *gptq, struct strip *strip, size_t block, size_t first)
{
	size_t end = block_end(gptq, block), ld = gptq->factor.ld, at = first * GPTQ_STRIP,
	       last = block;
	size_t count = end * GPTQ_STRIP - at;
	struct unit_solve solve = { .n = end - first,
				    .a = gptq->factor.feed + first * (ld + 1),
				    .lda = ld,
				    .columns = strip->rows,
				    .b = strip->expected + at,
				    .ldb = GPTQ_STRIP };

	while (last < block_count(gptq) && block_end(gptq, last) > first)
		last++;
	strip_settle(gptq, strip, block, last, end);
	strip_load(gptq, strip, first);
	memcpy(strip->expected + at, strip->value + at, count * sizeof(*strip->expected));
	linalg_solve_unit(&solve);
	gptq->task->kernels->axpy(strip->expected + at, 1.0f, strip->error + at, count);
}

/* Grids of the groups that begin in this block. The reference keeps the weights up to date with the
 * blocks before, and reads them as they were when the block began: without what the block's own
 * columns will owe one another. */
static void
strip_begin_groups(const struct gptq *gptq, struct strip *strip, size_t block)
{
	size_t n = gptq->factor.n, width = group_width(gptq);
	size_t begin = n - block_end(gptq, block), stop = n - block_first(gptq, block);
	size_t place = (begin + width - 1) / width * width;
	size_t last_end = (stop + width - 1) / width * width;

	if (place >= stop)
		return;
	strip_expect(gptq, strip, block, n - last_end);
	for (; place < stop; place += width)
		strip_find_grids(gptq, strip, place / width, n - place - width);
}

/* Each slot's weights with what is owed to them. */
static void
strip_pay(const struct gptq *gptq, struct strip *strip, size_t block)
{
	size_t first = block_first(gptq, block), at = first * GPTQ_STRIP;

	strip_load(gptq, strip, first);
	gptq->task->kernels->axpy(strip->value + at, 1.0f, strip->error + at,
				  block_end(gptq, block) * GPTQ_STRIP - at);
}

/* Slots [first, end) of a block, each owing to those before it in them. */
static size_t
strip_round_slots(const struct gptq *gptq, struct strip *strip, size_t first, size_t end)
{
	const struct kernels *kernels = gptq->task->kernels;
	size_t ld = gptq->factor.ld, clipped = 0;

	for (size_t s = end; s-- > first;) {
		size_t group = gptq_strip_group(gptq, s);
		struct column_step step = { .n = strip->rows,
					    .scale = strip->scale + group * GPTQ_STRIP,
					    .zero = strip->zero + group * GPTQ_STRIP,
					    .most = (float)((1u << gptq->setting.bits) - 1),
					    .w = strip->value + s * GPTQ_STRIP,
					    .error = strip->error + s * GPTQ_STRIP,
					    .codes = strip->codes + s * GPTQ_STRIP };

		clipped += kernels->quantize_column(&step);
		kernels->eliminate(strip->value + first * GPTQ_STRIP, GPTQ_STRIP, s - first,
				   gptq->factor.feed + s * ld + first, step.error, strip->rows);
	}
	return clipped;
}

/* A block in quarters: one slot at a time within a quarter, and one product for what a quarter owes
 * to the rest of the block. */
static size_t
strip_round_block(const struct gptq *gptq, struct strip *strip, size_t block)
{
	size_t first = block_first(gptq, block), end = block_end(gptq, block), clipped = 0;

	while (end > first) {
		size_t from = end - first > QUARTER ? end - QUARTER : first;
		struct gemm g = { .m = from - first,
				  .n = strip->rows,
				  .k = end - from,
				  .a = gptq->factor.feed + first * gptq->factor.ld + from,
				  .lda = gptq->factor.ld,
				  .b = strip->error + from * GPTQ_STRIP,
				  .ldb = GPTQ_STRIP,
				  .c = strip->value + first * GPTQ_STRIP,
				  .ldc = GPTQ_STRIP,
				  .alpha = 1.0f,
				  .beta = 1.0f };

		clipped += strip_round_slots(gptq, strip, from, end);
		if (g.m)
			gptq->task->kernels->gemm(&g);
		end = from;
	}
	return clipped;
}

/* The slots of a block back to columns. */
static void
strip_store(const struct gptq *gptq, const struct strip *strip, size_t block)
{
	size_t n = gptq->factor.n, end = block_end(gptq, block);
	const float *restrict value = strip->value;
	const uint8_t *restrict code = strip->codes;
	const uint32_t *restrict column = gptq->factor.column;
	float *restrict dequantized = gptq->out->dequantized + strip->first * n;
	uint8_t *restrict codes = gptq->out->codes + strip->first * n;

	for (size_t rows = 0; rows < strip->rows; rows += LINE)
		for (size_t from = block_first(gptq, block); from < end; from += LINE)
			for (size_t r = rows; r < rows + LINE && r < strip->rows; r++)
				for (size_t s = from; s < from + LINE && s < end; s++) {
					dequantized[r * n + column[s]] = value[s * GPTQ_STRIP + r];
					codes[r * n + column[s]] = code[s * GPTQ_STRIP + r];
				}
}

static void
strip_store_grids(const struct gptq *gptq, const struct strip *strip)
{
	for (size_t r = 0; r < strip->rows && gptq->setting.width; r++)
		for (size_t group = 0; group < gptq->groups; group++)
			grid_store(gptq->out, (strip->first + r) * gptq->groups + group,
				   (struct grid){ strip->scale[group * GPTQ_STRIP + r],
						  strip->zero[group * GPTQ_STRIP + r], 0.0f });
}

uint64_t
gptq_strip_cost(size_t rows, size_t block)
{
	return (uint64_t)rows * GPTQ_BLOCK * (block * GPTQ_BLOCK + GPTQ_BLOCK / 2) / LINALG_UNIT;
}

enum err
gptq_strip_solve(void *arg, size_t index, int worker)
{
	struct gptq *gptq = arg;
	struct strip *strip = &gptq->strips[worker];
	size_t n = gptq->factor.n;
	enum err code = OK;

	strip_begin(gptq, strip, index);
	if (gptq->fixed_groups)
		strip_fix_grids(gptq, strip);
	for (size_t block = 0; block < block_count(gptq) && !code; block++) {
		strip_settle(gptq, strip, block, block_ahead(gptq, block), block_end(gptq, block));
		if (!gptq->fixed_groups)
			strip_begin_groups(gptq, strip, block);
		strip_pay(gptq, strip, block);
		gptq->clipped[index] += strip_round_block(gptq, strip, block);
		strip_store(gptq, strip, block);
		work_advance(gptq->task->work, gptq_strip_cost(strip->rows, block));
		code = work_check(gptq->task->work);
	}
	if (!code) {
		strip_store_grids(gptq, strip);
		work_publish(gptq->task->work,
			     &(struct tile){ .row = strip->first,
					     .rows = strip->rows,
					     .columns = n,
					     .values = gptq->out->dequantized + strip->first * n,
					     .stride = n });
	}
	return code;
}

void
gptq_strip_free(struct strip *strip)
{
	buf_free(strip->value);
	buf_free(strip->error);
	buf_free(strip->expected);
	buf_free(strip->codes);
	buf_free(strip->scale);
	buf_free(strip->zero);
	buf_free(strip->min);
	buf_free(strip->max);
	buf_free(strip->gathered);
	buf_free(strip->owed);
}

bool
gptq_strip_alloc(const struct gptq *gptq, struct strip *strip)
{
	size_t n = gptq->factor.n;

	return (strip->value = buf_alloc(n * GPTQ_STRIP, sizeof(*strip->value))) &&
	       (strip->error = buf_alloc(n * GPTQ_STRIP, sizeof(*strip->error))) &&
	       (gptq->fixed_groups ||
		(strip->expected = buf_alloc(n * GPTQ_STRIP, sizeof(*strip->expected)))) &&
	       (strip->codes = buf_alloc(n * GPTQ_STRIP, sizeof(*strip->codes))) &&
	       (strip->scale = buf_alloc(gptq->groups * GPTQ_STRIP, sizeof(*strip->scale))) &&
	       (strip->zero = buf_alloc(gptq->groups * GPTQ_STRIP, sizeof(*strip->zero))) &&
	       (strip->min = buf_alloc(GPTQ_STRIP, sizeof(*strip->min))) &&
	       (strip->max = buf_alloc(GPTQ_STRIP, sizeof(*strip->max))) &&
	       (strip->gathered = buf_alloc(group_width(gptq), sizeof(*strip->gathered))) &&
	       (strip->owed = buf_alloc(block_count(gptq), sizeof(*strip->owed)));
}
