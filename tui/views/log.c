/* What commands, jobs and libraries said; the newest at the bottom. */
#include "tui/view.h"

#include <stdio.h>

static void
log_label(char *out, size_t capacity, const struct app *app)
{
	if (app->log_back)
		snprintf(out, capacity, "%d lines back", app->log_back);
	else
		snprintf(out, capacity, "%zu lines", app->log.count);
}

static void
log_draw(struct app *app, struct canvas *canvas, struct rect at)
{
	static const enum role roles[] = {
		[LOG_NOTE] = ROLE_DIM, [LOG_DATA] = ROLE_TEXT, [LOG_ERROR] = ROLE_BAD
	};
	int end = (int)app->log.count - app->log_back, first = end - at.rows;

	if (!app->log.count)
		view_empty(canvas, at, "nothing was said yet");
	if (first < 0)
		first = 0;
	for (int i = first; i < end; i++) {
		const struct log_line *line = log_at(&app->log, (size_t)i);

		canvas_fit(canvas, at, i - first, 0, at.columns, roles[line->kind], line->text);
	}
}

static bool
scroll(struct app *app, int lines)
{
	int most = (int)app->log.count - 1;

	app->log_back += lines;
	if (app->log_back > most)
		app->log_back = most;
	if (app->log_back < 0)
		app->log_back = 0;
	return true;
}

static bool
log_request(struct app *app, enum request request)
{
	switch (request) {
	case REQUEST_up:
		return scroll(app, 1);
	case REQUEST_down:
		return scroll(app, -1);
	case REQUEST_page_up:
		return scroll(app, 10);
	case REQUEST_page_down:
		return scroll(app, -10);
	case REQUEST_first:
		return scroll(app, LOG_LINES);
	case REQUEST_last:
		return scroll(app, -LOG_LINES);
	default:
		return false;
	}
}

const struct view view_log = {
	.name = "log",
	.title = "log",
	.label = log_label,
	.draw = log_draw,
	.request = log_request,
};
