/* What the whole model lost, text by text: baseline, now, the paired difference with its error. */
#include "tui/view.h"

#include <stdio.h>
#include <string.h>

static void
perplexity_label(char *out, size_t capacity, const struct app *app)
{
	snprintf(out, capacity, "%s%s", app->scene.protocol,
		 workspace_manual(app->workspace) ? ", on e" : "");
}

/* Columns in the order in which they are given up when it gets narrow: the last first. */
struct figure {
	const char *head;
	int width;
	void (*print)(char *out, size_t capacity, const struct eval_result *result);
};

/* A ruined model's perplexity has many digits before the point, and the column is narrow. */
static void
print_perplexity(char *out, size_t capacity, double ppl)
{
	snprintf(out, capacity, ppl < 9999.9995 ? "%.3f" : ppl < 9999999.5 ? "%.0f" : "%.2e", ppl);
}

static void
print_baseline(char *out, size_t capacity, const struct eval_result *result)
{
	print_perplexity(out, capacity, result->baseline_ppl);
}

static void
print_now(char *out, size_t capacity, const struct eval_result *result)
{
	print_perplexity(out, capacity, result->ppl);
}

static void
print_delta(char *out, size_t capacity, const struct eval_result *result)
{
	snprintf(out, capacity, "%+.4f ±%.4f", result->delta.mean, result->delta.se);
}

static void
print_kl(char *out, size_t capacity, const struct eval_result *result)
{
	snprintf(out, capacity, "%.4f", result->kl_mean);
}

static void
print_top(char *out, size_t capacity, const struct eval_result *result)
{
	snprintf(out, capacity, "%.2f%%", 100 * result->top1_share);
}

static void
print_kl99(char *out, size_t capacity, const struct eval_result *result)
{
	snprintf(out, capacity, "%.3f", result->kl_q99);
}

static void
print_ratio(char *out, size_t capacity, const struct eval_result *result)
{
	snprintf(out, capacity, "x%.4f", result->ppl_ratio);
}

static void
print_scored(char *out, size_t capacity, const struct eval_result *result)
{
	snprintf(out, capacity, "%zu", result->scored);
}

static const struct figure figures[] = {
	{ "\xce\x94NLL", 16, print_delta }, { "ppl", 9, print_now },
	{ "baseline", 9, print_baseline },  { "KL", 8, print_kl },
	{ "top-1", 8, print_top },          { "ratio", 9, print_ratio },
	{ "KL 99%", 8, print_kl99 },        { "scored", 7, print_scored },
};

enum { FIGURES = sizeof(figures) / sizeof(figures[0]) };

/* Room for second_language where there is room. */
static int
name_width(int columns)
{
	return columns < 64 ? 10 : 15;
}

static int
fitting(int columns)
{
	int count = 0, used = name_width(columns) + 2;

	while (count < FIGURES && used + figures[count].width <= columns)
		used += figures[count++].width;
	return count;
}

static void
right(struct canvas *canvas, struct rect at, int row, int end, enum role role, const char *text)
{
	canvas_text(canvas, at, row, end - canvas_width(canvas, text), role, text);
}

/* "stories.evaluation" is read as stories, a path as its last part. */
static void
short_title(char out[64], const char *name)
{
	const char *slash = strrchr(name, '/');
	const char *end;

	name = slash ? slash + 1 : name;
	end = strstr(name, ".evaluation");
	snprintf(out, 64, "%.*s", end ? (int)(end - name) : 63, name);
}

/* A difference of more than two standard errors is told from chance by its colour and a mark. */
static enum role
delta_role(const struct scene_text *text)
{
	const struct nll *delta = &text->result.delta;

	if (text->state != RESULT_READY)
		return ROLE_DIM;
	if (delta->mean > 2 * delta->se)
		return ROLE_BAD;
	return delta->mean < -2 * delta->se ? ROLE_GOOD : ROLE_TEXT;
}

static void
draw_text(struct canvas *canvas, struct rect at, int row, const struct scene_text *text, int count)
{
	static const char *const marks[] = { " ", ".", "~", " ", "!" };
	char title[64], value[40];
	int room = name_width(at.columns), end = room + 2;

	short_title(title, text->name);
	canvas_text(canvas, at, row, 0, text->state == RESULT_FAILED ? ROLE_BAD : ROLE_WARN,
		    marks[text->state]);
	canvas_fit(canvas, at, row, 1, room, ROLE_TEXT, title);
	if (text->state == RESULT_FAILED) {
		canvas_fit(canvas, at, row, end, at.columns - end, ROLE_BAD, text->error);
		return;
	}
	for (int i = 0; i < count; i++) {
		end += figures[i].width;
		if (!text->has) {
			right(canvas, at, row, end, ROLE_DIM, "-");
			continue;
		}
		figures[i].print(value, sizeof(value), &text->result);
		right(canvas, at, row, end,
		      i == 0                        ? delta_role(text)
		      : text->state == RESULT_READY ? ROLE_TEXT
						    : ROLE_DIM,
		      value);
	}
}

static void
perplexity_draw(struct app *app, struct canvas *canvas, struct rect at)
{
	const struct scene *scene = &app->scene;
	int name = name_width(at.columns), count = fitting(at.columns), end = name + 2;
	int rows = at.rows - 1, first = 0;

	if (!scene->open)
		return;
	if (app->text_row >= rows)
		first = app->text_row - rows + 1;
	for (int i = 0; i < count; i++) {
		end += figures[i].width;
		right(canvas, at, 0, end, ROLE_DIM, figures[i].head);
	}
	for (int i = 0; i < rows && first + i < (int)scene->text_count; i++)
		draw_text(canvas, at, 1 + i, &scene->texts[first + i], count);
	if (app->place.focus == VIEW_perplexity && app->text_row - first < rows)
		for (int i = 0; i <= name; i++) {
			struct cell *cell = canvas_at(canvas, at.row + 1 + app->text_row - first,
						      at.column + i);

			if (cell)
				cell->reverse = true;
		}
	if (!scene->text_count)
		view_empty(canvas, at, "no text: :evaluate FILE");
}

static bool
perplexity_request(struct app *app, enum request request)
{
	int last = (int)app->scene.text_count - 1;

	switch (request) {
	case REQUEST_up:
		app->text_row -= app->text_row > 0;
		return true;
	case REQUEST_down:
		app->text_row += app->text_row < last;
		return true;
	case REQUEST_first:
		app->text_row = 0;
		return true;
	case REQUEST_last:
		app->text_row = last > 0 ? last : 0;
		return true;
	default:
		return false;
	}
}

const struct view view_perplexity = {
	.name = "perplexity",
	.title = "perplexity",
	.label = perplexity_label,
	.draw = perplexity_draw,
	.request = perplexity_request,
};
