/* Every plot at every size: nothing outside its rect, no crash, never empty. */
#include "support/support.h"

#include "core/buf.h"
#include "plots/samples.h"

/* Every size; under a sanitizer, which is ten times slower, every fifth of the larger ones. */
#ifdef __SANITIZE_ADDRESS__
enum { STEP = 5 };
#else
enum { STEP = 1 };
#endif
enum { MARGIN = 2, ROWS_MOST = 60, COLUMNS_MOST = 200 };

/* Draws into a rect with a margin of untouched cells around it. */
static void
check_size(struct canvas *canvas, const struct plot *plot, const struct plot_data *data, int rows,
	   int columns)
{
	struct rect at = { MARGIN, MARGIN, rows, columns };
	int inked = 0;

	canvas_clear(canvas);
	plot->cells(canvas, at, data);
	for (int row = 0; row < canvas->rows; row++) {
		for (int column = 0; column < canvas->columns; column++) {
			const struct cell *cell = canvas_at(canvas, row, column);
			bool inside = row >= MARGIN && row < MARGIN + rows && column >= MARGIN &&
				      column < MARGIN + columns;
			bool touched = cell->glyph != ' ' || cell->background || cell->role;

			inked += touched && cell->glyph != ' ';
			if (touched && !inside)
				fail_msg("%s at %dx%d drew at %d, %d", plot->name, rows, columns,
					 row - MARGIN, column - MARGIN);
			if (!cell->glyph || (canvas->ascii && cell->glyph > 0x7e))
				fail_msg("%s at %dx%d: glyph U+%04X", plot->name, rows, columns,
					 (unsigned)cell->glyph);
		}
	}
	if (rows > 0 && columns > 0 && !inked)
		fail_msg("%s at %dx%d is empty", plot->name, rows, columns);
}

static void
check_all_sizes(const struct plot *plot, const struct plot_data *data, bool ascii, bool mono,
		int step)
{
	for (int rows = 0; rows <= ROWS_MOST; rows += rows < 12 ? 1 : step) {
		for (int columns = 0; columns <= COLUMNS_MOST; columns += columns < 50 ? 1 : step) {
			struct canvas *canvas;

			assert_ok(canvas_create(&canvas, rows + 2 * MARGIN, columns + 2 * MARGIN,
						ascii, mono));
			check_size(canvas, plot, data, rows, columns);
			canvas_free(canvas);
		}
	}
}

static void
test_sizes__nothing_leaves_the_rect_and_nothing_is_empty(void **state)
{
	(void)state;
	for (size_t i = 0; i < SAMPLE_COUNT; i++) {
		struct plot_data data = samples[i].data();
		const struct plot *plot = plot_find(samples[i].name);

		check_all_sizes(plot, &data, false, false, STEP);
		check_all_sizes(plot, &data, true, true, 7 * STEP);
		check_all_sizes(plot, &data, false, true, 11 * STEP);
	}
}

static void
test_sizes__plots_without_data_say_so(void **state)
{
	struct plot_data data = { .cursor_row = 3, .cursor_column = 3 };

	(void)state;
	for (size_t i = 0; plots[i]; i++)
		check_all_sizes(plots[i], &data, false, false, 13 * STEP);
}

/* NaN, infinities, huge and tiny values, missing parts, cursors outside. */
static struct plot_data
hostile(uint64_t *seed)
{
	static const double values[] = { NAN,  INFINITY, -INFINITY, 1e308, -1e308, 0,
					 -0.0, 5e-324,   1,         -1,    1e18,   1e-9 };
	static double x[9], y[8], error[8];
	static char marks[8];
	static const char *labels[8] = { "a", NULL, "\xff\033", "long label of a row" };
	static struct series series[2];
	struct plot_data data = { 0 };

	for (int i = 0; i < 9; i++) {
		x[i] = values[(int)(support_uniform(seed) * 12)];
		y[i % 8] = values[(int)(support_uniform(seed) * 12)];
		error[i % 8] = values[(int)(support_uniform(seed) * 12)];
		marks[i % 8] = "\0!~\n"[(int)(support_uniform(seed) * 4)];
	}
	series[0] = (struct series){ .x = x,
				     .y = y,
				     .error = error,
				     .labels = labels,
				     .count = (size_t)(support_uniform(seed) * 9) };
	series[1] = series[0];
	data.series = series;
	data.series_count = (size_t)(support_uniform(seed) * 3);
	data.x.low = values[(int)(support_uniform(seed) * 12)];
	data.x.high = values[(int)(support_uniform(seed) * 12)];
	data.y.high = values[(int)(support_uniform(seed) * 12)];
	data.x.log = support_uniform(seed) < 0.5;
	data.y.log = support_uniform(seed) < 0.5;
	data.value.log = support_uniform(seed) < 0.5;
	data.below = data.above = values[(int)(support_uniform(seed) * 12)];
	data.diverging = support_uniform(seed) < 0.5;
	data.front = support_uniform(seed) < 0.5;
	data.cells = y;
	data.marks = marks;
	data.rows = 1 + (size_t)(support_uniform(seed) * 2);
	data.columns = 1 + (size_t)(support_uniform(seed) * 4);
	data.row_labels = data.column_labels = labels;
	data.cursor_row = (int)(support_uniform(seed) * 12) - 2;
	data.cursor_column = (int)(support_uniform(seed) * 12) - 2;
	return data;
}

static void
test_sizes__hostile_values_draw_something(void **state)
{
	uint64_t seed = 7;

	(void)state;
	for (int round = 0; round < 3000 / STEP; round++) {
		struct plot_data data = hostile(&seed);
		int rows = (int)(support_uniform(&seed) * 20), columns;
		struct canvas *canvas;

		columns = (int)(support_uniform(&seed) * 60);
		assert_ok(canvas_create(&canvas, rows + 4, columns + 4, round % 2, round % 3));
		for (size_t i = 0; plots[i]; i++)
			check_size(canvas, plots[i], &data, rows, columns);
		canvas_free(canvas);
	}
}

static void
test_sizes__a_rect_outside_the_canvas_is_clipped(void **state)
{
	struct canvas *canvas;

	(void)state;
	assert_ok(canvas_create(&canvas, 10, 30, false, false));
	for (size_t i = 0; i < SAMPLE_COUNT; i++) {
		struct plot_data data = samples[i].data();

		plot_find(samples[i].name)->cells(canvas, (struct rect){ -3, -9, 40, 100 }, &data);
		plot_find(samples[i].name)->cells(canvas, (struct rect){ 8, 25, 40, 100 }, &data);
		plot_find(samples[i].name)->cells(canvas, (struct rect){ 90, 0, 4, 9 }, &data);
	}
	canvas_free(canvas);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes__nothing_leaves_the_rect_and_nothing_is_empty),
		cmocka_unit_test(test_sizes__plots_without_data_say_so),
		cmocka_unit_test(test_sizes__hostile_values_draw_something),
		cmocka_unit_test(test_sizes__a_rect_outside_the_canvas_is_clipped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
