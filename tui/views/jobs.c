/* What runs, how far it is, and what comes after it. */
#include "tui/view.h"

#include <stdio.h>

static void
jobs_label(char *out, size_t capacity, const struct app *app)
{
	if (app->scene.job_count)
		snprintf(out, capacity, "%zu to do", app->scene.job_count);
	else
		snprintf(out, capacity, "idle");
}

static void
draw_bar(struct canvas *canvas, struct rect at, int row, double share)
{
	int full = (int)(share * at.columns + 0.5);

	for (int i = 0; i < at.columns; i++)
		canvas_text(canvas, at, row, i, i < full ? ROLE_CURRENT : ROLE_BORDER,
			    i < full ? (canvas->ascii ? "#" : "\xe2\x96\x88")
				     : (canvas->ascii ? "-" : "\xe2\x96\x91"));
}

static int
draw_running(const struct app *app, struct canvas *canvas, struct rect at,
	     const struct job_view *job)
{
	char elapsed[24], left[24], times[64] = "";
	double share = job->total ? (double)job->done / (double)job->total : 0;

	view_seconds(elapsed, sizeof(elapsed), job->elapsed);
	view_seconds(left, sizeof(left), job->estimate);
	if (!app->timeless)
		snprintf(times, sizeof(times), "%s%s%s", elapsed, left[0] ? ", left " : "", left);
	canvas_fit(canvas, at, 0, 0, at.columns, ROLE_ACCENT, job->title);
	if (at.rows < 3)
		return 1;
	draw_bar(canvas, rect_part(at, 1, 0, 1, at.columns > 30 ? at.columns - 26 : 6), 0,
		 share > 1 ? 1 : share);
	canvas_print(canvas, at, 1, at.columns > 30 ? at.columns - 25 : 7, ROLE_TEXT,
		     "%3.0f %%  %s", 100 * share, times);
	return 2;
}

static void
jobs_draw(struct app *app, struct canvas *canvas, struct rect at)
{
	const struct scene *scene = &app->scene;
	size_t first = 0;
	int row = 0;

	if (!scene->job_count) {
		view_empty(canvas, at, "everything asked for is computed");
		return;
	}
	if (scene->jobs[0].running)
		row = draw_running(app, canvas, at, &scene->jobs[first++]);
	for (size_t i = first; i < scene->job_count && i < SCENE_JOBS && row < at.rows;
	     i++, row++) {
		if (row == at.rows - 1 && scene->job_count > i + 1)
			canvas_print(canvas, at, row, 2, ROLE_DIM, "and %zu more",
				     scene->job_count - i);
		else
			canvas_fit(canvas, at, row, 2, at.columns - 2, ROLE_DIM,
				   scene->jobs[i].title);
	}
}

const struct view view_jobs = {
	.name = "jobs",
	.title = "jobs",
	.label = jobs_label,
	.draw = jobs_draw,
};
