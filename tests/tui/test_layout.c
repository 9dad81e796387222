#include "support/support.h"

#include "tui/layout.h"

static struct layout_request
request_for(int rows, int columns, enum view_id focus, bool zoom)
{
	struct layout_request request = { rows, columns, focus, { 0 }, zoom };

	request.recent[0] = focus;
	for (int i = 0, n = 1; i < VIEW_COUNT; i++)
		if (i != (int)focus)
			request.recent[n++] = (enum view_id)i;
	return request;
}

static void
inside(struct rect at, int rows, int columns)
{
	assert_true(at.row >= 0 && at.column >= 0 && at.rows >= 0 && at.columns >= 0);
	assert_true(at.row + at.rows <= rows && at.column + at.columns <= columns);
}

static bool
overlap(struct rect a, struct rect b)
{
	return a.rows > 0 && b.rows > 0 && a.row < b.row + b.rows && b.row < a.row + a.rows &&
	       a.column < b.column + b.columns && b.column < a.column + a.columns;
}

static void
check(int rows, int columns, enum view_id focus, bool zoom)
{
	struct layout_request request = request_for(rows, columns, focus, zoom);
	struct layout layout = layout_of(&request);
	struct rect all[VIEW_COUNT + 3];
	int area = 0;

	for (int i = 0; i < VIEW_COUNT; i++)
		all[i] = layout.views[i];
	all[VIEW_COUNT] = layout.title;
	all[VIEW_COUNT + 1] = layout.echo;
	all[VIEW_COUNT + 2] = layout.status;
	for (int i = 0; i < VIEW_COUNT + 3; i++) {
		inside(all[i], rows, columns);
		area += all[i].rows * all[i].columns;
		for (int j = 0; j < i; j++)
			assert_false(overlap(all[i], all[j]));
	}
	assert_int_equal(layout.too_small, rows < LAYOUT_ROWS || columns < LAYOUT_COLUMNS);
	if (layout.too_small)
		return;
	assert_int_equal(area, rows * columns); /* nothing is left over */
	assert_true(layout.views[focus].rows > 0);
	for (int i = 0; i < VIEW_COUNT; i++)
		if (layout.views[i].rows > 0)
			assert_true(layout.views[i].rows >= 4 && layout.views[i].columns >= 20);
}

static void
test_layout__every_size_is_covered_without_overlap(void **state)
{
	(void)state;
	for (int rows = 1; rows <= 100; rows++)
		for (int columns = 1; columns <= 300; columns++)
			for (int focus = 0; focus < VIEW_COUNT; focus++) {
				check(rows, columns, (enum view_id)focus, false);
				check(rows, columns, (enum view_id)focus, true);
			}
}

static void
test_layout__views_that_share_a_place_take_turns(void **state)
{
	struct layout_request request = request_for(24, 80, VIEW_map, false);

	(void)state;
	request.recent[1] = VIEW_channels;
	request.recent[2] = VIEW_histogram;
	assert_true(layout_of(&request).views[VIEW_channels].rows > 0);
	assert_int_equal(layout_of(&request).views[VIEW_histogram].rows, 0);
	request = request_for(24, 80, VIEW_histogram, false);
	assert_true(layout_of(&request).views[VIEW_histogram].rows > 0);
	assert_int_equal(layout_of(&request).views[VIEW_channels].rows, 0);
}

static void
test_layout__a_large_screen_shows_every_view(void **state)
{
	struct layout_request request = request_for(40, 120, VIEW_map, false);
	struct layout layout = layout_of(&request);

	(void)state;
	for (int i = 0; i < VIEW_COUNT; i++)
		assert_true(layout.views[i].rows > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layout__every_size_is_covered_without_overlap),
		cmocka_unit_test(test_layout__views_that_share_a_place_take_turns),
		cmocka_unit_test(test_layout__a_large_screen_shows_every_view),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
