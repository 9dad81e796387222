#ifndef TUI_VIEW_H
#define TUI_VIEW_H

#include "tui/app.h"

/* A pane. It draws from the scene alone; a key it does not take goes on to the driver. */
struct view {
	const char *name, *title;
	/* Words beside the title, "" for none. */
	void (*label)(char *out, size_t capacity, const struct app *app);
	void (*draw)(struct app *app, struct canvas *canvas, struct rect at);
	bool (*request)(struct app *app, enum request request); /* true: taken; may be NULL */
};

#define VIEW(name) extern const struct view view_##name;
#include "tui/views.def"
#undef VIEW

const struct view *view_at(enum view_id id);
enum view_id view_find(const char *name); /* VIEW_NONE */

/* A line in the middle of an empty pane. */
void view_empty(struct canvas *canvas, struct rect at, const char *text);
/* "12.3 s", "1:05 min"; "" below zero. */
void view_seconds(char *out, size_t capacity, double seconds);

#endif
