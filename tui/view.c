#include "tui/view.h"

#include <stdio.h>
#include <string.h>

static const struct view *const views[] = {
#define VIEW(name) &view_##name,
#include "tui/views.def"
#undef VIEW
};

const struct view *
view_at(enum view_id id)
{
	return views[id];
}

enum view_id
view_find(const char *name)
{
	for (int i = 0; i < VIEW_COUNT; i++)
		if (!strcmp(views[i]->name, name))
			return (enum view_id)i;
	return VIEW_NONE;
}

void
view_empty(struct canvas *canvas, struct rect at, const char *text)
{
	int width = canvas_width(canvas, text);
	int column = width < at.columns ? (at.columns - width) / 2 : 0;

	canvas_fit(canvas, at, at.rows / 2, column, at.columns - column, ROLE_DIM, text);
}

void
view_seconds(char *out, size_t capacity, double seconds)
{
	if (seconds < 0)
		snprintf(out, capacity, "%s", "");
	else if (seconds < 60)
		snprintf(out, capacity, "%.1f s", seconds);
	else
		snprintf(out, capacity, "%d:%02d min", (int)seconds / 60, (int)seconds % 60);
}
