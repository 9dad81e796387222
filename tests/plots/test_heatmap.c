/* The map keeps its cursor in view, and says in characters what it says in colours. */
#include "support/support.h"

#include "core/buf.h"
#include "plots/heatmap.h"
#include "plots/samples.h"

enum { TALL = 200 };

static struct plot_data
tall_map(void)
{
	static const char *const modules[3] = { "q", "gate", "down" };
	static char names[TALL][24];
	static const char *blocks[TALL];
	static double cells[TALL * 3];

	for (int i = 0; i < TALL; i++) {
		snprintf(names[i], sizeof(names[i]), "%d", i);
		blocks[i] = names[i];
		for (int j = 0; j < 3; j++)
			cells[3 * i + j] = (i * 3 + j) / (3.0 * TALL);
	}
	return (struct plot_data){ .cells = cells,
				   .rows = TALL,
				   .columns = 3,
				   .row_labels = blocks,
				   .column_labels = modules };
}

static char *
drawn(const struct plot_data *data, int rows, int columns)
{
	struct canvas *canvas;
	char *text;

	assert_ok(canvas_create(&canvas, rows, columns, true, true));
	plot_heatmap.cells(canvas, (struct rect){ 0, 0, rows, columns }, data);
	assert_ok(canvas_dump(&text, canvas));
	canvas_free(canvas);
	return text;
}

static void
test_heatmap__the_cursor_is_always_in_view(void **state)
{
	struct plot_data data = tall_map();
	char mark[16];

	(void)state;
	for (int i = 0; i < TALL; i++) {
		char *text;

		data.cursor_row = i;
		data.cursor_column = i % 3;
		text = drawn(&data, 12, 30);
		snprintf(mark, sizeof(mark), ">%3d", i);
		if (!support_contains(text, mark) || !support_contains(text, "["))
			fail_msg("row %d is not in view:\n%s", i, text);
		buf_free(text);
	}
}

static void
test_heatmap__the_note_gives_the_exact_number(void **state)
{
	struct plot_data data = sample_heatmap();
	char *text = drawn(&data, 20, 80);

	(void)state;
	assert_true(support_contains(text, "block 4 o = 0.00464159"));
	buf_free(text);
	data.cursor_row = 1;
	data.cursor_column = 2;
	text = drawn(&data, 20, 80);
	assert_true(support_contains(text, "block 1 v = missing"));
	buf_free(text);
}

static void
test_heatmap__a_locked_range_shows_what_leaves_it(void **state)
{
	static const double cells[4] = { -5, 0.5, 7, NAN };
	struct plot_data data = { .cells = cells,
				  .rows = 1,
				  .columns = 4,
				  .cursor_row = -1,
				  .cursor_column = -1,
				  .value = { .low = 0, .high = 1 } };
	char *text = drawn(&data, 1, 16);

	(void)state;
	assert_string_equal(text, " <   5   >   .\n");
	buf_free(text);
}

static void
test_heatmap__a_signed_map_is_symmetric_about_zero(void **state)
{
	static const double cells[3] = { -1, 0, 4 };
	struct plot_data data = { .cells = cells, .rows = 1, .columns = 3, .diverging = true };
	struct scale scale = heatmap_scale(&data);

	(void)state;
	assert_true(scale.low == -4 && scale.high == 4);
	assert_true(scale_unit(&scale, 0) == 0.5);
}

static void
test_heatmap__cells_of_one_map_all_speak_alike(void **state)
{
	(void)state;
	for (int columns = 12; columns < 100; columns++) {
		struct plot_data data = sample_heatmap();
		char *text = drawn(&data, 20, columns), *last = strstr(text, "block 7");
		int numbers = 0, digits = 0;

		if (last) {
			char *end = strchr(last, '\n');

			*end = '\0';
			for (char *p = strtok(last + 7, " "); p; p = strtok(NULL, " "))
				strlen(p) > 1 ? numbers++ : digits++;
			assert_true(numbers == 0 || digits == 0);
		}
		buf_free(text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_heatmap__the_cursor_is_always_in_view),
		cmocka_unit_test(test_heatmap__the_note_gives_the_exact_number),
		cmocka_unit_test(test_heatmap__a_locked_range_shows_what_leaves_it),
		cmocka_unit_test(test_heatmap__a_signed_map_is_symmetric_about_zero),
		cmocka_unit_test(test_heatmap__cells_of_one_map_all_speak_alike),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
