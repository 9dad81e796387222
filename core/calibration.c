#include "core/calibration.h"

#include "core/buf.h"
#include "core/moments.h"
#include "core/passage.h"

#include <string.h>

enum { DEFAULT_MEMORY = 1 << 29 };

/* Inputs of one block whose sums are in memory together: what one run of the block is for. */
struct turn {
	size_t block, first, end; /* of calibration.order */
	size_t columns;           /* of all of them */
};

struct captured;

struct calibration {
	const struct calibration_request *request;
	const struct calibration_outlet *outlet;
	const struct work *work;
	struct passage passage;
	int *order; /* (asked) the inputs asked for, block by block */
	size_t asked;
	struct turn *turns;
	size_t turn_count, turn_room;
	size_t per_token; /* bytes that one token takes: captured, and its hidden state */
	float *captured;

	/* Of the turn that runs. */
	const struct turn *turn;
	struct moments *moments; /* (turn) */
	size_t *part;            /* (turn + 1) first part of each */
	const struct hidden *hidden;
	struct captured **capture; /* (input_count) where each of the turn goes, or NULL */
	struct captured *aims;     /* (turn) */
	size_t *starts;            /* (turn, sequence_count + 1) */
};

/* The rows of one input. An expert's are those of the tokens that chose it alone. */
struct captured {
	float *x;      /* (tokens, columns): each sequence's where its tokens lie in the batch, */
	size_t *start; /* (sequences + 1) and how many came; in the end where each begins */
};

/* ----------------------------------------------------------------------------- planning */

/* A counting sort by block. */
static enum err
sort_inputs(struct calibration *c)
{
	const struct model *model = c->request->model;
	size_t *place = buf_alloc(model->shape.blocks + 2, sizeof(*place));
	const bool *inputs = c->request->inputs;

	c->order = buf_alloc(model->input_count, sizeof(*c->order));
	if (!place || !c->order) {
		buf_free(place);
		return ERR_NOMEM;
	}
	for (size_t i = 0; i < model->input_count; i++)
		if (!inputs || inputs[i])
			place[model->inputs[i].block + 1]++;
	for (size_t b = 0; b <= model->shape.blocks; b++)
		place[b + 1] += place[b];
	for (size_t i = 0; i < model->input_count; i++)
		if (!inputs || inputs[i]) {
			c->order[place[model->inputs[i].block]++] = (int)i;
			c->asked++;
		}
	buf_free(place);
	return OK;
}

static const struct model_input *
input_at(const struct calibration *c, size_t place)
{
	return &c->request->model->inputs[c->order[place]];
}

/* Inputs of one block go together as long as their sums fit. */
static enum err
make_turns(struct calibration *c)
{
	size_t limit = c->request->sums ? c->request->sums : SIZE_MAX, bytes = 0, widest = 0;

	for (size_t i = 0; i < c->asked; i++) {
		const struct model_input *input = input_at(c, i);
		size_t more = moments_bytes(input->columns, c->request->gram);
		struct turn *turn = c->turn_count ? &c->turns[c->turn_count - 1] : NULL;

		if (!turn || turn->block != (size_t)input->block || bytes > limit ||
		    more > limit - bytes) {
			if (buf_grow(&c->turns, &c->turn_room, c->turn_count + 1,
				     sizeof(*c->turns)))
				return ERR_NOMEM;
			turn = &c->turns[c->turn_count++];
			*turn = (struct turn){ .block = (size_t)input->block, .first = i };
			bytes = 0;
		}
		turn->end = i + 1;
		turn->columns += input->columns;
		bytes += more;
		widest = turn->columns > widest ? turn->columns : widest;
	}
	c->per_token = (widest + c->request->model->shape.hidden) * sizeof(float);
	return OK;
}

static size_t
batch_end(const struct calibration *c, size_t first)
{
	size_t memory = c->request->memory ? c->request->memory : DEFAULT_MEMORY;

	return passage_batch(&c->passage, first, c->per_token, memory);
}

static enum err
make_room(struct calibration *c)
{
	size_t room = 0, widest = c->per_token - c->request->model->shape.hidden * sizeof(float);

	for (size_t first = 0, end; first < c->passage.count; first = end) {
		size_t tokens = passage_tokens(&c->passage, first, end = batch_end(c, first));

		room = tokens > room ? tokens : room;
	}
	c->captured = buf_alloc_dirty(room + 1, widest + sizeof(float));
	return c->captured ? OK : ERR_NOMEM;
}

static bool
is_head(const struct calibration *c, const struct turn *turn)
{
	return turn->block == c->request->model->shape.blocks;
}

/* Blocks that will run: those on the way to each turn's block, and that block. */
static void
expect(const struct calibration *c)
{
	for (size_t first = 0, end; first < c->passage.count; first = end) {
		size_t blocks = 0, passed = 0;

		end = batch_end(c, first);
		for (size_t i = 0; i < c->turn_count; i++) {
			size_t block = c->turns[i].block;
			size_t cost = passage_cost(&c->passage, first, end - first, block);

			if (block > passed)
				blocks += cost < block - passed ? cost : block - passed;
			blocks += !is_head(c, &c->turns[i]);
			passed = block + 1;
		}
		work_expect(c->work, blocks * passage_tokens(&c->passage, first, end));
	}
}

/* ---------------------------------------------------------------------------- capturing */

static enum err
capture_input(void *ctx, int input, size_t sequence, size_t first, const float *x, size_t tokens,
	      size_t columns)
{
	const struct calibration *c = ctx;
	struct captured *captured = c->capture[input];

	if (!captured)
		return OK;
	memcpy(captured->x + (c->hidden->start[sequence] + first) * columns, x,
	       tokens * columns * sizeof(*x));
	captured->start[sequence + 1] = first + tokens;
	return OK;
}

/* Each input of the turn has its part of the room, one after the other. */
static void
aim(struct calibration *c, const struct hidden *hidden)
{
	size_t tokens = hidden->start[hidden->sequences], places = c->request->sequence_count + 1;
	float *at = c->captured;

	c->hidden = hidden;
	memset(c->starts, 0, (c->turn->end - c->turn->first) * places * sizeof(*c->starts));
	for (size_t i = c->turn->first; i < c->turn->end; i++) {
		struct captured *captured = &c->aims[i - c->turn->first];

		*captured = (struct captured){ at, c->starts + (i - c->turn->first) * places };
		c->capture[c->order[i]] = captured;
		at += tokens * input_at(c, i)->columns;
	}
}

/* What came of the sequences moves together, and counts become places. */
static void
close_up(struct captured *captured, const struct hidden *hidden, size_t columns)
{
	for (size_t s = 0; s < hidden->sequences; s++) {
		size_t count = captured->start[s + 1];
		float *to = captured->x + captured->start[s] * columns;

		if (to != captured->x + hidden->start[s] * columns)
			memmove(to, captured->x + hidden->start[s] * columns,
				count * columns * sizeof(*to));
		captured->start[s + 1] = captured->start[s] + count;
	}
}

static struct rows
rows_of(const struct calibration *c, size_t i)
{
	return (struct rows){ c->aims[i].x, c->aims[i].start, c->hidden->sequences };
}

static enum err
add_part(void *arg, size_t index, int worker)
{
	const struct calibration *c = arg;
	size_t low = 0, high = c->turn->end - c->turn->first;
	struct rows rows;

	(void)worker;
	while (high - low > 1) {
		size_t middle = (low + high) / 2;

		if (index < c->part[middle])
			high = middle;
		else
			low = middle;
	}
	rows = rows_of(c, low);
	moments_add_part(&c->moments[low], index - c->part[low], &rows);
	return OK;
}

/* What was captured joins the sums. */
static enum err
add_captured(struct calibration *c)
{
	size_t inputs = c->turn->end - c->turn->first;
	enum err code;

	for (size_t i = 0; i < inputs; i++)
		close_up(&c->aims[i], c->hidden, input_at(c, c->turn->first + i)->columns);
	code = work_each(c->work, c->part[inputs], add_part, c);

	for (size_t i = 0; i < inputs && !code; i++) {
		struct rows rows = rows_of(c, i);

		moments_count(&c->moments[i], &rows);
	}
	return code;
}

/* The head's input stands behind the last block. */
static enum err
capture_head(struct calibration *c, const struct hidden *hidden)
{
	const struct calibration_request *r = c->request;

	for (size_t s = 0; s < hidden->sequences; s++)
		c->aims[0].start[s + 1] = hidden->start[s + 1] - hidden->start[s];
	return forward_head_input(c->captured, r->model, r->overlay, hidden->x,
				  hidden->start[hidden->sequences], c->work);
}

static enum err
run_block(struct calibration *c, struct hidden *hidden)
{
	struct forward_tap tap = { capture_input, c };

	aim(c, hidden);
	if (is_head(c, c->turn))
		return capture_head(c, hidden);
	return passage_run(&c->passage, hidden, c->turn->block, &tap, c->work);
}

static enum err
run_batch(struct calibration *c, size_t first, size_t end, bool keep)
{
	struct hidden *hidden;
	enum err code =
		passage_enter(&hidden, &c->passage, first, end - first, c->turn->block, c->work);

	if (!code)
		code = run_block(c, hidden);
	if (!code && keep)
		code = passage_keep(&c->passage, hidden, first, c->turn->block + 1);
	if (!code)
		code = add_captured(c);
	hidden_free(hidden);
	return code;
}

/* Will the states behind this turn's block be needed? What a quantized model's pass leaves behind
 * its last block is of no use: the next one has that block quantized as well. */
static bool
is_kept(const struct calibration *c, size_t turn)
{
	bool last = turn + 1 == c->turn_count;

	if (is_head(c, &c->turns[turn]) ||
	    (!last && c->turns[turn + 1].block == c->turns[turn].block))
		return false;
	return !last || (c->request->states && !c->request->overlay);
}

/* ------------------------------------------------------------------------------- turns */

static enum err
begin_turn(struct calibration *c, const struct turn *turn)
{
	size_t inputs = turn->end - turn->first;
	enum err code = OK;

	c->turn = turn;
	c->moments = buf_alloc(inputs, sizeof(*c->moments));
	c->part = buf_alloc(inputs + 1, sizeof(*c->part));
	c->aims = buf_alloc(inputs, sizeof(*c->aims));
	c->starts = buf_alloc(inputs, (c->request->sequence_count + 1) * sizeof(*c->starts));
	if (!c->moments || !c->part || !c->aims || !c->starts)
		return ERR_NOMEM;
	for (size_t i = 0; i < inputs && !code; i++) {
		code = moments_create(&c->moments[i], input_at(c, turn->first + i)->columns,
				      c->request->gram);
		if (!code)
			c->part[i + 1] = c->part[i] + moments_parts(&c->moments[i]);
	}
	return code;
}

static enum err
hand_out(struct calibration *c)
{
	enum err code = work_check(c->work);

	for (size_t i = 0; i < c->turn->end - c->turn->first && !code; i++) {
		struct statistics *statistics;

		code = moments_finish(&statistics, &c->moments[i], c->work);
		if (!code)
			code = c->outlet->take(c->outlet->ctx, c->order[c->turn->first + i],
					       statistics);
	}
	return code;
}

static void
end_turn(struct calibration *c)
{
	for (size_t i = c->turn->first; i < c->turn->end; i++) {
		if (c->moments)
			moments_free(&c->moments[i - c->turn->first]);
		c->capture[c->order[i]] = NULL;
	}
	buf_free(c->moments);
	buf_free(c->part);
	buf_free(c->aims);
	buf_free(c->starts);
	c->moments = NULL;
	c->part = NULL;
	c->aims = NULL;
	c->starts = NULL;
}

static enum err
run_turn(struct calibration *c, size_t index)
{
	bool keep = is_kept(c, index);
	enum err code = begin_turn(c, &c->turns[index]);

	for (size_t first = 0, end; first < c->passage.count && !code; first = end) {
		end = batch_end(c, first);
		code = run_batch(c, first, end, keep);
	}
	if (!code)
		code = hand_out(c);
	end_turn(c);
	return code;
}

/* Two states of every sequence: the one entering a block and the one leaving it. */
static enum err
own_states(struct calibration *c)
{
	const struct calibration_request *r = c->request;
	size_t tokens = passage_tokens(&c->passage, 0, r->sequence_count);

	return states_create(&c->passage.states,
			     2 * tokens * r->model->shape.hidden * sizeof(float), NULL);
}

static enum err
run(struct calibration *c)
{
	const struct calibration_request *r = c->request;
	enum err code = OK;

	if (!r->states && (code = own_states(c)))
		return code;
	if (!(c->capture = buf_alloc(r->model->input_count, sizeof(*c->capture))))
		return ERR_NOMEM;
	if ((code = passage_open(&c->passage)) || (code = sort_inputs(c)) ||
	    (code = make_turns(c)) || (code = make_room(c)))
		return code;
	expect(c);
	for (size_t i = 0; i < c->turn_count && !code; i++)
		code = run_turn(c, i);
	return code;
}

enum err
calibration_each(const struct calibration_request *request, const struct calibration_outlet *outlet,
		 const struct work *work)
{
	struct calibration c = { .request = request,
				 .outlet = outlet,
				 .work = work,
				 .passage = { .model = request->model,
					      .overlay = request->overlay,
					      .sequences = request->sequences,
					      .count = request->sequence_count,
					      .states = request->states } };
	enum err code = run(&c);

	if (!request->states)
		states_free(c.passage.states);
	passage_close(&c.passage);
	buf_free(c.order);
	buf_free(c.turns);
	buf_free(c.capture);
	buf_free(c.captured);
	return code;
}

static enum err
take_all(void *ctx, int input, struct statistics *statistics)
{
	struct statistics **out = ctx;

	out[input] = statistics;
	return OK;
}

enum err
calibration_run(struct statistics **out, const struct calibration_request *request,
		const struct work *work)
{
	struct calibration_outlet outlet = { take_all, out };
	size_t inputs = request->model->input_count;
	enum err code;

	memset(out, 0, inputs * sizeof(struct statistics *));
	code = calibration_each(request, &outlet, work);
	for (size_t i = 0; i < inputs && code; i++) {
		statistics_free(out[i]);
		out[i] = NULL;
	}
	return code;
}
