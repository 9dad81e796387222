#ifndef TUI_LAYOUT_H
#define TUI_LAYOUT_H

#include "plots/canvas.h"

#include <stdbool.h>

/* Where everything stands, as a pure function of the screen's size and of what has the focus.
 * Nothing overlaps, nothing leaves the screen; from LAYOUT_ROWS x LAYOUT_COLUMNS on, nothing shown
 * is empty. Where there is no room for all views, some share a place: the one that had the focus
 * last is shown. */
enum { LAYOUT_ROWS = 16, LAYOUT_COLUMNS = 60 };

enum view_id {
#define VIEW(name) VIEW_##name,
#include "tui/views.def"
#undef VIEW
	VIEW_COUNT,
	VIEW_NONE = -1
};

struct layout_request {
	int rows, columns;
	enum view_id focus;
	enum view_id recent[VIEW_COUNT]; /* all views, that which had the focus last first */
	bool zoom;                       /* the focused view alone */
};

struct layout {
	bool too_small; /* then only `title` has a place, for the one line that says so */
	struct rect title, views[VIEW_COUNT], echo, status; /* rows 0: not shown */
};

struct layout layout_of(const struct layout_request *request);

#endif
