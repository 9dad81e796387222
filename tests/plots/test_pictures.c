/* Plots as files. With a folder as argument the program writes every sample there instead, for
 * check_pictures.py and for eyes. */
#include "support/support.h"

#include "core/buf.h"
#include "core/file.h"
#include "plots/picture.h"
#include "plots/samples.h"

#include <stdlib.h>

enum { PICTURE_WIDTH = 900, PICTURE_HEIGHT = 540, PICTURE_MOST = 1 << 24 };

static int
write_all(const char *folder)
{
	static const char *const endings[] = { "svg", "png" };
	char path[1024];

	for (size_t i = 0; i < SAMPLE_COUNT; i++) {
		struct plot_data data = samples[i].data();

		for (size_t k = 0; k < 2; k++) {
			snprintf(path, sizeof(path), "%s/%s.%s", folder, samples[i].name,
				 endings[k]);
			if (plot_save(plot_find(samples[i].name), &data, path, PICTURE_WIDTH,
				      PICTURE_HEIGHT)) {
				fprintf(stderr, "%s\n", err_line());
				return 1;
			}
		}
	}
	return 0;
}

static void
save(char **out, size_t *size, const struct sample *sample, const char *name, int width, int height)
{
	struct plot_data data = sample->data();
	char path[1024];

	snprintf(path, sizeof(path), "%s/%s", support_folder(), name);
	assert_ok(plot_save(plot_find(sample->name), &data, path, width, height));
	assert_ok(file_read(out, size, path, PICTURE_MOST));
}

static void
test_pictures__equal_data_gives_equal_bytes(void **state)
{
	static const char *const names[] = { "a.svg", "a.png" };

	(void)state;
	for (size_t i = 0; i < SAMPLE_COUNT; i++) {
		for (size_t k = 0; k < 2; k++) {
			char *first, *again;
			size_t size, size_again;

			save(&first, &size, &samples[i], names[k], 400, 300);
			save(&again, &size_again, &samples[i], names[k], 400, 300);
			assert_int_equal(size, size_again);
			assert_memory_equal(first, again, size);
			buf_free(first);
			buf_free(again);
		}
	}
}

static void
test_pictures__every_shape_of_size_is_drawn(void **state)
{
	static const int sizes[][2] = { { 32, 32 }, { 33, 600 }, { 900, 40 }, { 2400, 1500 } };

	(void)state;
	for (size_t i = 0; i < SAMPLE_COUNT; i++) {
		for (size_t k = 0; k < sizeof(sizes) / sizeof(*sizes); k++) {
			char *bytes;
			size_t size;

			save(&bytes, &size, &samples[i], "b.svg", sizes[k][0], sizes[k][1]);
			assert_true(support_contains(bytes, "</svg>"));
			assert_false(support_contains(bytes, "nan"));
			assert_false(support_contains(bytes, "inf"));
			buf_free(bytes);
		}
	}
}

static void
test_pictures__empty_data_is_a_picture_that_says_so(void **state)
{
	struct plot_data data = { .cursor_row = 2, .cursor_column = 2 };
	char path[1024];

	(void)state;
	snprintf(path, sizeof(path), "%s/empty.png", support_folder());
	for (size_t i = 0; plots[i]; i++)
		assert_ok(plot_save(plots[i], &data, path, 300, 200));
}

static void
test_pictures__an_unknown_ending_is_refused_by_name(void **state)
{
	struct plot_data data = sample_bars();

	(void)state;
	assert_err(ERR_USAGE, "picture.jpg", plot_save(&plot_bars, &data, "picture.jpg", 90, 90));
	assert_err(ERR_USAGE, ".svg or .png", plot_save(&plot_bars, &data, "svg", 90, 90));
}

static void
test_pictures__an_absurd_size_is_refused(void **state)
{
	struct plot_data data = sample_bars();

	(void)state;
	assert_err(ERR_RANGE, "0 x 90", plot_save(&plot_bars, &data, "a.png", 0, 90));
	assert_err(ERR_RANGE, "pixels", plot_save(&plot_bars, &data, "a.png", 90, 1 << 20));
}

static void
test_pictures__a_folder_that_is_not_there_is_one_clear_line(void **state)
{
	struct plot_data data = sample_bars();

	(void)state;
	assert_err(ERR_IO, "nowhere", plot_save(&plot_bars, &data, "/nowhere/a.png", 90, 90));
}

static void
test_pictures__names_from_outside_are_escaped(void **state)
{
	struct plot_data data = sample_bars();
	char path[1024], *bytes;
	size_t size;

	(void)state;
	data.title = "</title><script>\"&\033[31m\xff";
	data.note = "\xff\xfe\x01";
	snprintf(path, sizeof(path), "%s/hostile.svg", support_folder());
	assert_ok(plot_save(&plot_bars, &data, path, 400, 300));
	assert_ok(file_read(&bytes, &size, path, PICTURE_MOST));
	assert_true(support_contains(bytes, "&lt;/title&gt;&lt;script&gt;&quot;&amp;^[[31m\\xff"));
	buf_free(bytes);
}

static void
test_pictures__each_allocation_may_fail(void **state)
{
	struct plot_data data = sample_heatmap();
	char path[1024], *bytes;
	enum err err = ERR_NOMEM;
	size_t size;

	(void)state;
	snprintf(path, sizeof(path), "%s/nomem.svg", support_folder());
	for (unsigned long n = 1; err; n++) {
		buf_fail_at(n, 0);
		err = plot_save(&plot_heatmap, &data, path, 200, 100);
		buf_fail_at(0, 0);
		if (err) {
			assert_int_equal(err, ERR_NOMEM);
			/* Written whole, or not at all. */
			if (!file_exists(path))
				continue;
			assert_ok(file_read(&bytes, &size, path, PICTURE_MOST));
			assert_true(support_contains(bytes, "</svg>"));
			buf_free(bytes);
		}
		assert_true(n < 100);
	}
	assert_true(file_exists(path));
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pictures__equal_data_gives_equal_bytes),
		cmocka_unit_test(test_pictures__every_shape_of_size_is_drawn),
		cmocka_unit_test(test_pictures__empty_data_is_a_picture_that_says_so),
		cmocka_unit_test(test_pictures__an_unknown_ending_is_refused_by_name),
		cmocka_unit_test(test_pictures__an_absurd_size_is_refused),
		cmocka_unit_test(test_pictures__a_folder_that_is_not_there_is_one_clear_line),
		cmocka_unit_test(test_pictures__names_from_outside_are_escaped),
		cmocka_unit_test(test_pictures__each_allocation_may_fail),
	};

	if (argc > 1)
		return write_all(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
