/* The one place that draws: layout, views, then what lies over them. */
#include "tui/app.h"
#include "tui/choose.h"
#include "tui/prompt.h"
#include "tui/view.h"

#include <stdio.h>
#include <string.h>

static void
draw_title(const struct app *app, struct canvas *canvas, struct rect at)
{
	const struct scene *scene = &app->scene;
	char bits[60] = "";
	int column = canvas_text(canvas, at, 0, 0, ROLE_TITLE, " qscope ");

	if (!scene->open) {
		canvas_text(canvas, at, 0, column, ROLE_DIM, " no model is open");
		return;
	}
	if (scene->has_bits)
		snprintf(bits, sizeof(bits), "%.3f bits (whole model %.3f)", scene->bits.linear,
			 scene->bits.model);
	column = canvas_print(canvas, at, 0, column, ROLE_ACCENT, " %s", scene->model);
	column = canvas_print(canvas, at, 0, column, ROLE_DIM, "  %.2f M weights, %zu blocks",
			      (double)scene->parameters * 1e-6, scene->blocks);
	column = canvas_print(canvas, at, 0, column, ROLE_TEXT, "  %s", bits);
	if (at.columns > column + 20)
		canvas_print(canvas, at, 0, column, ROLE_DIM, "  %s",
			     scene->calibration.text[0] ? scene->calibration.text
							: "not calibrated");
}

static void
draw_view(struct app *app, struct canvas *canvas, enum view_id id, struct rect at)
{
	const struct view *view = view_at(id);
	char label[120] = "", title[200];

	if (at.rows < 1)
		return;
	view->label(label, sizeof(label), app);
	snprintf(title, sizeof(title), "%s%s%s", view->title, label[0] ? ": " : "", label);
	canvas_box(canvas, at, title, app->place.focus == id);
	view->draw(app, canvas, rect_inside(at));
}

static void
draw_echo(const struct app *app, struct canvas *canvas, struct rect at)
{
	int column = 0;

	if (app->asking_quit) {
		canvas_text(canvas, at, 0, 0, ROLE_WARN,
			    "jobs are running: leave anyway? y leaves, any other key stays");
		return;
	}
	if (workspace_question(app->workspace) && !prompt_active()) {
		canvas_fit(canvas, at, 0, 0, at.columns, ROLE_WARN,
			   workspace_question(app->workspace));
		return;
	}
	if (app->echo[0])
		column = canvas_print(canvas, at, 0, 0, ROLE_KEY, ":%s", app->echo) + 2;
	canvas_fit(canvas, at, 0, column, at.columns - column, app->message_role, app->message);
}

struct hint {
	const char *key, *words;
};

static void
draw_hints(struct canvas *canvas, struct rect at, int end)
{
	static const struct hint hints[] = {
		{ "?", "help" },   { ":", "command" }, { "Tab", "pane" },   { "m", "method" },
		{ "[ ]", "bits" }, { "+-", "knob" },   { "s", "scope" },    { "u", "undo" },
		{ "a", "A/B" },    { "c", "text" },    { "e", "evaluate" }, { "p", "picture" },
		{ "z", "zoom" },   { "q", "quit" }
	};
	int column = 0;

	for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
		int width = (int)(strlen(hints[i].key) + strlen(hints[i].words)) + 3;

		if (column + width > end)
			break;
		column = canvas_text(canvas, at, 0, column, ROLE_KEY, hints[i].key);
		column = canvas_text(canvas, at, 0, column + 1, ROLE_DIM, hints[i].words) + 2;
	}
}

static void
draw_status(const struct app *app, struct canvas *canvas, struct rect at)
{
	const struct scene *scene = &app->scene;
	char state[120] = "";
	int width;

	if (scene->job_count && scene->jobs[0].running && scene->jobs[0].total)
		snprintf(state, sizeof(state), "%.60s %.0f %%", scene->jobs[0].title,
			 100.0 * (double)scene->jobs[0].done / (double)scene->jobs[0].total);
	else if (scene->job_count)
		snprintf(state, sizeof(state), "%.80s", scene->jobs[0].title);
	else if (scene->open)
		snprintf(state, sizeof(state), "step %zu/%zu%s", scene->step + 1, scene->steps,
			 app->unsaved ? " *" : "");
	width = canvas_width(canvas, state);
	draw_hints(canvas, at, at.columns - width - 1);
	canvas_text(canvas, at, 0, at.columns - width, ROLE_WARN, state);
}

/* The list of what could stand at the cursor, upward from the line. */
static void
draw_candidates(struct canvas *canvas, struct rect screen)
{
	const struct candidates *candidates = prompt_candidates();
	int most = screen.rows - 4 < 10 ? screen.rows - 4 : 10;
	int count = (int)candidates->count < most ? (int)candidates->count : most, names = 12;
	struct rect at;

	if (count < 1)
		return;
	for (int i = 0; i < count; i++)
		if (canvas_width(canvas, candidates->list[i].text) > names)
			names = canvas_width(canvas, candidates->list[i].text);
	if (names > screen.columns / 2)
		names = screen.columns / 2;
	at = rect_part(screen, screen.rows - 2 - count - 2, 0, count + 2, screen.columns);
	canvas_fill(canvas, at, ' ', ROLE_TEXT);
	canvas_box(canvas, at,
		   (int)candidates->count > count ? "Tab completes; more follow" : "Tab completes",
		   true);
	at = rect_inside(at);
	for (int i = 0; i < count; i++) {
		canvas_fit(canvas, at, i, 0, names, ROLE_ACCENT, candidates->list[i].text);
		canvas_fit(canvas, at, i, names + 2, at.columns - names - 2, ROLE_DIM,
			   candidates->list[i].help);
	}
}

static struct frame_cursor
draw_prompt(struct canvas *canvas, const struct layout *layout)
{
	struct rect screen = { 0, 0, canvas->rows, canvas->columns };
	struct frame_cursor cursor = { -1, 0 };
	int column;

	draw_candidates(canvas, screen);
	column = prompt_draw(canvas, layout->echo);
	if (column >= 0)
		cursor = (struct frame_cursor){ layout->echo.row, column };
	return cursor;
}

struct frame_cursor
frame_draw(struct app *app, struct canvas *canvas)
{
	struct frame_cursor cursor = { -1, 0 };
	struct layout layout = layout_of(&app->place);

	canvas_clear(canvas);
	if (layout.too_small) {
		canvas_print(canvas, layout.title, 0, 0, ROLE_WARN, "needs %dx%d, is %dx%d",
			     LAYOUT_COLUMNS, LAYOUT_ROWS, app->place.columns, app->place.rows);
		return cursor;
	}
	app_try(app, scene_gather(app));
	draw_title(app, canvas, layout.title);
	for (int i = 0; i < VIEW_COUNT; i++)
		draw_view(app, canvas, (enum view_id)i, layout.views[i]);
	draw_status(app, canvas, layout.status);
	if (app->choice.open)
		models_draw(app, canvas, (struct rect){ 1, 0, canvas->rows - 3, canvas->columns });
	if (app->methods.open)
		choose_draw(app, canvas, (struct rect){ 1, 0, canvas->rows - 3, canvas->columns });
	if (app->help.open)
		help_draw(app, canvas, (struct rect){ 1, 0, canvas->rows - 2, canvas->columns });
	if (prompt_active())
		return draw_prompt(canvas, &layout);
	draw_echo(app, canvas, layout.echo);
	return cursor;
}
