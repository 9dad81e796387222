/* The grid of cells: width, clipping, ASCII, and what a dump shows. */
#include "support/support.h"

#include "core/buf.h"
#include "plots/canvas.h"

#include <string.h>

static struct canvas *
make(int rows, int columns, bool ascii)
{
	struct canvas *canvas;

	assert_ok(canvas_create(&canvas, rows, columns, ascii, false));
	return canvas;
}

static void
assert_dump(const char *expected, struct canvas *canvas)
{
	char *text;

	assert_ok(canvas_dump(&text, canvas));
	assert_string_equal(text, expected);
	buf_free(text);
	canvas_free(canvas);
}

static struct rect
whole(const struct canvas *canvas)
{
	return (struct rect){ 0, 0, canvas->rows, canvas->columns };
}

static void
test_canvas__a_wide_name_does_not_shift_what_follows(void **state)
{
	struct canvas *canvas = make(1, 12, false);
	int column;

	(void)state;
	column = canvas_text(canvas, whole(canvas), 0, 0, ROLE_TEXT, "\xe6\xbc\xa2\xe5\xad\x97 a");
	assert_int_equal(column, 4);
	canvas_text(canvas, whole(canvas), 0, column, ROLE_TEXT, "|");
	assert_dump("?? a|\n", canvas);
}

static void
test_canvas__combining_marks_take_no_column(void **state)
{
	struct canvas *canvas = make(1, 12, false);

	(void)state;
	assert_int_equal(canvas_width(canvas, "e\xcc\x81x"), 2);
	canvas_text(canvas, whole(canvas), 0, 0, ROLE_TEXT, "e\xcc\x81x");
	assert_dump("ex\n", canvas);
}

static void
test_canvas__controls_in_text_are_visible(void **state)
{
	struct canvas *canvas = make(1, 20, false);

	(void)state;
	canvas_text(canvas, whole(canvas), 0, 0, ROLE_TEXT, "a\033[31m\x9b\xff\n");
	assert_dump("a^[[31m\\x9b\\xff^J\n", canvas);
}

static void
test_canvas__ascii_spells_what_it_cannot_draw(void **state)
{
	struct canvas *canvas = make(1, 20, true);

	(void)state;
	assert_int_equal(canvas_width(canvas, "1\xc2\xb1\x32"), 4);
	canvas_text(canvas, whole(canvas), 0, 0, ROLE_TEXT, "1\xc2\xb1\x32 \xcf\x83 \xc3\xa9");
	assert_dump("1+-2 s ?\n", canvas);
}

static void
test_canvas__text_is_clipped_to_its_rect_on_every_side(void **state)
{
	struct canvas *canvas = make(3, 8, false);
	struct rect at = { 1, 2, 1, 4 };

	(void)state;
	canvas_text(canvas, at, 0, -2, ROLE_TEXT, "abcdefghij");
	canvas_text(canvas, at, 1, 0, ROLE_TEXT, "below");
	canvas_text(canvas, at, -1, 0, ROLE_TEXT, "above");
	assert_dump("\n  cdef\n\n", canvas);
}

static void
test_canvas__a_text_too_long_ends_in_a_mark(void **state)
{
	struct canvas *canvas = make(3, 10, true);

	(void)state;
	assert_int_equal(canvas_fit(canvas, whole(canvas), 0, 1, 5, ROLE_TEXT, "layers.12"), 6);
	assert_int_equal(canvas_fit(canvas, whole(canvas), 1, 1, 9, ROLE_TEXT, "layers.12"), 10);
	assert_int_equal(canvas_fit(canvas, whole(canvas), 2, 1, 0, ROLE_TEXT, "x"), 1);
	assert_dump(" laye~\n layers.12\n\n", canvas);
}

static void
test_canvas__a_box_shows_focus_without_colour(void **state)
{
	struct canvas *plain = make(3, 10, false), *focused = make(3, 10, true);

	(void)state;
	canvas_box(plain, whole(plain), "long title", false);
	canvas_box(focused, whole(focused), "ab", true);
	assert_dump("\xe2\x94\x8c long \xe2\x80\xa6 \xe2\x94\x90\n"
		    "\xe2\x94\x82        \xe2\x94\x82\n"
		    "\xe2\x94\x94\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80"
		    "\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80\xe2\x94\x98\n",
		    plain);
	assert_dump("+ ab ====+\n|        |\n+========+\n", focused);
}

static void
test_canvas__an_empty_or_absurd_size_is_defined(void **state)
{
	struct canvas *canvas = make(0, 0, false);

	(void)state;
	canvas_put(canvas, 0, 0, 'x', ROLE_TEXT);
	canvas_box(canvas, whole(canvas), "x", false);
	assert_dump("", canvas);
	assert_err(ERR_RANGE, "-1 rows", canvas_create(&canvas, -1, 4, false, false));
	assert_null(canvas);
	assert_err(ERR_RANGE, "at most", canvas_create(&canvas, 1, 1 << 20, false, false));
}

static void
test_canvas__each_allocation_may_fail(void **state)
{
	struct canvas *canvas;

	(void)state;
	for (unsigned long n = 1; n <= 2; n++) {
		buf_fail_at(n, 0);
		assert_int_equal(canvas_create(&canvas, 4, 4, false, false), ERR_NOMEM);
		assert_null(canvas);
	}
	buf_fail_at(0, 0);
}

static void
test_canvas__rects_clip_to_their_parent(void **state)
{
	struct rect part = rect_part((struct rect){ 2, 3, 4, 5 }, 1, -1, 10, 3);

	(void)state;
	assert_int_equal(part.row, 3);
	assert_int_equal(part.column, 3);
	assert_int_equal(part.rows, 3);
	assert_int_equal(part.columns, 2);
	part = rect_inside((struct rect){ 0, 0, 1, 9 });
	assert_int_equal(part.rows, 0);
	assert_int_equal(part.columns, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_canvas__a_wide_name_does_not_shift_what_follows),
		cmocka_unit_test(test_canvas__combining_marks_take_no_column),
		cmocka_unit_test(test_canvas__controls_in_text_are_visible),
		cmocka_unit_test(test_canvas__ascii_spells_what_it_cannot_draw),
		cmocka_unit_test(test_canvas__text_is_clipped_to_its_rect_on_every_side),
		cmocka_unit_test(test_canvas__a_text_too_long_ends_in_a_mark),
		cmocka_unit_test(test_canvas__a_box_shows_focus_without_colour),
		cmocka_unit_test(test_canvas__an_empty_or_absurd_size_is_defined),
		cmocka_unit_test(test_canvas__each_allocation_may_fail),
		cmocka_unit_test(test_canvas__rects_clip_to_their_parent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
