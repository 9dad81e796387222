/* One cell per block and module. Each shows its step as a digit (or the number itself where it
 * fits), so that no meaning hangs on colour. */
#include "plots/heatmap.h"

#include "core/text.h"
#include "plots/frame.h"
#include "plots/palette.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { CELL_MOST = 9, LEGEND_TICKS = 5 };

struct scale
heatmap_scale(const struct plot_data *data)
{
	struct extent extent = extent_none;
	enum scale_kind kind = data->value.log && !data->diverging ? SCALE_LOG10 : SCALE_LINEAR;

	for (size_t i = 0; i < data->rows * data->columns; i++)
		extent_add(&extent, data->cells[i], kind == SCALE_LOG10);
	if (data->diverging && extent.low <= extent.high) {
		extent.high = fmax(fabs(extent.low), fabs(extent.high));
		extent.low = -extent.high;
	}
	return scale_make(&data->value, extent, kind);
}

/* Where the grid stands and which part of the data is in view. */
struct grid {
	struct rect body; /* the cells */
	int label, cell;  /* columns of the row labels with their blank; of one cell */
	size_t first_row, rows, first_column, columns;
	int digits; /* of the numbers in cells; 0: steps of the scale from 0 to 9 instead */
};

/* A number for a cell: the short form, or with two digits an even shorter one. */
static const char *
cell_number(char *out, size_t capacity, double value, int digits)
{
	plot_number(out, capacity, value);
	if (digits == 2 && fabs(value) < 1 && isfinite(value) && value != 0)
		plot_short(out, capacity, value);
	return out;
}

/* All cells speak in the same way: numbers only where each of them fits between brackets. */
static bool
numbers_fit(const struct plot_data *data, int width, int digits)
{
	char text[32];

	for (size_t i = 0; i < data->rows * data->columns; i++)
		if (!isnan(data->cells[i]) &&
		    (int)strlen(cell_number(text, sizeof(text), data->cells[i], digits)) > width)
			return false;
	return true;
}

static int
choose_digits(const struct plot_data *data, int cell)
{
	if (cell < 6)
		return 0;
	return numbers_fit(data, cell - 2, 3) ? 3 : numbers_fit(data, cell - 2, 2) ? 2 : 0;
}

static size_t
scroll(size_t count, size_t room, int cursor)
{
	size_t at = cursor > 0 ? (size_t)cursor : 0;

	if (count <= room)
		return 0;
	at = at > room / 2 ? at - room / 2 : 0;
	return at + room > count ? count - room : at;
}

static int
label_width(const struct canvas *canvas, const struct plot_data *data, int columns)
{
	int most = 0;

	for (size_t i = 0; data->row_labels && i < data->rows; i++) {
		int width = data->row_labels[i] ? canvas_width(canvas, data->row_labels[i]) : 0;

		most = width > most ? width : most;
	}
	if (most > columns / 3)
		most = columns / 3;
	return most && columns > most + 3 ? most + 2 : 0;
}

static struct grid
make_grid(const struct canvas *canvas, struct rect area, const struct plot_data *data)
{
	struct grid grid = { .label = label_width(canvas, data, area.columns) };
	int room = area.columns - grid.label;
	size_t fit = room > 0 ? (size_t)room / data->columns : 0;

	grid.cell = fit < 1 ? 1 : fit > CELL_MOST ? CELL_MOST : (int)fit;
	if (grid.cell == 1 && room >= 2) /* fewer cells, but ones that can be read */
		grid.cell = 2;
	grid.digits = choose_digits(data, grid.cell);
	grid.columns = (size_t)(room / grid.cell);
	if (grid.columns > data->columns)
		grid.columns = data->columns;
	grid.first_column = scroll(data->columns, grid.columns, data->cursor_column);
	grid.rows = (size_t)area.rows < data->rows ? (size_t)area.rows : data->rows;
	grid.first_row = scroll(data->rows, grid.rows, data->cursor_row);
	grid.body = rect_part(area, 0, grid.label, (int)grid.rows, grid.cell * (int)grid.columns);
	return grid;
}

static void
cell_text(char *out, size_t capacity, const struct plot_data *data, const struct scale *scale,
	  size_t cell, int digits)
{
	double value = data->cells[cell], unit = scale_unit(scale, value);
	char mark = data->marks ? data->marks[cell] : 0;

	if (mark > ' ' && mark < 0x7f)
		snprintf(out, capacity, "%c", mark);
	else if (isnan(value))
		snprintf(out, capacity, "\xc2\xb7");
	else if (digits)
		cell_number(out, capacity, value, digits);
	else if (isnan(unit) || unit < -1e-9)
		snprintf(out, capacity, "<");
	else if (unit > 1 + 1e-9)
		snprintf(out, capacity, ">");
	else
		snprintf(out, capacity, "%d", unit < 1 ? (int)(fmax(unit, 0) * 10) : 9);
}

static enum role
mark_role(const struct plot_data *data, size_t row, size_t column)
{
	char mark = data->marks ? data->marks[row * data->columns + column] : 0;

	if (mark == '!')
		return ROLE_BAD;
	if (mark > ' ')
		return ROLE_ACCENT;
	return isnan(heatmap_value(data, row, column)) ? ROLE_DIM : ROLE_TEXT;
}

/* Without colour the cell is shaded beside its text. */
static int32_t
shade(const struct canvas *canvas, double unit)
{
	static const int32_t shades[5] = { ' ', 0x2591, 0x2592, 0x2593, 0x2588 };

	if (!canvas->mono || canvas->ascii || isnan(unit))
		return ' ';
	return shades[(int)(fmin(fmax(unit, 0), 0.999) * 5)];
}

static void
paint(struct canvas *canvas, struct rect at, const struct scale *scale, double value,
      bool diverging)
{
	double unit = scale_unit(scale, value);
	int32_t glyph = shade(canvas, isnan(value) ? NAN : unit);

	if (isinf(value))
		unit = value > 0;
	canvas_fill(canvas, at, glyph, ROLE_TEXT);
	for (int i = 0; i < at.columns && !canvas->mono && !isnan(unit); i++) {
		struct cell *cell = canvas_at(canvas, at.row, at.column + i);

		if (cell)
			cell->background = (uint8_t)palette_ramp(unit, diverging);
	}
}

/* Text in the middle of a cell that keeps the cell's background. */
static void
write_over(struct canvas *canvas, struct rect at, const char *text, enum role role, bool bold)
{
	int width = canvas_width(canvas, text), column = (at.columns - width) / 2;
	size_t length = strlen(text);

	column = column > 0 ? column : 0;
	for (size_t i = 0; i < length && column < at.columns; column++) {
		struct cell *cell = canvas_at(canvas, at.row, at.column + column);
		uint8_t background = cell ? cell->background : ROLE_TEXT;

		canvas_put(canvas, at.row, at.column + column, text_decode(text, length, &i), role);
		if (cell) {
			cell->background = background;
			cell->bold = bold;
		}
	}
}

/* Brackets around the cell; where there is no room for them it is reversed. */
static void
mark_cursor(struct canvas *canvas, struct rect at)
{
	bool brackets = at.columns >= 3;

	for (int i = 0; i < at.columns; i++) {
		struct cell *cell = canvas_at(canvas, at.row, at.column + i);

		if (!cell)
			continue;
		cell->bold = cell->reverse = true;
		if (brackets && (i == 0 || i == at.columns - 1))
			cell->glyph = i ? ']' : '[';
		else if (!brackets && at.columns == 2 && i == 0)
			cell->glyph = '>';
	}
}

static void
draw_cell(struct canvas *canvas, const struct grid *grid, const struct plot_data *data,
	  const struct scale *scale, size_t row, size_t column)
{
	struct rect at = rect_part(grid->body, (int)(row - grid->first_row),
				   (int)(column - grid->first_column) * grid->cell, 1, grid->cell);
	bool cursor = data->cursor_row >= 0 && (size_t)data->cursor_row == row &&
		      data->cursor_column >= 0 && (size_t)data->cursor_column == column;
	enum role role = mark_role(data, row, column);
	bool bold = cursor || role == ROLE_BAD || role == ROLE_ACCENT;
	char text[40];

	paint(canvas, at, scale, heatmap_value(data, row, column), data->diverging);
	cell_text(text, sizeof(text), data, scale, row * data->columns + column, grid->digits);
	if (at.columns == 2) /* the text at the right leaves room for the cursor */
		write_over(canvas, rect_part(at, 0, 1, 1, 1), text, role, bold);
	else
		write_over(canvas, at, text, role, bold);
	if (cursor)
		mark_cursor(canvas, at);
}

static void
draw_row_label(struct canvas *canvas, const struct grid *grid, const struct plot_data *data,
	       size_t row)
{
	struct rect at = { grid->body.row + (int)(row - grid->first_row),
			   grid->body.column - grid->label, 1, grid->label };
	bool cursor = data->cursor_row >= 0 && (size_t)data->cursor_row == row;
	const char *label = grid->label ? data->row_labels[row] : NULL;
	int width, room = grid->label - 2;

	if (!label)
		return;
	width = canvas_width(canvas, label);
	if (cursor)
		canvas_text(canvas, at, 0, 0, ROLE_CURSOR, "\xe2\x96\xb8");
	canvas_fit(canvas, at, 0, 1 + (width < room ? room - width : 0), room,
		   cursor ? ROLE_CURSOR : ROLE_DIM, label);
}

static void
draw_column_labels(struct canvas *canvas, const struct grid *grid, const struct plot_data *data,
		   int row)
{
	for (size_t i = 0; data->column_labels && i < grid->columns; i++) {
		size_t column = grid->first_column + i;
		const char *label = data->column_labels[column];
		struct rect at = { row, grid->body.column + (int)i * grid->cell, 1, grid->cell };
		bool cursor = data->cursor_column >= 0 && (size_t)data->cursor_column == column;
		int width = label ? canvas_width(canvas, label) : 0;
		int from = grid->cell == 2 ? 1 : (grid->cell - width) / 2;

		/* A label that is cut leaves a gap to the next. */
		at.columns -= width > grid->cell && grid->cell > 2;
		if (label)
			canvas_text(canvas, at, 0, from > 0 ? from : 0,
				    cursor ? ROLE_CURSOR : ROLE_DIM, label);
	}
}

/* Which rows are in view, where not all are. */
static void
draw_corner(struct canvas *canvas, const struct grid *grid, const struct plot_data *data, int row)
{
	struct rect at = { row, grid->body.column - grid->label, 1, grid->label - 1 };
	char text[64];

	if (grid->rows == data->rows || grid->label < 4)
		return;
	snprintf(text, sizeof(text), "\xe2\x96\xbe%zu", data->rows - grid->first_row - grid->rows);
	if (grid->first_row + grid->rows == data->rows)
		snprintf(text, sizeof(text), "\xe2\x96\xb4%zu", grid->first_row);
	canvas_fit(canvas, at, 0, 0, at.columns, ROLE_WARN, text);
}

/* Five values of the scale, each with the colour and the digit it has in the map. */
static void
draw_legend(struct canvas *canvas, struct rect row, const struct plot_data *data,
	    const struct scale *scale)
{
	int column = 0, ticks = row.columns >= 60 ? LEGEND_TICKS : row.columns >= 36 ? 3 : 2;
	char text[40], digit[8];

	if (data->value.log)
		column = canvas_text(canvas, row, 0, 0, ROLE_WARN, "log") + 1;
	for (int i = 0; i < ticks; i++) {
		double unit = (double)i / (ticks - 1), value = scale_value(scale, unit);
		struct rect at = rect_part(row, 0, column, 1, 3);

		if (column + 5 > row.columns)
			break;
		paint(canvas, at, scale, value, data->diverging);
		snprintf(digit, sizeof(digit), "%d", unit < 1 ? (int)(unit * 10) : 9);
		write_over(canvas, at, digit, ROLE_TEXT, false);
		plot_number(text, sizeof(text),
			    fabs(value) < 1e-12 * fabs(scale->high) ? 0 : value);
		column = canvas_text(canvas, row, 0, column + 4, ROLE_DIM, text) + 2;
	}
	if (data->value.label && column + 3 < row.columns)
		canvas_fit(canvas, row, 0, column, row.columns - column, ROLE_DIM,
			   data->value.label);
}

static const char *
name_of(const char *const *labels, size_t i)
{
	return labels && labels[i] ? labels[i] : "";
}

static void
draw_note(struct canvas *canvas, struct rect row, const struct plot_data *data)
{
	size_t r = (size_t)data->cursor_row, c = (size_t)data->cursor_column;
	char value[32];
	int column = 0;

	if (data->cursor_row >= 0 && data->cursor_column >= 0 && r < data->rows &&
	    c < data->columns) {
		double cell = heatmap_value(data, r, c);

		column = canvas_print(canvas, row, 0, 0, ROLE_TEXT,
				      "%s %s = ", name_of(data->row_labels, r),
				      name_of(data->column_labels, c));
		column = canvas_text(canvas, row, 0, column, ROLE_TITLE,
				     isnan(cell) ? "missing"
						 : plot_exact(value, sizeof(value), cell));
		column += 2;
	}
	if (data->note && column < row.columns)
		canvas_fit(canvas, row, 0, column, row.columns - column, ROLE_TEXT, data->note);
}

static void
draw_grid(struct canvas *canvas, const struct grid *grid, const struct plot_data *data,
	  const struct scale *scale)
{
	for (size_t i = 0; i < grid->rows; i++) {
		draw_row_label(canvas, grid, data, grid->first_row + i);
		for (size_t j = 0; j < grid->columns; j++)
			draw_cell(canvas, grid, data, scale, grid->first_row + i,
				  grid->first_column + j);
	}
}

static void
heatmap_cells(struct canvas *canvas, struct rect at, const struct plot_data *data)
{
	bool labels, note, legend, title;
	struct scale scale;
	struct grid grid;
	int left, top;

	at = rect_part((struct rect){ 0, 0, canvas->rows, canvas->columns }, at.row, at.column,
		       at.rows, at.columns);
	if (at.rows < 1)
		return;
	if (!data->cells || !data->rows || !data->columns) {
		frame_empty(canvas, at, "no values yet");
		return;
	}
	left = at.rows - 1;
	labels = data->column_labels && left > 0 && left--;
	note = left > 0 && left--;
	legend = left > 1 && left--;
	title = data->title && left > 1 && left--;
	top = labels + title;
	scale = heatmap_scale(data);
	grid = make_grid(canvas, rect_part(at, top, 0, at.rows - top - note - legend, at.columns),
			 data);
	draw_grid(canvas, &grid, data, &scale);
	if (title)
		canvas_fit(canvas, at, 0, 0, at.columns, ROLE_TITLE, data->title);
	if (labels) {
		draw_column_labels(canvas, &grid, data, at.row + title);
		draw_corner(canvas, &grid, data, at.row + title);
	}
	if (legend)
		draw_legend(canvas, rect_part(at, top + (int)grid.rows, 0, 1, at.columns), data,
			    &scale);
	if (note)
		draw_note(canvas, rect_part(at, top + (int)grid.rows + legend, 0, 1, at.columns),
			  data);
}

const struct plot plot_heatmap = {
	.name = "heatmap",
	.help = "one coloured cell per block and module",
	.cells = heatmap_cells,
	.vector = heatmap_vector,
};
