#include "plots/canvas.h"

#include "core/buf.h"
#include "core/text.h"
#include "plots/glyphs.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct cell blank = { .glyph = ' ', .role = ROLE_TEXT, .background = ROLE_TEXT };

enum err
canvas_create(struct canvas **out, int rows, int columns, bool ascii, bool mono)
{
	struct canvas *canvas;

	*out = NULL;
	if (rows < 0 || columns < 0 || rows > CANVAS_MOST || columns > CANVAS_MOST)
		return err_set(ERR_RANGE, "a screen of %d rows, %d columns; at most %d each", rows,
			       columns, CANVAS_MOST);
	if (!(canvas = buf_alloc(1, sizeof(*canvas))))
		return ERR_NOMEM;
	canvas->rows = rows;
	canvas->columns = columns;
	canvas->ascii = ascii;
	canvas->mono = mono;
	canvas->cells = buf_alloc((size_t)rows * (size_t)columns, sizeof(*canvas->cells));
	if (!canvas->cells) {
		buf_free(canvas);
		return ERR_NOMEM;
	}
	canvas_clear(canvas);
	*out = canvas;
	return OK;
}

void
canvas_free(struct canvas *canvas)
{
	if (!canvas)
		return;
	buf_free(canvas->cells);
	buf_free(canvas);
}

void
canvas_clear(struct canvas *canvas)
{
	for (size_t i = 0; i < (size_t)canvas->rows * (size_t)canvas->columns; i++)
		canvas->cells[i] = blank;
}

struct cell *
canvas_at(struct canvas *canvas, int row, int column)
{
	if (row < 0 || column < 0 || row >= canvas->rows || column >= canvas->columns)
		return NULL;
	return &canvas->cells[(size_t)row * (size_t)canvas->columns + (size_t)column];
}

void
canvas_put(struct canvas *canvas, int row, int column, int32_t glyph, enum role role)
{
	struct cell *cell = canvas_at(canvas, row, column);

	if (!cell)
		return;
	*cell = blank;
	cell->role = (uint8_t)role;
	if (!glyph_is_single(glyph))
		cell->glyph = '?';
	else
		cell->glyph = canvas->ascii ? *glyph_ascii(glyph) : glyph;
}

void
canvas_fill(struct canvas *canvas, struct rect at, int32_t glyph, enum role role)
{
	at = rect_part((struct rect){ 0, 0, canvas->rows, canvas->columns }, at.row, at.column,
		       at.rows, at.columns);
	for (int row = 0; row < at.rows; row++)
		for (int column = 0; column < at.columns; column++)
			canvas_put(canvas, at.row + row, at.column + column, glyph, role);
}

/* The next character of a text as glyphs of one column each, ended by 0; false at the end. */
static bool
next_glyphs(int32_t out[16], const struct canvas *canvas, const char **text)
{
	char piece[16];
	size_t length = strnlen(*text, 4), used = 0, n, count = 0;

	out[0] = 0;
	if (!length)
		return false;
	text_decode(*text, length, &used);
	n = text_visible(piece, sizeof(piece), *text, used);
	*text += used;
	for (size_t at = 0; at < n && count < 15;) {
		int32_t code = text_decode(piece, n, &at);

		if (code == 0xa0)
			code = ' ';
		if (glyph_is_combining(code))
			continue;
		if (!canvas->ascii) {
			out[count++] = glyph_is_single(code) ? code : '?';
			continue;
		}
		for (const char *p = glyph_ascii(code); *p && count < 15; p++)
			out[count++] = *p;
	}
	out[count] = 0;
	return true;
}

int
canvas_width(const struct canvas *canvas, const char *text)
{
	int32_t glyphs[16];
	int width = 0;

	while (width < 2 * CANVAS_MOST && next_glyphs(glyphs, canvas, &text))
		for (const int32_t *glyph = glyphs; *glyph; glyph++)
			width++;
	return width;
}

static void
put_in(struct canvas *canvas, struct rect at, int row, int column, int32_t glyph, enum role role)
{
	if (row >= 0 && row < at.rows && column >= 0 && column < at.columns)
		canvas_put(canvas, at.row + row, at.column + column, glyph, role);
}

int
canvas_text(struct canvas *canvas, struct rect at, int row, int column, enum role role,
	    const char *text)
{
	int32_t glyphs[16];

	while (column < at.columns && next_glyphs(glyphs, canvas, &text))
		for (const int32_t *glyph = glyphs; *glyph && column < at.columns; glyph++)
			put_in(canvas, at, row, column++, *glyph, role);
	return column;
}

int
canvas_fit(struct canvas *canvas, struct rect at, int row, int column, int width, enum role role,
	   const char *text)
{
	struct rect part = at;

	if (width <= 0)
		return column;
	if (part.columns > column + width)
		part.columns = column + width;
	if (canvas_width(canvas, text) <= width)
		return canvas_text(canvas, part, row, column, role, text);
	canvas_text(canvas, part, row, column, role, text);
	put_in(canvas, at, row, column + width - 1, 0x2026, role);
	return column + width;
}

int
canvas_print(struct canvas *canvas, struct rect at, int row, int column, enum role role,
	     const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return canvas_text(canvas, at, row, column, role, text);
}

/* Corners, horizontal, vertical. The focused box differs in its glyphs, not only in its colour. */
static const int32_t lines[2][6] = {
	{ 0x250c, 0x2510, 0x2514, 0x2518, 0x2500, 0x2502 },
	{ 0x250f, 0x2513, 0x2517, 0x251b, 0x2501, 0x2503 },
};

static void
box_lines(struct canvas *canvas, struct rect at, const int32_t *line, enum role role)
{
	int right = at.columns - 1, bottom = at.rows - 1;

	for (int column = 1; column < right; column++) {
		put_in(canvas, at, 0, column, line[4], role);
		put_in(canvas, at, bottom, column, line[4], role);
	}
	for (int row = 1; row < bottom; row++) {
		put_in(canvas, at, row, 0, line[5], role);
		put_in(canvas, at, row, right, line[5], role);
	}
	put_in(canvas, at, 0, 0, line[0], role);
	put_in(canvas, at, 0, right, line[1], role);
	put_in(canvas, at, bottom, 0, line[2], role);
	put_in(canvas, at, bottom, right, line[3], role);
}

void
canvas_box(struct canvas *canvas, struct rect at, const char *title, bool focused)
{
	int room = at.columns - 4, end;

	if (at.rows < 2 || at.columns < 2)
		return;
	box_lines(canvas, at, lines[focused], focused ? ROLE_ACCENT : ROLE_BORDER);
	if (!title || !*title || room < 1)
		return;
	put_in(canvas, at, 0, 1, ' ', ROLE_TITLE);
	end = canvas_fit(canvas, at, 0, 2, room, ROLE_TITLE, title);
	put_in(canvas, at, 0, end, ' ', ROLE_TITLE);
	for (int column = 2; focused && column < end; column++) {
		struct cell *cell = canvas_at(canvas, at.row, at.column + column);

		if (cell)
			cell->bold = true;
	}
}

struct rect
rect_inside(struct rect box)
{
	return rect_part(box, 1, 1, box.rows - 2, box.columns - 2);
}

struct rect
rect_part(struct rect at, int row, int column, int rows, int columns)
{
	struct rect part = { at.row, at.column, 0, 0 };
	int top = row > 0 ? row : 0, left = column > 0 ? column : 0;
	int bottom = row + rows < at.rows ? row + rows : at.rows;
	int right = column + columns < at.columns ? column + columns : at.columns;

	if (bottom <= top || right <= left)
		return part;
	return (struct rect){ at.row + top, at.column + left, bottom - top, right - left };
}

/* One row as UTF-8 without trailing blanks and with its line end; returns the bytes written. */
static size_t
dump_row(char *out, const struct cell *cells, int columns)
{
	size_t used = 0;

	while (columns > 0 && cells[columns - 1].glyph == ' ')
		columns--;
	for (int column = 0; column < columns; column++)
		used += text_encode(out + used, cells[column].glyph);
	out[used++] = '\n';
	return used;
}

enum err
canvas_dump(char **out, const struct canvas *canvas)
{
	size_t columns = (size_t)canvas->columns, used = 0;
	char *text = buf_alloc((size_t)canvas->rows * (4 * columns + 1) + 1, 1);

	*out = text;
	if (!text)
		return ERR_NOMEM;
	for (int row = 0; row < canvas->rows; row++)
		used += dump_row(text + used, &canvas->cells[(size_t)row * columns],
				 canvas->columns);
	return OK;
}
