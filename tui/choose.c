/* The methods over the whole screen, with their answers to whoever must choose one: typing filters,
 * Enter sets. */
#include "tui/choose.h"

#include "quantizers/quantizer.h"
#include "tui/app.h"
#include "tui/knob.h"

#include <stdio.h>
#include <string.h>

/* Every word of a method is searched: "vLLM" finds those that it serves, "2 bits" those that small.
 */
static bool
matches(const struct app *app, const struct quantizer *method)
{
	char all[3000];
	int n = snprintf(all, sizeof(all), "%s %s %s", method->name, method->family,
			 method->summary);

	for (const struct fact *fact = facts; fact->name && n < (int)sizeof(all); fact++)
		n += snprintf(all + n, sizeof(all) - (size_t)n, " %s",
			      fact_answer(&method->facts, fact));
	return picker_matches(&app->methods, all);
}

static int
matching(const struct app *app)
{
	int count = 0;

	for (size_t i = 0; quantizers[i]; i++)
		count += matches(app, quantizers[i]);
	return count;
}

static const struct quantizer *
chosen(const struct app *app)
{
	int n = app->methods.at;

	for (size_t i = 0; quantizers[i]; i++)
		if (matches(app, quantizers[i]) && n-- == 0)
			return quantizers[i];
	return NULL;
}

/* On the method that is set now. */
void
choose_open(struct app *app)
{
	struct layer_setting now = knob_setting(app);

	picker_open(&app->methods);
	for (int i = 0; now.method && quantizers[i]; i++)
		if (quantizers[i] == now.method)
			app->methods.at = i;
}

void
choose_key(struct app *app, int32_t key)
{
	const struct quantizer *method;
	char line[80];

	if (picker_key(&app->methods, key, matching(app)) != PICKER_TAKEN)
		return;
	method = chosen(app);
	if (!method) {
		app->methods.open = true;
		return;
	}
	snprintf(line, sizeof(line), "method %s", method->name);
	app_echo(app, "%s", line);
	app_line(app, line);
}

/* ------------------------------------------------------------------------ drawing */

static void
draw_method(struct canvas *canvas, struct rect at, int row, const struct quantizer *method)
{
	int family = 14, summary = at.columns < 76 ? family : family + 13;

	canvas_fit(canvas, at, row, 1, family - 2, ROLE_ACCENT, method->name);
	if (summary > family)
		canvas_fit(canvas, at, row, family, summary - family - 1, ROLE_DIM, method->family);
	canvas_fit(canvas, at, row, summary, at.columns - summary, ROLE_TEXT, method->summary);
}

enum { FACTS_TALL = 34 }; /* rows of a screen from which an answer may take two */

/* Rows for the answers and one above them, the same for every method so that nothing jumps. */
static int
fact_rows(int rows)
{
	int wanted = 1;

	for (const struct fact *fact = facts; fact->name; fact++)
		wanted += rows < FACTS_TALL ? 1 : 2;
	return wanted < rows - 9 ? wanted : rows - 9; /* a low screen keeps methods in sight */
}

/* Where a row of this width ends: at a blank where there is one. */
static int
row_end(const char *text, int width)
{
	int end = width;

	if ((int)strlen(text) <= width)
		return (int)strlen(text);
	while (end > 0 && text[end] != ' ')
		end--;
	return end ? end : width;
}

/* Over one row or two; returns how many. Answers are ASCII. */
static int
draw_answer(struct canvas *canvas, struct rect at, int row, int column, const char *text)
{
	int width = at.columns - column - 1, end = row_end(text, width);
	char first[400];

	if (!text[end] || row + 1 >= at.rows || end >= (int)sizeof(first)) {
		canvas_fit(canvas, at, row, column, width, ROLE_TEXT, text);
		return 1;
	}
	snprintf(first, sizeof(first), "%.*s", end, text);
	canvas_fit(canvas, at, row, column, width, ROLE_TEXT, first);
	canvas_fit(canvas, at, row + 1, column, width, ROLE_TEXT, text + end + (text[end] == ' '));
	return 2;
}

static void
draw_facts(struct canvas *canvas, struct rect at, const struct quantizer *method, bool tall)
{
	int answer = at.columns < 76 ? 26 : 40, row = 0;

	for (const struct fact *fact = facts; fact->name && row < at.rows; fact++) {
		const char *text = fact_answer(&method->facts, fact);

		canvas_fit(canvas, at, row, 1, answer - 2, ROLE_DIM, fact->question);
		if (tall)
			row += draw_answer(canvas, at, row, answer, text);
		else
			canvas_fit(canvas, at, row++, answer, at.columns - answer, ROLE_TEXT, text);
	}
}

void
choose_draw(struct app *app, struct canvas *canvas, struct rect at)
{
	int below = fact_rows(at.rows), n = 0;
	const struct quantizer *here = chosen(app);
	struct picker_rows rows = picker_draw(&app->methods, canvas, at,
					      "methods: type to filter, Enter sets, Esc closes",
					      matching(app), below);

	for (size_t i = 0; quantizers[i] && n - rows.first < rows.at.rows; i++) {
		if (!matches(app, quantizers[i]))
			continue;
		if (n >= rows.first) {
			draw_method(canvas, rows.at, n - rows.first, quantizers[i]);
			if (quantizers[i] == here)
				picker_mark(canvas, rows.at, n - rows.first);
		}
		n++;
	}
	rows.at.row += rows.at.rows + 1;
	rows.at.rows = below - 1;
	if (here)
		draw_facts(canvas, rows.at, here, at.rows >= FACTS_TALL);
}
