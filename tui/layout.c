/* Three arrangements: everything side by side; four places of which two are shared; one view. */
#include "tui/layout.h"

#include <string.h>

static int
clamp(int value, int low, int high)
{
	return value < low ? low : value > high ? high : value;
}

/* Of the views that share a place, that which had the focus last. */
static enum view_id
latest(const struct layout_request *request, const enum view_id *set, int count)
{
	for (int i = 0; i < VIEW_COUNT; i++)
		for (int j = 0; j < count; j++)
			if (request->recent[i] == set[j])
				return set[j];
	return set[0];
}

/* Four places: map and signal above, control and perplexity below. */
static void
arrange_small(struct layout *out, const struct layout_request *request, struct rect body)
{
	static const enum view_id signal[] = { VIEW_histogram, VIEW_channels };
	static const enum view_id control[] = { VIEW_knobs, VIEW_jobs, VIEW_log };
	int top = (body.rows + 1) / 2;
	int left = clamp(body.columns * 2 / 5, 27, 46);
	struct rect a = { body.row, 0, top, left };
	struct rect b = { body.row, left, top, body.columns - left };
	struct rect c = { body.row + top, 0, body.rows - top, left };
	struct rect d = { body.row + top, left, body.rows - top, body.columns - left };

	out->views[VIEW_map] = a;
	out->views[latest(request, signal, 2)] = b;
	out->views[latest(request, control, 3)] = c;
	out->views[VIEW_perplexity] = d;
}

/* A column of three views; the middle one takes `middle` rows, the lowest `low`. */
static void
stack(struct layout *out, struct rect at, const enum view_id ids[3], int middle, int low)
{
	int high = at.rows - middle - low;

	out->views[ids[0]] = (struct rect){ at.row, at.column, high, at.columns };
	out->views[ids[1]] = (struct rect){ at.row + high, at.column, middle, at.columns };
	out->views[ids[2]] = (struct rect){ at.row + high + middle, at.column, low, at.columns };
}

static void
arrange_large(struct layout *out, struct rect body)
{
	static const enum view_id left_ids[3] = { VIEW_map, VIEW_knobs, VIEW_jobs };
	static const enum view_id right_ids[3] = { VIEW_histogram, VIEW_channels, VIEW_perplexity };
	int log = clamp(body.rows / 6, 5, 12), upper = body.rows - log;
	int width = clamp(body.columns * 2 / 5, 38, 64);
	struct rect left = { body.row, 0, upper, width };
	struct rect right = { body.row, width, upper, body.columns - width };

	stack(out, left, left_ids, clamp(upper * 2 / 5, 11, 16), clamp(upper / 5, 5, 10));
	stack(out, right, right_ids, clamp(upper * 3 / 10, 6, 16), clamp(upper * 3 / 8, 11, 14));
	out->views[VIEW_log] = (struct rect){ body.row + upper, 0, log, body.columns };
}

struct layout
layout_of(const struct layout_request *request)
{
	struct layout out;
	int rows = request->rows, columns = request->columns;
	struct rect body = { 1, 0, rows - 3, columns };

	memset(&out, 0, sizeof(out));
	if (rows < LAYOUT_ROWS || columns < LAYOUT_COLUMNS) {
		out.too_small = true;
		if (rows > 0 && columns > 0)
			out.title = (struct rect){ 0, 0, 1, columns };
		return out;
	}
	out.title = (struct rect){ 0, 0, 1, columns };
	out.echo = (struct rect){ rows - 2, 0, 1, columns };
	out.status = (struct rect){ rows - 1, 0, 1, columns };
	if (request->zoom)
		out.views[request->focus] = body;
	else if (rows >= 36 && columns >= 90)
		arrange_large(&out, body);
	else
		arrange_small(&out, request, body);
	return out;
}
