/* What can be turned: generated from the parameters that the method declares. */
#include "tui/knob.h"
#include "tui/view.h"

#include <stdio.h>

static void
knobs_label(char *out, size_t capacity, const struct app *app)
{
	snprintf(out, capacity, "%s%s", app->scene.open ? "turn " : "",
		 app->scene.open ? app->scene.scope : "");
}

static void
draw_knob(struct canvas *canvas, struct rect at, int row, const struct scene_knob *knob, bool here)
{
	int value = at.columns < 34 ? 14 : 16;

	canvas_fit(canvas, at, row, 2, value - 3, here ? ROLE_ACCENT : ROLE_DIM, knob->name);
	canvas_text(canvas, at, row, 0, ROLE_ACCENT, here ? ">" : " ");
	canvas_fit(canvas, at, row, value, at.columns - value, here ? ROLE_TITLE : ROLE_TEXT,
		   knob->value);
	if (!here)
		return;
	for (int i = value; i < at.columns; i++) {
		struct cell *cell = canvas_at(canvas, at.row + row, at.column + i);

		if (cell && i < value + canvas_width(canvas, knob->value))
			cell->reverse = true;
	}
}

static void
knobs_draw(struct app *app, struct canvas *canvas, struct rect at)
{
	const struct scene *scene = &app->scene;
	int count = (int)scene->knob_count, first = 0, rows = at.rows;
	bool helped = rows >= 5;

	if (!scene->open)
		return;
	if (app->knob >= count)
		app->knob = count - 1;
	rows -= helped;
	if (app->knob >= rows)
		first = app->knob - rows + 1;
	for (int i = 0; i < rows && first + i < count; i++)
		draw_knob(canvas, at, i, &scene->knobs[first + i], first + i == app->knob);
	if (helped)
		canvas_fit(canvas, at, at.rows - 1, 0, at.columns, ROLE_DIM,
			   scene->knobs[app->knob].help);
}

static bool
turn(struct app *app, int direction)
{
	struct knob list[SCENE_KNOBS];
	size_t count = knob_list(list, SCENE_KNOBS, app);

	if ((size_t)app->knob < count)
		app_try(app, knob_turn(app, &list[app->knob], direction));
	return true;
}

static bool
knobs_request(struct app *app, enum request request)
{
	int last = (int)app->scene.knob_count - 1;

	switch (request) {
	case REQUEST_up:
		app->knob -= app->knob > 0;
		return true;
	case REQUEST_down:
		app->knob += app->knob < last;
		return true;
	case REQUEST_first:
		app->knob = 0;
		return true;
	case REQUEST_last:
		app->knob = last;
		return true;
	case REQUEST_left:
	case REQUEST_knob_down:
		return turn(app, -1);
	case REQUEST_right:
	case REQUEST_knob_up:
		return turn(app, 1);
	default:
		return false;
	}
}

const struct view view_knobs = {
	.name = "knobs",
	.title = "knobs",
	.label = knobs_label,
	.draw = knobs_draw,
	.request = knobs_request,
};
