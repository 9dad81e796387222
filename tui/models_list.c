/* The models at hand over the whole screen: typing filters, Enter opens. */
#include "tui/models.h"

#include "tui/app.h"

#include <stdio.h>

enum { BELOW = 2 }; /* rows under the list, about the chosen one */

static bool
matches(const struct app *app, const struct catalog_entry *entry)
{
	char all[600];

	snprintf(all, sizeof(all), "%s %s %s %s", entry->name,
		 entry->architecture ? entry->architecture : "", entry->dtype ? entry->dtype : "",
		 catalog_places[entry->place]);
	return picker_matches(&app->choice, all);
}

static int
matching(const struct app *app, const struct catalog *catalog)
{
	int count = 0;

	for (size_t i = 0; catalog && i < catalog->count; i++)
		count += matches(app, &catalog->entries[i]);
	return count;
}

static const struct catalog_entry *
chosen(const struct app *app, const struct catalog *catalog)
{
	int n = app->choice.at;

	for (size_t i = 0; catalog && i < catalog->count; i++)
		if (matches(app, &catalog->entries[i]) && n-- == 0)
			return &catalog->entries[i];
	return NULL;
}

void
models_open(struct app *app)
{
	picker_open(&app->choice);
	models_want(app->models);
}

void
models_key(struct app *app, int32_t key)
{
	const struct catalog *catalog = models_want(app->models);
	const struct catalog_entry *entry;

	if (picker_key(&app->choice, key, matching(app, catalog)) != PICKER_TAKEN)
		return;
	if (!(entry = chosen(app, catalog))) {
		app->choice.open = true;
	} else if (entry->why) {
		app->choice.open = true; /* there are others */
		app_say(app, ROLE_BAD, "%.100s: %.280s", entry->name, entry->why);
	} else {
		app_echo(app, "open %s", entry->name);
		app_try(app, app_open_model(app, entry->name, false));
	}
}

/* ------------------------------------------------------------------------ drawing */

struct columns {
	int name, architecture, size, dtype, place, why; /* where each begins */
};

static struct columns
columns_of(int width)
{
	int name = width < 80 ? width - 36 : width < 120 ? 40 : 48;

	return (struct columns){ .name = 1,
				 .architecture = name,
				 .size = name + 13,
				 .dtype = name + 22,
				 .place = name + 28,
				 .why = name + 37 };
}

static void
draw_entry(struct canvas *canvas, struct rect at, int row, const struct catalog_entry *entry)
{
	struct columns c = columns_of(at.columns);
	enum role role = entry->why ? ROLE_DIM : ROLE_TEXT;
	char size[16] = "";

	if (entry->bytes)
		catalog_size(size, entry->bytes);
	canvas_fit(canvas, at, row, c.name, c.architecture - c.name - 1,
		   entry->why ? ROLE_DIM : ROLE_ACCENT, entry->name);
	canvas_fit(canvas, at, row, c.architecture, 12, role,
		   entry->architecture ? entry->architecture : "-");
	canvas_fit(canvas, at, row, c.size, 8, role, size);
	canvas_fit(canvas, at, row, c.dtype, 5, role, entry->dtype ? entry->dtype : "-");
	canvas_fit(canvas, at, row, c.place, 8, role, catalog_places[entry->place]);
	if (entry->why && at.columns > c.why + 10)
		canvas_fit(canvas, at, row, c.why, at.columns - c.why, ROLE_BAD, entry->why);
}

/* What the columns may have cut: the reason over two rows, else the path. */
static void
draw_chosen(struct canvas *canvas, struct rect at, const struct catalog_entry *entry)
{
	int width = at.columns - 2;

	if (!entry)
		return;
	if (!entry->why) {
		canvas_fit(canvas, at, 0, 1, width, ROLE_DIM, entry->path);
		return;
	}
	at.column++;
	at.columns = width;
	canvas_text(canvas, at, 0, 0, ROLE_BAD, entry->why);
	canvas_text(canvas, at, 1, -width, ROLE_BAD, entry->why);
}

void
models_draw(struct app *app, struct canvas *canvas, struct rect at)
{
	const struct catalog *catalog = models_want(app->models);
	struct picker_rows rows = picker_draw(&app->choice, canvas, at,
					      "models: type to filter, Enter opens, Esc closes",
					      matching(app, catalog), BELOW);
	int n = 0;

	if (!catalog)
		canvas_text(canvas, rows.at, 0, 1, ROLE_DIM, "looking for models");
	for (size_t i = 0; catalog && i < catalog->count && n - rows.first < rows.at.rows; i++) {
		if (!matches(app, &catalog->entries[i]))
			continue;
		if (n >= rows.first) {
			draw_entry(canvas, rows.at, n - rows.first, &catalog->entries[i]);
			if (n == app->choice.at)
				picker_mark(canvas, rows.at, n - rows.first);
		}
		n++;
	}
	rows.at.row += rows.at.rows;
	rows.at.rows = BELOW;
	draw_chosen(canvas, rows.at, chosen(app, catalog));
}
