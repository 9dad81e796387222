#include "plots/screen_svg.h"

#include "core/buf.h"
#include "core/file.h"
#include "core/text.h"
#include "plots/palette.h"
#include "plots/picture.h"
#include "plots/shapes.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Pixels. Eighths of both are whole or half, so blocks end on crisp edges. */
enum { CELL_WIDTH = 8, CELL_HEIGHT = 16, MARGIN = 12, FONT = 13, BASELINE = 12 };

struct svg {
	char *text;
	size_t used, capacity;
	bool failed;
};

static void __attribute__((format(printf, 2, 3))) add(struct svg *svg, const char *fmt, ...)
{
	char piece[256];
	va_list ap;
	int length;

	va_start(ap, fmt);
	length = vsnprintf(piece, sizeof(piece), fmt, ap);
	va_end(ap);
	if (svg->failed || length < 0 || (size_t)length >= sizeof(piece) ||
	    buf_grow(&svg->text, &svg->capacity, svg->used + (size_t)length + 1, 1)) {
		svg->failed = true;
		return;
	}
	memcpy(svg->text + svg->used, piece, (size_t)length + 1);
	svg->used += (size_t)length;
}

/* Thousandths of a pixel as text, since printf's point depends on the locale. */
static const char *
pixels(char out[24], double value)
{
	long thousandths = (long)(value * 1000 + (value < 0 ? -0.5 : 0.5));
	int length = snprintf(out, 24, "%ld.%03ld", thousandths / 1000, thousandths % 1000);

	while (out[length - 1] == '0')
		out[--length] = '\0';
	if (out[length - 1] == '.')
		out[--length] = '\0';
	return out;
}

static void
add_rect(struct svg *svg, double x, double y, double width, double height)
{
	char a[24], b[24], c[24], d[24];

	add(svg, "M%s %sh%sv%sh-%sz", pixels(a, x), pixels(b, y), pixels(c, width),
	    pixels(d, height), c);
}

/* Cells that continue a run: same colour behind. */
static void
add_backgrounds(struct svg *svg, const struct cell *cells, int columns, int top)
{
	for (int column = 0; column < columns;) {
		struct cell_look look = cell_look(&cells[column], false);
		int start = column++;

		while (column < columns) {
			struct cell_look next = cell_look(&cells[column], false);

			if (next.plain != look.plain || next.background != look.background)
				break;
			column++;
		}
		if (!look.plain)
			add(svg, "<path fill=\"#%06x\" d=\"M%d %dh%dv%dh-%dz\"/>\n",
			    look.background, MARGIN + start * CELL_WIDTH, top,
			    (column - start) * CELL_WIDTH, CELL_HEIGHT,
			    (column - start) * CELL_WIDTH);
	}
}

static bool
same_shape_style(const struct cell *a, const struct cell *b, double alpha)
{
	struct shape shapes[SHAPES_MOST];

	return shapes_of(shapes, b->glyph) && shapes[0].alpha == alpha &&
	       cell_look(a, false).text == cell_look(b, false).text;
}

/* Whole-width rectangles of equal cells are drawn as one; returns the cells that were taken. */
static int
add_cell_shapes(struct svg *svg, const struct cell *cells, int column, int columns, int top)
{
	struct shape shapes[SHAPES_MOST];
	int count = shapes_of(shapes, cells[column].glyph), run = 1;

	if (count == 1 && shapes[0].width == 1)
		while (column + run < columns && cells[column + run].glyph == cells[column].glyph &&
		       same_shape_style(&cells[column], &cells[column + run], shapes[0].alpha))
			run++;
	for (int i = 0; i < count; i++)
		add_rect(svg, MARGIN + (column + shapes[i].x) * CELL_WIDTH,
			 top + shapes[i].y * CELL_HEIGHT,
			 (shapes[i].width + (run - 1)) * CELL_WIDTH,
			 shapes[i].height * CELL_HEIGHT);
	return run;
}

/* One path for each run of shapes in one colour. */
static void
add_shapes(struct svg *svg, const struct cell *cells, int columns, int top)
{
	struct shape shapes[SHAPES_MOST];

	for (int column = 0; column < columns;) {
		const struct cell *first = &cells[column];
		double alpha;

		if (!shapes_of(shapes, first->glyph)) {
			column++;
			continue;
		}
		alpha = shapes[0].alpha;
		add(svg, "<path fill=\"#%06x\"", cell_look(first, false).text);
		if (alpha < 1)
			add(svg, " fill-opacity=\".%d\"", (int)(alpha * 100));
		add(svg, " d=\"");
		while (column < columns && same_shape_style(first, &cells[column], alpha))
			column += add_cell_shapes(svg, cells, column, columns, top);
		add(svg, "\"/>\n");
	}
}

static bool
is_text(const struct cell *cell)
{
	struct shape shapes[SHAPES_MOST];

	return cell->glyph != ' ' && !shapes_of(shapes, cell->glyph);
}

/* A run ends at shapes, at two blanks, and where colour or weight change. */
static int
text_run(const struct cell *cells, int column, int columns)
{
	uint32_t colour = cell_look(&cells[column], false).text;
	int end = column + 1;

	for (int i = end; i < columns && i <= end + 1; i++) {
		if (!is_text(&cells[i])) {
			if (cells[i].glyph != ' ')
				break;
			continue;
		}
		if (cell_look(&cells[i], false).text != colour ||
		    cells[i].bold != cells[column].bold)
			break;
		end = i + 1;
	}
	return end;
}

static void
add_glyph(struct svg *svg, int32_t glyph)
{
	char text[5] = "";

	if (glyph == '&' || glyph == '<' || glyph == '>') {
		add(svg, "&%s;", glyph == '&' ? "amp" : glyph == '<' ? "lt" : "gt");
		return;
	}
	text[text_encode(text, glyph)] = '\0';
	add(svg, "%s", text);
}

/* textLength keeps the columns whatever font the reader has. */
static void
add_texts(struct svg *svg, const struct cell *cells, int columns, int top)
{
	for (int column = 0; column < columns;) {
		int end;

		if (!is_text(&cells[column])) {
			column++;
			continue;
		}
		end = text_run(cells, column, columns);
		add(svg, "<text x=\"%d\" y=\"%d\" textLength=\"%d\" fill=\"#%06x\"%s>",
		    MARGIN + column * CELL_WIDTH, top + BASELINE, (end - column) * CELL_WIDTH,
		    cell_look(&cells[column], false).text,
		    cells[column].bold ? " font-weight=\"bold\"" : "");
		for (; column < end; column++)
			add_glyph(svg, cells[column].glyph);
		add(svg, "</text>\n");
	}
}

static int
side(int cells, int cell)
{
	return cells * cell + 2 * MARGIN;
}

enum err
canvas_svg(char **out, const struct canvas *canvas)
{
	struct svg svg = { .text = NULL };
	int width = side(canvas->columns, CELL_WIDTH), height = side(canvas->rows, CELL_HEIGHT);

	*out = NULL;
	add(&svg,
	    "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
	    "viewBox=\"0 0 %d %d\">\n",
	    width, height, width, height);
	add(&svg, "<rect width=\"%d\" height=\"%d\" rx=\"6\" fill=\"#%06x\"/>\n", width, height,
	    palette_paper(false));
	add(&svg, "<g font-family=\"DejaVu Sans Mono,Menlo,Consolas,monospace\" ");
	add(&svg, "font-size=\"%d\" xml:space=\"preserve\">\n", FONT);
	for (int row = 0; row < canvas->rows; row++) {
		const struct cell *cells = &canvas->cells[(size_t)row * (size_t)canvas->columns];
		int top = MARGIN + row * CELL_HEIGHT;

		add_backgrounds(&svg, cells, canvas->columns, top);
		add_shapes(&svg, cells, canvas->columns, top);
		add_texts(&svg, cells, canvas->columns, top);
	}
	add(&svg, "</g>\n</svg>\n");
	if (svg.failed) {
		buf_free(svg.text);
		return ERR_NOMEM;
	}
	*out = svg.text;
	return OK;
}

static void
set_colour(cairo_t *cairo, uint32_t rgb, double alpha)
{
	cairo_set_source_rgba(cairo, (rgb >> 16 & 255) / 255.0, (rgb >> 8 & 255) / 255.0,
			      (rgb & 255) / 255.0, alpha);
}

static void
fill_rect(cairo_t *cairo, double x, double y, double width, double height)
{
	cairo_rectangle(cairo, x, y, width, height);
	cairo_fill(cairo);
}

/* In units of the cell at the origin, but for the font. */
static void
draw_glyph(cairo_t *cairo, const struct cell *cell, uint32_t rgb)
{
	struct shape shapes[SHAPES_MOST];
	int count = shapes_of(shapes, cell->glyph);
	cairo_text_extents_t extents;
	char text[5] = "";

	for (int i = 0; i < count; i++) {
		set_colour(cairo, rgb, shapes[i].alpha);
		fill_rect(cairo, shapes[i].x * CELL_WIDTH, shapes[i].y * CELL_HEIGHT,
			  shapes[i].width * CELL_WIDTH, shapes[i].height * CELL_HEIGHT);
	}
	if (count || cell->glyph == ' ')
		return;
	text[text_encode(text, cell->glyph)] = '\0';
	cairo_select_font_face(cairo, "monospace", CAIRO_FONT_SLANT_NORMAL,
			       cell->bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
	cairo_set_font_size(cairo, FONT);
	cairo_text_extents(cairo, text, &extents);
	set_colour(cairo, rgb, 1);
	cairo_move_to(cairo, (CELL_WIDTH - extents.x_advance) / 2, BASELINE);
	cairo_show_text(cairo, text);
	cairo_new_path(cairo);
}

static void
draw_row(cairo_t *cairo, const struct cell *cells, int columns)
{
	for (int column = 0; column < columns; column++) {
		struct cell_look look = cell_look(&cells[column], false);

		cairo_save(cairo);
		cairo_translate(cairo, column * CELL_WIDTH, 0);
		if (!look.plain) {
			set_colour(cairo, look.background, 1);
			fill_rect(cairo, 0, 0, CELL_WIDTH, CELL_HEIGHT);
		}
		draw_glyph(cairo, &cells[column], look.text);
		cairo_restore(cairo);
	}
}

/* At twice the size, for sharp text. */
static void
draw_screen(cairo_t *cairo, double width, double height, const void *what)
{
	const struct canvas *canvas = what;

	set_colour(cairo, palette_paper(false), 1);
	fill_rect(cairo, 0, 0, width, height);
	cairo_scale(cairo, 2, 2);
	for (int row = 0; row < canvas->rows; row++) {
		cairo_save(cairo);
		cairo_translate(cairo, MARGIN, MARGIN + row * CELL_HEIGHT);
		draw_row(cairo, &canvas->cells[(size_t)row * (size_t)canvas->columns],
			 canvas->columns);
		cairo_restore(cairo);
	}
}

enum err
canvas_save(const struct canvas *canvas, const char *path)
{
	struct picture picture = { draw_screen, canvas, 2 * side(canvas->columns, CELL_WIDTH),
				   2 * side(canvas->rows, CELL_HEIGHT), NULL };
	enum picture_format format;
	char *svg;
	enum err err;

	if ((err = picture_format(&format, path)))
		return err;
	if (format == PICTURE_PNG)
		return picture_save(&picture, path);
	if (!(err = canvas_svg(&svg, canvas)))
		err = file_write(path, svg, strlen(svg), false);
	buf_free(svg);
	return err;
}
