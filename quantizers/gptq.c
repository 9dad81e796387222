/* GPTQ (Frantar et al. 2022, arXiv 2210.17323): columns are rounded one after the other, and each
 * error is made up for by the columns still to come. gptq_factor.c has the mathematics; here rows
 * are taken in strips, each a unit of work of its own, stored slot by slot so that the inner loops
 * run along rows. Left-looking: a block of 128 slots first takes all that earlier blocks owe it in
 * one gemm, (block, strip) += feed (block, later slots) * error (later slots, strip). */
#include "quantizers/gptq_factor.h"
#include "quantizers/grid.h"
#include "quantizers/linalg.h"

#include "core/buf.h"

#include <stdio.h>
#include <string.h>

static const double bits_allowed[] = { 2, 3, 4, 8 };

/* Defaults are GPTQModel's (damp 0.05; AutoGPTQ and the paper take 0.01) but for symmetric, so that
 * rtn and gptq differ by compensation alone. */
static const struct param params[] = {
	{ .name = "bits",
	  .type = PARAM_INT,
	  .min = 2,
	  .max = 8,
	  .def = 4,
	  .values = bits_allowed,
	  .value_count = sizeof(bits_allowed) / sizeof(bits_allowed[0]),
	  .help = "bits of one code" },
	GRID_PARAM_GROUP_SIZE,
	GRID_PARAM_SYMMETRIC,
	{ .name = "act_order",
	  .type = PARAM_BOOL,
	  .def = 0,
	  .help = "round the columns with the largest activations first" },
	{ .name = "static_groups",
	  .type = PARAM_BOOL,
	  .def = 0,
	  .help = "take every group's grid from the original weights, in file order" },
	{ .name = "damp",
	  .type = PARAM_FLOAT,
	  .min = 0,
	  .max = 1,
	  .def = 0.05,
	  .help = "share of the Gram matrix's mean diagonal added to it; raised where needed" },
	GRID_PARAM_MSE,
	GRID_PARAM_SCALE_DTYPE,
	{ 0 },
};

/* AHEAD blocks take what is owed to them in one gemm, so that errors are packed less often. */
enum { STRIP = 256, LINE = 16, AHEAD = 4 };

struct gptq {
	const struct quant_task *task;
	const struct quant_layer *layer;
	struct quantized *out;
	struct grid_setting setting;
	bool act_order, fixed_groups; /* fixed: grids are known before the loop, by column */
	struct gptq_factor factor;
	size_t groups; /* grids of one row */
	struct grid tensor_grid;
	struct strip *strips; /* (threads) scratch */
	uint64_t *clipped;    /* (strips) */
};

/* Scratch of one worker. Matrices are (slots, STRIP): a slot's rows lie side by side. */
struct strip {
	size_t first, rows;
	float *value; /* weights with what is owed added; what their codes stand for once rounded */
	float *error; /* the weights; minus the quantized once rounded */
	uint8_t *codes;
	float *expected;             /* see strip_expect; NULL where grids are fixed */
	float *scale, *zero;         /* (groups, STRIP) */
	float *min, *max, *gathered; /* (STRIP), (STRIP), (group width) */
	size_t *owed;                /* (blocks) slots from here on have been added to the block */
};

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
strip_count(const struct gptq *gptq)
{
	return (gptq->layer->rows + STRIP - 1) / STRIP;
}

static size_t
group_width(const struct gptq *gptq)
{
	return gptq->setting.width ? gptq->setting.width : gptq->factor.n;
}

/* The group of a slot: of its place in the order, or of its column where grids are fixed. */
static size_t
group_at(const struct gptq *gptq, size_t slot)
{
	size_t place = gptq->fixed_groups ? gptq->factor.column[slot] : gptq->factor.n - 1 - slot;

	return place / group_width(gptq);
}

/* Rows of the matrix to slots of the strip, a square of cache lines at a time. Dead channels are
 * set to zero, as published. */
static void
strip_load(const struct gptq *gptq, struct strip *strip)
{
	const struct gptq_factor *factor = &gptq->factor;
	const float *restrict w = gptq->layer->weight + strip->first * factor->n;
	const uint32_t *restrict column = factor->column;
	float *restrict error = strip->error;
	size_t n = factor->n;

	for (size_t rows = 0; rows < strip->rows; rows += LINE)
		for (size_t from = 0; from < n; from += LINE)
			for (size_t r = rows; r < rows + LINE && r < strip->rows; r++)
				for (size_t s = from; s < from + LINE && s < n; s++)
					error[s * STRIP + r] = w[r * n + column[s]];
	for (size_t s = 0; s < n; s++)
		if (factor->dead[column[s]])
			memset(error + s * STRIP, 0, strip->rows * sizeof(*error));
	memcpy(strip->value, error, n * STRIP * sizeof(*error));
	for (size_t block = 0; block < block_count(gptq); block++)
		strip->owed[block] = n;
}

static void
strip_set_grid(struct strip *strip, size_t group, size_t r, struct grid grid)
{
	strip->scale[group * STRIP + r] = grid.scale;
	strip->zero[group * STRIP + r] = grid.zero;
}

/* Grids that are known beforehand: of the tensor, of whole rows (dead channels still in them, as
 * the reference has it), or of each group with dead channels at zero. */
static void
strip_fix_grids(const struct gptq *gptq, struct strip *strip)
{
	size_t n = gptq->factor.n, width = group_width(gptq);
	bool grouped = param_get(params, gptq->task->params, "group_size") > 0.0;

	for (size_t r = 0; r < strip->rows; r++)
		for (size_t group = 0; group < gptq->groups; group++) {
			const float *w =
				gptq->layer->weight + (strip->first + r) * n + group * width;
			struct grid grid = gptq->tensor_grid;

			for (size_t i = 0; i < width; i++)
				strip->gathered[i] = grouped && gptq->factor.dead[group * width + i]
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
			  .b = strip->error + from * STRIP,
			  .ldb = STRIP,
			  .c = strip->value + first * STRIP,
			  .ldc = STRIP,
			  .alpha = 1.0f,
			  .beta = 1.0f };

	if (g.k)
		gptq->task->kernels->gemm(&g);
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
	const float *expected = strip->expected + first * STRIP;
	size_t width = group_width(gptq), rows = strip->rows;

	memset(strip->min, 0, STRIP * sizeof(*strip->min));
	memset(strip->max, 0, STRIP * sizeof(*strip->max));
	for (size_t i = 0; i < width && gptq->setting.norm == 0.0f; i++)
		kernels->extend(strip->min, strip->max, expected + i * STRIP, rows);
	for (size_t r = 0; r < rows; r++) {
		struct grid grid;

		for (size_t i = 0; i < width && gptq->setting.norm > 0.0f; i++)
			strip->gathered[i] = expected[(width - 1 - i) * STRIP + r];
		grid = gptq->setting.norm > 0.0f
			       ? grid_fit(kernels, &gptq->setting, strip->gathered, width)
			       : grid_from_range(&gptq->setting, strip->min[r], strip->max[r]);
		strip_set_grid(strip, group, r, grid);
	}
}

/* What the slots [first, end of the block) would become if none of them were rounded: the best
 * answer to the errors made so far. `value` holds what each would become if those before it in the
 * order were left at their weights: so the difference x to the weights solves
 * x_s + sum over t > s of feed_st x_t = value_s - weight_s. */
static void
strip_expect(const struct gptq *gptq, struct strip *strip, size_t block, size_t first)
{
	size_t end = block_end(gptq, block), ld = gptq->factor.ld, at = first * STRIP, last = block;
	size_t count = end * STRIP - at;
	const struct kernels *kernels = gptq->task->kernels;
	struct unit_solve solve = { .n = end - first,
				    .a = gptq->factor.feed + first * (ld + 1),
				    .lda = ld,
				    .columns = strip->rows,
				    .b = strip->expected + at,
				    .ldb = STRIP };

	while (last < block_count(gptq) && block_end(gptq, last) > first)
		last++;
	strip_settle(gptq, strip, block, last, end);
	kernels->subtract(strip->expected + at, strip->value + at, strip->error + at, count);
	linalg_solve_unit(&solve);
	kernels->axpy(strip->expected + at, 1.0f, strip->error + at, count);
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

static size_t
strip_round_block(const struct gptq *gptq, struct strip *strip, size_t block)
{
	const struct kernels *kernels = gptq->task->kernels;
	size_t first = block_first(gptq, block), ld = gptq->factor.ld, clipped = 0;

	for (size_t s = block_end(gptq, block); s-- > first;) {
		size_t group = group_at(gptq, s);
		struct column_step step = { .n = strip->rows,
					    .scale = strip->scale + group * STRIP,
					    .zero = strip->zero + group * STRIP,
					    .most = (float)((1u << gptq->setting.bits) - 1),
					    .w = strip->value + s * STRIP,
					    .error = strip->error + s * STRIP,
					    .codes = strip->codes + s * STRIP };

		clipped += kernels->quantize_column(&step);
		kernels->eliminate(strip->value + first * STRIP, STRIP, s - first,
				   gptq->factor.feed + s * ld + first, step.error, strip->rows);
	}
	return clipped;
}

/* Slots back to columns. */
static void
strip_store(const struct gptq *gptq, const struct strip *strip)
{
	size_t n = gptq->factor.n;
	const float *restrict value = strip->value;
	const uint8_t *restrict code = strip->codes;
	const uint32_t *restrict column = gptq->factor.column;
	float *restrict dequantized = gptq->out->dequantized + strip->first * n;
	uint8_t *restrict codes = gptq->out->codes + strip->first * n;

	for (size_t rows = 0; rows < strip->rows; rows += LINE)
		for (size_t from = 0; from < n; from += LINE)
			for (size_t r = rows; r < rows + LINE && r < strip->rows; r++)
				for (size_t s = from; s < from + LINE && s < n; s++) {
					dequantized[r * n + column[s]] = value[s * STRIP + r];
					codes[r * n + column[s]] = code[s * STRIP + r];
				}
}

static void
strip_store_grids(const struct gptq *gptq, const struct strip *strip)
{
	for (size_t r = 0; r < strip->rows && gptq->setting.width; r++)
		for (size_t group = 0; group < gptq->groups; group++)
			grid_store(gptq->out, (strip->first + r) * gptq->groups + group,
				   (struct grid){ strip->scale[group * STRIP + r],
						  strip->zero[group * STRIP + r], 0.0f });
}

static uint64_t
block_cost(size_t rows, size_t block)
{
	return (uint64_t)rows * GPTQ_BLOCK * (block * GPTQ_BLOCK + GPTQ_BLOCK / 2) / LINALG_UNIT;
}

static enum err
solve_strip(void *arg, size_t index, int worker)
{
	struct gptq *gptq = arg;
	struct strip *strip = &gptq->strips[worker];
	size_t rows = gptq->layer->rows, n = gptq->factor.n;
	enum err code = OK;

	strip->first = index * STRIP;
	strip->rows = rows - strip->first < STRIP ? rows - strip->first : STRIP;
	strip_load(gptq, strip);
	if (gptq->fixed_groups)
		strip_fix_grids(gptq, strip);
	for (size_t block = 0; block < block_count(gptq) && !code; block++) {
		strip_settle(gptq, strip, block, block_ahead(gptq, block), block_end(gptq, block));
		if (!gptq->fixed_groups)
			strip_begin_groups(gptq, strip, block);
		gptq->clipped[index] += strip_round_block(gptq, strip, block);
		work_advance(gptq->task->work, block_cost(strip->rows, block));
		code = work_check(gptq->task->work);
	}
	if (!code) {
		strip_store(gptq, strip);
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

static void
strip_free(struct strip *strip)
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

static bool
strip_alloc(const struct gptq *gptq, struct strip *strip)
{
	size_t n = gptq->factor.n;

	return (strip->value = buf_alloc(n * STRIP, sizeof(*strip->value))) &&
	       (strip->error = buf_alloc(n * STRIP, sizeof(*strip->error))) &&
	       (gptq->fixed_groups ||
		(strip->expected = buf_alloc(n * STRIP, sizeof(*strip->expected)))) &&
	       (strip->codes = buf_alloc(n * STRIP, sizeof(*strip->codes))) &&
	       (strip->scale = buf_alloc(gptq->groups * STRIP, sizeof(*strip->scale))) &&
	       (strip->zero = buf_alloc(gptq->groups * STRIP, sizeof(*strip->zero))) &&
	       (strip->min = buf_alloc(STRIP, sizeof(*strip->min))) &&
	       (strip->max = buf_alloc(STRIP, sizeof(*strip->max))) &&
	       (strip->gathered = buf_alloc(group_width(gptq), sizeof(*strip->gathered))) &&
	       (strip->owed = buf_alloc(block_count(gptq), sizeof(*strip->owed)));
}

static enum err
solve_strips(struct gptq *gptq)
{
	size_t threads = (size_t)work_threads(gptq->task->work), strips = strip_count(gptq);
	enum err code = OK;

	gptq->strips = buf_alloc(threads, sizeof(*gptq->strips));
	gptq->clipped = buf_alloc(strips, sizeof(*gptq->clipped));
	if (!gptq->strips || !gptq->clipped)
		code = ERR_NOMEM;
	for (size_t i = 0; i < threads && !code; i++)
		if (!strip_alloc(gptq, &gptq->strips[i]))
			code = ERR_NOMEM;
	if (!code)
		code = work_each(gptq->task->work, strips, solve_strip, gptq);
	for (size_t i = 0; i < strips && !code; i++)
		gptq->out->clipped += gptq->clipped[i];
	for (size_t i = 0; i < threads && gptq->strips; i++)
		strip_free(&gptq->strips[i]);
	buf_free(gptq->strips);
	buf_free(gptq->clipped);
	return code;
}

/* What the format stores beside codes and grids: each column's group, where groups follow the order
 * of rounding. */
static enum err
store_group_of(struct gptq *gptq)
{
	struct quantized *out = gptq->out;
	size_t n = gptq->factor.n;

	grid_count_bits(out, &gptq->setting);
	if (!gptq->act_order || gptq->fixed_groups || gptq->groups == 1)
		return OK;
	out->group_of = buf_alloc(n, sizeof(*out->group_of));
	if (!out->group_of)
		return ERR_NOMEM;
	for (size_t s = 0; s < n; s++)
		out->group_of[gptq->factor.column[s]] = (uint32_t)group_at(gptq, s);
	out->part_bits[PART_OTHER] = 32.0 * (double)n;
	return OK;
}

static void
say_damp(struct gptq *gptq, double damp)
{
	if (gptq->factor.damp > damp)
		snprintf(gptq->out->note, sizeof(gptq->out->note),
			 "damp raised from %g to %g: the Gram matrix is not positive definite",
			 damp, gptq->factor.damp);
}

static void
expect(const struct gptq *gptq)
{
	size_t n = gptq->layer->columns, rows = gptq->layer->rows;

	for (size_t first = 0; first < rows; first += STRIP)
		for (size_t block = 0; block * GPTQ_BLOCK < n; block++)
			work_expect(gptq->task->work,
				    block_cost(rows - first < STRIP ? rows - first : STRIP, block));
}

static enum err
solve(struct quantized *out, const struct quant_task *task)
{
	const struct quant_layer *layer = &task->layers[0];
	double damp = param_get(params, task->params, "damp");
	struct gptq gptq = { .task = task,
			     .layer = layer,
			     .out = out,
			     .setting = grid_setting(task->quantizer, task->params, layer->columns),
			     .act_order = param_get(params, task->params, "act_order") != 0.0 };
	struct gptq_order order = { gptq.act_order, damp };
	enum err code = grid_alloc(out, &gptq.setting, layer->rows, layer->columns);

	gptq.fixed_groups = param_get(params, task->params, "static_groups") != 0.0 ||
			    param_get(params, task->params, "group_size") <= 0.0;
	gptq.groups = gptq.setting.width ? layer->columns / gptq.setting.width : 1;
	expect(&gptq);
	if (!code)
		code = gptq_factor_make(&gptq.factor, task, &order);
	if (!code && !gptq.setting.width) {
		code = grid_fit_layer(&gptq.tensor_grid, task, layer, &gptq.setting);
		grid_store(out, 0, gptq.tensor_grid);
	}
	if (!code)
		code = solve_strips(&gptq);
	if (!code)
		code = store_group_of(&gptq);
	say_damp(&gptq, damp);
	gptq_factor_free(&gptq.factor);
	return code;
}

static enum err
check(const struct param_values *values, size_t rows, size_t columns)
{
	(void)rows;
	return grid_check_group(param_get(params, values, "group_size"), columns);
}

const struct quantizer quantizer_gptq = {
	.name = "gptq",
	.family = "compensated",
	.summary = "rounds column by column and makes up for each error in those that follow",
	.paper = "Frantar et al. 2022, arXiv 2210.17323",
	.repository = "https://github.com/ModelCloud/GPTQModel",
	.version = "7.7.0",
	.scope = SCOPE_LINEAR,
	.needs = NEED_GRAM,
	.method_version = 1,
	.params = params,
	.check = check,
	.solve = solve,
};
