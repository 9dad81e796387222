/* A screen of cells as a picture. With a folder as argument the program writes one there, for
 * check_screen.py and for eyes. */
#include "support/support.h"

#include "core/buf.h"
#include "core/file.h"
#include "plots/samples.h"
#include "plots/screen_svg.h"

enum { SCREEN_ROWS = 40, SCREEN_COLUMNS = 132 };

/* Four panels of the workbench's kind. */
static struct canvas *
make_screen(void)
{
	static const struct rect panels[4] = {
		{ 0, 0, 20, 66 }, { 0, 66, 20, 66 }, { 20, 0, 20, 66 }, { 20, 66, 20, 66 }
	};
	static const int order[4] = { 2, 0, 1, 3 };
	struct canvas *canvas;

	if (canvas_create(&canvas, SCREEN_ROWS, SCREEN_COLUMNS, false, false))
		return NULL;
	for (int i = 0; i < 4; i++) {
		struct plot_data data = samples[order[i]].data();
		const char *title = data.title;

		data.title = NULL;
		canvas_box(canvas, panels[i], title, i == 1);
		plot_find(samples[order[i]].name)->cells(canvas, rect_inside(panels[i]), &data);
	}
	return canvas;
}

static int
write_all(const char *folder)
{
	struct canvas *canvas = make_screen();
	char path[1024];
	int failed = !canvas;

	for (int i = 0; i < 2 && !failed; i++) {
		snprintf(path, sizeof(path), "%s/screen.%s", folder, i ? "png" : "svg");
		failed = canvas_save(canvas, path) != OK;
	}
	if (failed)
		fprintf(stderr, "%s\n", err_line());
	canvas_free(canvas);
	return failed;
}

static void
test_screen__equal_screens_give_equal_bytes(void **state)
{
	struct canvas *canvas = make_screen();
	char *first, *again;

	(void)state;
	assert_non_null(canvas);
	assert_ok(canvas_svg(&first, canvas));
	assert_ok(canvas_svg(&again, canvas));
	assert_string_equal(first, again);
	buf_free(first);
	buf_free(again);
	canvas_free(canvas);
}

static void
test_screen__lines_blocks_and_dots_are_shapes_not_text(void **state)
{
	static const char *const drawn[] = { "\xe2\x94\x80", "\xe2\x96\x88", "\xe2\x96\x91",
					     "\xe2\xa0\x81" };
	struct canvas *canvas;
	char *svg;

	(void)state;
	assert_ok(canvas_create(&canvas, 1, 8, false, false));
	for (int i = 0; i < 4; i++)
		canvas_text(canvas, (struct rect){ 0, 0, 1, 8 }, 0, i, ROLE_TEXT, drawn[i]);
	canvas_text(canvas, (struct rect){ 0, 0, 1, 8 }, 0, 5, ROLE_TEXT, "a<&");
	assert_ok(canvas_svg(&svg, canvas));
	for (int i = 0; i < 4; i++)
		assert_false(support_contains(svg, drawn[i]));
	assert_true(support_contains(svg, ">a&lt;&amp;</text>"));
	assert_true(support_contains(svg, "fill-opacity=\".25\""));
	buf_free(svg);
	canvas_free(canvas);
}

static void
test_screen__an_empty_screen_is_a_picture(void **state)
{
	struct canvas *canvas;
	char *svg;

	(void)state;
	assert_ok(canvas_create(&canvas, 0, 0, false, false));
	assert_ok(canvas_svg(&svg, canvas));
	assert_true(support_contains(svg, "</svg>"));
	buf_free(svg);
	canvas_free(canvas);
}

static void
test_screen__each_allocation_may_fail(void **state)
{
	struct canvas *canvas = make_screen();
	enum err err = ERR_NOMEM;
	char *svg;

	(void)state;
	assert_non_null(canvas);
	for (unsigned long n = 1; err; n++) {
		buf_fail_at(n, 0);
		err = canvas_svg(&svg, canvas);
		buf_fail_at(0, 0);
		assert_true(err ? !svg : svg != NULL);
		assert_true(n < 100);
	}
	buf_free(svg);
	canvas_free(canvas);
}

static void
test_screen__the_ending_chooses_the_format(void **state)
{
	struct canvas *canvas = make_screen();
	char path[1024], *bytes;
	size_t size;

	(void)state;
	assert_non_null(canvas);
	assert_err(ERR_USAGE, ".svg or .png", canvas_save(canvas, "screen.txt"));
	snprintf(path, sizeof(path), "%s/screen.PNG", support_folder());
	assert_ok(canvas_save(canvas, path));
	assert_ok(file_read(&bytes, &size, path, 1 << 24));
	assert_memory_equal(bytes, "\x89PNG", 4);
	buf_free(bytes);
	canvas_free(canvas);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_screen__equal_screens_give_equal_bytes),
		cmocka_unit_test(test_screen__lines_blocks_and_dots_are_shapes_not_text),
		cmocka_unit_test(test_screen__an_empty_screen_is_a_picture),
		cmocka_unit_test(test_screen__each_allocation_may_fail),
		cmocka_unit_test(test_screen__the_ending_chooses_the_format),
	};

	if (argc > 1)
		return write_all(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
