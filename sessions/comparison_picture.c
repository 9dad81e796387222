/* Rise in loss against bits per weight. Differences range from below the error bars to whole nats,
 * and some are negative: the axis is linear around zero and logarithmic beyond. */
#include "sessions/comparison_report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const double linear_below = 1e-3;

/* What candidates of one series have in common. */
static const char *
family(const struct contender *candidate)
{
	const struct quantizer *method = contender_method(candidate);

	if (candidate->kind != CONTENDER_RECIPE)
		return contender_kinds[candidate->kind];
	return method ? method->name : "recipes";
}

struct points {
	double *x, *y, *error;
	const char **labels;
	size_t count;
};

static bool
points_alloc(struct points *points, struct picture *picture, size_t count)
{
	points->x = picture_alloc(picture, count, sizeof(double));
	points->y = picture_alloc(picture, count, sizeof(double));
	points->error = picture_alloc(picture, count, sizeof(double));
	points->labels = picture_alloc(picture, count, sizeof(char *));
	return points->x && points->y && points->error && points->labels;
}

static void
add_point(struct points *points, const struct comparison *c, size_t index)
{
	struct figure delta = comparison_mean(c, index, figure_delta);

	points->x[points->count] = c->outcomes[index].bits.linear;
	points->y[points->count] = delta.mean;
	points->error[points->count] = delta.se;
	points->labels[points->count++] =
		comparison_on_front(c, index) ? c->candidates->list[index].name : NULL;
}

/* Past the last series that there is room for, all that is left goes into one. */
static void
add_series(struct picture *picture, struct points *points, const struct comparison *c, bool *taken,
	   size_t first)
{
	const struct contender *list = c->candidates->list;
	bool last = picture->data.series_count + 1 == PICTURE_SERIES;
	struct series *series = &picture->series[picture->data.series_count];
	char *name = picture->names[picture->data.series_count++];
	size_t before = points->count;

	snprintf(name, sizeof(picture->names[0]), "%s", last ? "others" : family(&list[first]));
	for (size_t i = first; i < c->candidates->count; i++) {
		if (taken[i] || (!last && strcmp(family(&list[i]), name)))
			continue;
		taken[i] = true;
		add_point(points, c, i);
	}
	*series = (struct series){ .name = name,
				   .x = points->x + before,
				   .y = points->y + before,
				   .error = points->error + before,
				   .labels = points->labels + before,
				   .count = points->count - before,
				   .role = ROLE_TEXT };
}

static void
describe(struct picture *out, const struct comparison *c)
{
	const char *path = engine_model(c->engine)->path, *slash = strrchr(path, '/');
	size_t used;

	snprintf(out->title, sizeof(out->title), "rise in loss against bits per weight");
	snprintf(out->note, sizeof(out->note), "%.80s; mean over", slash ? slash + 1 : path);
	for (size_t i = 0; i < c->setting.text_count; i++) {
		used = strlen(out->note);
		snprintf(out->note + used, sizeof(out->note) - used, " %.40s", c->setting.texts[i]);
	}
	out->data.note = out->note;
	out->data.x = (struct axis){ .label = "bits per weight, linear layers", .log = true };
	out->data.y =
		(struct axis){ .label = "rise in loss, nats per token", .knee = linear_below };
	out->data.front = true;
}

enum err
comparison_picture(struct picture *out, const struct comparison *c)
{
	size_t count = c->candidates->count;
	struct points points = { 0 };
	bool *taken;

	picture_init(out);
	taken = picture_alloc(out, count, sizeof(*taken));
	if (!taken || !points_alloc(&points, out, count))
		return ERR_NOMEM;
	for (size_t i = 0; i < count; i++)
		if (!taken[i])
			add_series(out, &points, c, taken, i);
	describe(out, c);
	return OK;
}
