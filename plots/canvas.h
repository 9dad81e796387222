#ifndef PLOTS_CANVAS_H
#define PLOTS_CANVAS_H

#include "core/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A grid of character cells in memory: what every picture for a terminal is drawn on. Knows no
 * terminal. Every character is one cell wide; text from outside is made visible and cut to width.
 */

/* What a colour means; tui maps roles to the terminal's depth, SVG and PNG to fixed colours. RAMP_0
 * to RAMP_0 + RAMP_STEPS - 1 is the sequential ramp of heat maps, DIVERGE likewise for signed
 * values. */
enum { RAMP_STEPS = 6, DIVERGE_STEPS = 7 };
enum role {
	ROLE_TEXT,
	ROLE_DIM,
	ROLE_TITLE,
	ROLE_ACCENT,
	ROLE_GOOD,
	ROLE_BAD,
	ROLE_WARN,
	ROLE_CURSOR,
	ROLE_CURRENT,
	ROLE_GHOST,
	ROLE_KEY,
	ROLE_BORDER,
	ROLE_RAMP_0,
	ROLE_DIVERGE_0 = ROLE_RAMP_0 + RAMP_STEPS,
	ROLE_COUNT = ROLE_DIVERGE_0 + DIVERGE_STEPS
};

struct cell {
	int32_t glyph;            /* code point, one column wide; never 0 */
	uint8_t role, background; /* enum role; background ROLE_TEXT: the terminal's own */
	bool bold, reverse;
};

struct canvas {
	int rows, columns;
	struct cell *cells; /* (rows, columns) */
	bool ascii;         /* draw with ASCII alone */
	bool mono;          /* no colour: meaning must show in glyphs */
};

struct rect {
	int row, column, rows, columns;
};

/* Up to CANVAS_MOST rows and columns; 0 is allowed and draws nothing. */
enum { CANVAS_MOST = 4096 };
enum err canvas_create(struct canvas **out, int rows, int columns, bool ascii, bool mono);
void canvas_free(struct canvas *canvas);
void canvas_clear(struct canvas *canvas);

/* All drawing is clipped to the canvas and, with a rect, to it. Coordinates in a rect are its own.
 * A glyph that is not one column wide for certain becomes '?'; an ASCII canvas gets the nearest
 * ASCII character. */
void canvas_put(struct canvas *canvas, int row, int column, int32_t glyph, enum role role);
void canvas_fill(struct canvas *canvas, struct rect at, int32_t glyph, enum role role);

/* The cell there, to set its background, bold or reverse; NULL outside the canvas. */
struct cell *canvas_at(struct canvas *canvas, int row, int column);

/* Columns that a text will take on this canvas (an ASCII canvas spells ± as +-). */
int canvas_width(const struct canvas *canvas, const char *text);

/* Draw at most `width` columns of a text; one that is longer ends in a mark. Returns the column
 * after it. */
int canvas_fit(struct canvas *canvas, struct rect at, int row, int column, int width,
	       enum role role, const char *text);
int canvas_text(struct canvas *canvas, struct rect at, int row, int column, enum role role,
		const char *text); /* UTF-8; returns the column after it */
int canvas_print(struct canvas *canvas, struct rect at, int row, int column, enum role role,
		 const char *fmt, ...) __attribute__((format(printf, 6, 7)));
void canvas_box(struct canvas *canvas, struct rect at, const char *title, bool focused);
struct rect rect_inside(struct rect box); /* without its border */
struct rect rect_part(struct rect at, int row, int column, int rows, int columns); /* clipped */

/* Rows of text, trailing blanks cut, '\n' ended: for :save-display and tests. Owned by the caller.
 */
enum err canvas_dump(char **out, const struct canvas *canvas);

#endif
