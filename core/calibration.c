/* Sequences go through the model in chunks that fit a fixed amount of memory, each chunk through
 * all blocks; what a layer reads is copied aside, then added to the sums in the order of the
 * sequences. Where chunks end changes no result. */
#include "core/calibration.h"

#include "core/buf.h"
#include "core/moments.h"

#include <string.h>

enum { DEFAULT_MEMORY = 1 << 29 };

struct calibration {
	const struct calibration_request *request;
	const struct work *work;
	struct moments *moments; /* (input_count); columns 0 where not asked for */
	size_t blocks;           /* how many must run */
	size_t widest;           /* columns captured at once, at most */
	size_t room;             /* tokens that fit `captured` */
	float *captured;         /* (room, widest) */

	/* Of the block that runs. */
	const struct hidden *hidden;
	float **capture; /* (input_count) (tokens, columns) each, or NULL */
	int *inputs;     /* (input_count) those captured, */
	size_t input_count;
	size_t *part; /* (input_count + 1) first part of each */
};

static bool
asked(const struct calibration *c, size_t input)
{
	return !c->request->inputs || c->request->inputs[input];
}

/* How many blocks must run, and how wide the captures of one get. */
static enum err
plan(struct calibration *c)
{
	const struct model *model = c->request->model;
	size_t *width = buf_alloc(model->shape.blocks + 1, sizeof(*width));
	enum err code = width ? OK : ERR_NOMEM;

	for (size_t i = 0; i < model->input_count && !code; i++) {
		const struct model_input *input = &model->inputs[i];
		size_t needed = (size_t)input->block + 1;

		if (!asked(c, i))
			continue;
		needed = needed < model->shape.blocks ? needed : model->shape.blocks;
		c->blocks = needed > c->blocks ? needed : c->blocks;
		width[input->block] += input->columns;
		c->widest = width[input->block] > c->widest ? width[input->block] : c->widest;
		code = moments_create(&c->moments[i], input->columns, c->request->gram);
	}
	buf_free(width);
	return code;
}

/* The sequences from `first` that fit one chunk: at least one. */
static size_t
chunk_end(const struct calibration *c, size_t first)
{
	const struct calibration_request *r = c->request;
	size_t per_token = (c->widest + r->model->shape.hidden) * sizeof(float);
	size_t tokens = r->sequences[first].count, end = first + 1;
	size_t memory = r->memory ? r->memory : DEFAULT_MEMORY;

	while (end < r->sequence_count && (tokens + r->sequences[end].count) * per_token <= memory)
		tokens += r->sequences[end++].count;
	return end;
}

static enum err
make_room(struct calibration *c)
{
	const struct calibration_request *r = c->request;

	if (!c->widest)
		return OK;
	for (size_t first = 0, end; first < r->sequence_count; first = end) {
		size_t tokens = 0;

		end = chunk_end(c, first);
		for (size_t i = first; i < end; i++)
			tokens += r->sequences[i].count;
		c->room = tokens > c->room ? tokens : c->room;
	}
	c->captured = buf_alloc(c->room, c->widest * sizeof(*c->captured));
	return c->captured ? OK : ERR_NOMEM;
}

/* Give each input asked for in this block its part of the room. */
static void
aim(struct calibration *c, size_t block)
{
	const struct model *model = c->request->model;
	float *at = c->captured;

	c->input_count = 0;
	for (size_t i = 0; i < model->input_count; i++) {
		c->capture[i] = NULL;
		if (model->inputs[i].block != (int)block || !asked(c, i))
			continue;
		c->capture[i] = at;
		at += c->room * model->inputs[i].columns;
		c->part[c->input_count + 1] =
			c->part[c->input_count] + moments_parts(&c->moments[i]);
		c->inputs[c->input_count++] = (int)i;
	}
}

static enum err
capture_input(void *ctx, int input, size_t sequence, size_t first, const float *x, size_t tokens,
	      size_t columns)
{
	const struct calibration *c = ctx;
	size_t row = c->hidden->start[sequence] + first;

	if (c->capture[input])
		memcpy(c->capture[input] + row * columns, x, tokens * columns * sizeof(*x));
	return OK;
}

static struct rows
rows_of(const struct calibration *c, int input)
{
	return (struct rows){ c->capture[input], c->hidden->start, c->hidden->sequences };
}

static enum err
add_part(void *arg, size_t index, int worker)
{
	const struct calibration *c = arg;
	size_t i = 0;
	struct rows rows;

	(void)worker;
	while (index >= c->part[i + 1])
		i++;
	rows = rows_of(c, c->inputs[i]);
	moments_add_part(&c->moments[c->inputs[i]], index - c->part[i], &rows);
	return OK;
}

/* What was captured joins the sums. */
static enum err
add_captured(struct calibration *c)
{
	enum err code = work_each(c->work, c->part[c->input_count], add_part, c);

	for (size_t i = 0; i < c->input_count && !code; i++) {
		struct rows rows = rows_of(c, c->inputs[i]);

		moments_count(&c->moments[c->inputs[i]], &rows);
	}
	return code;
}

/* The head's input stands behind the last block. */
static enum err
add_head(struct calibration *c)
{
	const struct model *model = c->request->model;
	enum err code;

	aim(c, model->shape.blocks);
	if (!c->input_count)
		return OK;
	code = forward_head_input(c->capture[c->inputs[0]], model, c->request->overlay,
				  c->hidden->x, c->hidden->start[c->hidden->sequences], c->work);
	return code ? code : add_captured(c);
}

static enum err
run_chunk(struct calibration *c, struct hidden *hidden, const struct sequence *sequences)
{
	const struct calibration_request *r = c->request;
	struct forward_tap tap = { capture_input, c };
	enum err code = forward_embed(hidden, r->model, r->overlay, sequences, c->work);

	c->hidden = hidden;
	for (size_t block = 0; block < c->blocks && !code; block++) {
		aim(c, block);
		code = forward_block(hidden, r->model, (int)block, r->overlay, &tap, c->work);
		if (!code)
			code = add_captured(c);
	}
	return code ? code : add_head(c);
}

static enum err
run_chunks(struct calibration *c)
{
	const struct calibration_request *r = c->request;
	enum err code = OK;

	for (size_t first = 0, end; first < r->sequence_count && !code; first = end) {
		struct hidden *hidden;

		end = chunk_end(c, first);
		code = hidden_create(&hidden, r->sequences + first, end - first,
				     r->model->shape.hidden);
		if (!code)
			code = run_chunk(c, hidden, r->sequences + first);
		hidden_free(hidden);
	}
	return code;
}

static enum err
finish(struct statistics **out, const struct calibration *c)
{
	enum err code = OK;

	for (size_t i = 0; i < c->request->model->input_count && !code; i++)
		if (c->moments[i].columns)
			code = moments_finish(&out[i], &c->moments[i]);
	return code;
}

static void
expect(const struct calibration *c)
{
	for (size_t i = 0; i < c->request->sequence_count; i++)
		work_expect(c->work, c->request->sequences[i].count * c->blocks);
}

enum err
calibration_run(struct statistics **out, const struct calibration_request *request,
		const struct work *work)
{
	size_t inputs = request->model->input_count;
	struct calibration c = { .request = request, .work = work };
	enum err code = ERR_NOMEM;

	memset(out, 0, inputs * sizeof(*out));
	if ((c.moments = buf_alloc(inputs, sizeof(*c.moments))) &&
	    (c.capture = buf_alloc(inputs, sizeof(*c.capture))) &&
	    (c.inputs = buf_alloc(inputs, sizeof(*c.inputs))) &&
	    (c.part = buf_alloc(inputs + 1, sizeof(*c.part))) && !(code = plan(&c)) &&
	    !(code = make_room(&c))) {
		expect(&c);
		code = run_chunks(&c);
	}
	if (!code)
		code = finish(out, &c);
	for (size_t i = 0; i < inputs && code; i++) {
		statistics_free(out[i]);
		out[i] = NULL;
	}
	for (size_t i = 0; c.moments && i < inputs; i++)
		moments_free(&c.moments[i]);
	buf_free(c.moments);
	buf_free(c.capture);
	buf_free(c.inputs);
	buf_free(c.part);
	buf_free(c.captured);
	return code;
}
