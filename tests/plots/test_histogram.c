/* What a histogram must not lie about: counts outside, single counts, runs that differ in bins. */
#include "support/support.h"

#include "core/buf.h"
#include "plots/histogram.h"
#include "plots/samples.h"

static char *
drawn(const struct plot *plot, const struct plot_data *data, int rows, int columns, bool ascii)
{
	struct canvas *canvas;
	char *text;

	assert_ok(canvas_create(&canvas, rows, columns, ascii, ascii));
	plot->cells(canvas, (struct rect){ 0, 0, rows, columns }, data);
	assert_ok(canvas_dump(&text, canvas));
	canvas_free(canvas);
	return text;
}

static void
assert_drawn(const struct plot_data *data, int rows, int columns, const char *part, bool there)
{
	char *text = drawn(&plot_histogram, data, rows, columns, true);

	if (support_contains(text, part) != there)
		fail_msg("\"%s\" is%s in:\n%s", part, there ? " not" : "", text);
	buf_free(text);
}

static void
test_histogram__zoom_counts_what_it_leaves_out(void **state)
{
	struct plot_data data = sample_histogram();
	struct histogram_view whole = histogram_view(&data), zoomed;
	double below = 0, above = 3;

	(void)state;
	assert_int_equal(whole.count, SAMPLE_BINS);
	data.x.low = -0.005;
	data.x.high = 0.005;
	zoomed = histogram_view(&data);
	assert_int_equal(zoomed.count, SAMPLE_BINS / 4);
	assert_int_equal(zoomed.first, SAMPLE_BINS * 3 / 8);
	for (size_t i = 0; i < zoomed.first; i++)
		below += data.series[0].y[i];
	for (size_t i = zoomed.first + zoomed.count; i < SAMPLE_BINS; i++)
		above += data.series[0].y[i];
	assert_true(zoomed.below == below && below > 1);
	assert_true(zoomed.above == above && above > 4);
}

static void
test_histogram__a_zoom_between_edges_shows_whole_bins(void **state)
{
	static const double edges[5] = { 0, 1, 2, 3, 4 }, counts[4] = { 5, 6, 7, 8 };
	struct series series = { .x = edges, .y = counts, .count = 4 };
	struct plot_data data = { .series = &series, .series_count = 1 };
	struct histogram_view view;

	(void)state;
	data.x.low = 0.5;
	data.x.high = 3.5;
	view = histogram_view(&data);
	assert_int_equal(view.first, 1);
	assert_int_equal(view.count, 2);
	assert_true(view.below == 5 && view.above == 8);
	data.x.low = 2.2;
	data.x.high = 2.4;
	assert_int_equal(histogram_view(&data).count, 1);
	data.x.low = 90;
	data.x.high = 91;
	assert_int_equal(histogram_view(&data).count, 1);
}

static void
test_histogram__one_count_among_millions_is_seen(void **state)
{
	static double edges[65], counts[64];
	struct series series = { .x = edges, .y = counts, .count = 64 };
	struct plot_data data = { .series = &series, .series_count = 1 };

	(void)state;
	for (int i = 0; i <= 64; i++)
		edges[i] = i;
	counts[3] = 1;
	counts[40] = 1e9;
	for (int log = 0; log < 2; log++) {
		data.y.log = log;
		for (int rows = 1; rows < 40; rows++) {
			struct canvas *canvas;
			int columns = 0;

			assert_ok(canvas_create(&canvas, rows, 64, true, true));
			plot_histogram.cells(canvas, (struct rect){ 0, 0, rows, 64 }, &data);
			for (int i = 0; i < 64; i++)
				for (int row = 0; row < rows; row++)
					columns +=
						canvas_at(canvas, row, i)->role == ROLE_CURRENT &&
						canvas_at(canvas, row, i)->glyph == '#' &&
						(row + 1 == rows ||
						 canvas_at(canvas, row + 1, i)->glyph != '#');
			/* Two columns with a foot, and the legend's sample. */
			assert_in_range(columns, 2, 3);
			canvas_free(canvas);
		}
	}
}

static void
test_histogram__runs_with_other_bins_are_not_compared(void **state)
{
	struct plot_data data = sample_histogram();
	double other[SAMPLE_BINS + 1];
	struct series series[2] = { data.series[0], data.series[1] };

	(void)state;
	memcpy(other, series[1].x, sizeof(other));
	other[0] -= 1e-6;
	series[1].x = other;
	data.series = series;
	assert_drawn(&data, 20, 100, "other bins, not drawn", true);
	assert_drawn(&data, 20, 100, ". rtn 3 bits", false);
}

static void
test_histogram__tags_say_log_and_ends_say_counts(void **state)
{
	struct plot_data data = sample_histogram();

	(void)state;
	data.below = 1234567;
	assert_drawn(&data, 20, 80, "log", true);
	assert_drawn(&data, 20, 80, "< 1234567 below", true);
	assert_drawn(&data, 20, 80, "3 above >", true);
	assert_drawn(&data, 3, 30, "<1234567", true);
	data.y.log = false;
	assert_drawn(&data, 20, 80, "log", false);
}

static void
test_histogram__a_locked_axis_keeps_its_height(void **state)
{
	struct plot_data data = sample_histogram();
	char *first, *again;
	double half[SAMPLE_BINS];
	struct series series = data.series[0];

	(void)state;
	data.series_count = 1;
	data.y.high = 5000;
	for (int i = 0; i < SAMPLE_BINS; i++)
		half[i] = series.y[i];
	half[SAMPLE_BINS / 2] = 0; /* one bin changes: no other column does */
	first = drawn(&plot_histogram, &data, 20, 80, true);
	series.y = half;
	data.series = &series;
	again = drawn(&plot_histogram, &data, 20, 80, true);
	assert_true(support_contains(first, "1k+") && support_contains(again, "1k+"));
	assert_memory_equal(strstr(first, "1k+"), strstr(again, "1k+"), 30);
	buf_free(first);
	buf_free(again);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_histogram__zoom_counts_what_it_leaves_out),
		cmocka_unit_test(test_histogram__a_zoom_between_edges_shows_whole_bins),
		cmocka_unit_test(test_histogram__one_count_among_millions_is_seen),
		cmocka_unit_test(test_histogram__runs_with_other_bins_are_not_compared),
		cmocka_unit_test(test_histogram__tags_say_log_and_ends_say_counts),
		cmocka_unit_test(test_histogram__a_locked_axis_keeps_its_height),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
