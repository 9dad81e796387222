#include "tui/picker.h"

#include "tui/key.h"

#include <stdio.h>
#include <string.h>

void
picker_open(struct picker *picker)
{
	memset(picker, 0, sizeof(*picker));
	picker->open = true;
}

static void
type_key(struct picker *picker, int32_t key)
{
	size_t length = strlen(picker->filter);

	if (key == INPUT_BACKSPACE && length)
		picker->filter[length - 1] = '\0';
	if (key >= ' ' && key < 127 && length + 1 < sizeof(picker->filter)) {
		picker->filter[length] = (char)key;
		picker->filter[length + 1] = '\0';
	}
	picker->at = 0;
}

static int
step_of(int32_t key)
{
	switch (key) {
	case INPUT_DOWN:
	case '\t':
		return 1;
	case INPUT_UP:
	case INPUT_BACK_TAB:
		return -1;
	case INPUT_PAGE_DOWN:
		return 10;
	case INPUT_PAGE_UP:
		return -10;
	default:
		return 0;
	}
}

enum picker_answer
picker_key(struct picker *picker, int32_t key, int count)
{
	int step = step_of(key);

	if (key == INPUT_ESCAPE || key == ('C' & 0x1f)) {
		picker->open = false;
		return PICKER_CLOSED;
	}
	if (key == '\r' || key == '\n') {
		picker->open = false;
		return PICKER_TAKEN;
	}
	if (!step)
		type_key(picker, key);
	picker->at += step;
	if (picker->at >= count && step)
		picker->at = count - 1;
	if (picker->at < 0)
		picker->at = 0;
	return PICKER_STAYS;
}

bool
picker_matches(const struct picker *picker, const char *text)
{
	char copy[64], *save = NULL;

	snprintf(copy, sizeof(copy), "%s", picker->filter);
	for (char *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save))
		if (!strcasestr(text, word))
			return false;
	return true;
}

struct picker_rows
picker_draw(const struct picker *picker, struct canvas *canvas, struct rect at, const char *title,
	    int count, int below)
{
	struct picker_rows out = { .first = 0 };
	int rows = at.rows - 4 - below;

	canvas_fill(canvas, at, ' ', ROLE_TEXT);
	canvas_box(canvas, at, title, true);
	at = rect_inside(at);
	canvas_print(canvas, at, 0, 1, ROLE_TITLE, "> %s_", picker->filter);
	canvas_print(canvas, at, 0, at.columns - 14, ROLE_DIM, "%d entries", count);
	out.at = rect_part(at, 2, 0, rows, at.columns);
	if (picker->at >= rows)
		out.first = picker->at - rows + 1;
	return out;
}

void
picker_mark(struct canvas *canvas, struct rect at, int row)
{
	for (int i = 0; i < at.columns; i++) {
		struct cell *cell = canvas_at(canvas, at.row + row, at.column + i);

		if (cell)
			cell->reverse = true;
	}
}
