/* Mapped files that change under us, and output that is whole or absent. */
#include "core/file.h"
#include "support/support.h"

#include "core/buf.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void
assert_content(const char *path, const char *expected)
{
	char *text;
	size_t size;

	assert_ok(file_read(&text, &size, path, 1 << 20));
	assert_string_equal(text, expected);
	buf_free(text);
}

static void
test_file__a_file_that_shrinks_while_mapped_is_an_error_and_no_crash(void **state)
{
	static char bytes[65536];
	struct file_map *map;
	const char *path;
	volatile unsigned char last;

	(void)state;
	memset(bytes, 7, sizeof(bytes));
	path = support_file("shrinks", bytes, sizeof(bytes));
	assert_ok(file_map_open(&map, path));
	assert_ok(file_map_check(map));
	assert_int_equal(truncate(path, 4096), 0);
	last = ((const unsigned char *)file_map_data(map))[65535];
	assert_int_equal(last, 0);
	assert_err(ERR_IO, "changed on disk", file_map_check(map));
	file_map_free(map);
}

static void
give_up(int number)
{
	(void)number;
	_exit(1);
}

static void
test_file__a_handler_that_came_later_leaves_a_shrunk_file_to_us(void **state)
{
	static char bytes[65536];
	struct file_map *map;
	const char *path;
	volatile unsigned char last;

	(void)state;
	memset(bytes, 7, sizeof(bytes));
	path = support_file("shrinks-later", bytes, sizeof(bytes));
	assert_ok(file_map_open(&map, path));
	signal(SIGBUS, give_up);
	file_guard();
	assert_int_equal(truncate(path, 4096), 0);
	last = ((const unsigned char *)file_map_data(map))[65535];
	assert_int_equal(last, 0);
	assert_err(ERR_IO, "changed on disk", file_map_check(map));
	file_map_free(map);
}

static void
test_file__what_is_no_regular_file_is_refused(void **state)
{
	struct file_map *map;
	char fifo[600], *text;
	size_t size;

	(void)state;
	snprintf(fifo, sizeof(fifo), "%s/fifo", support_folder());
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_err(ERR_IO, "no regular file", file_map_open(&map, fifo));
	assert_err(ERR_IO, "is a folder", file_map_open(&map, support_folder()));
	assert_err(ERR_IO, "No such file", file_map_open(&map, "/nonexistent/x"));
	assert_err(ERR_IO, "no regular file", file_read(&text, &size, "/dev/zero", 10));
	assert_err(ERR_RANGE, "more than the 3",
		   file_read(&text, &size, support_file("four", "four", 4), 3));
}

static void
test_file__writing_keeps_the_previous_generation(void **state)
{
	const char *path = support_file("kept", "old", 3);
	char previous[600];

	(void)state;
	snprintf(previous, sizeof(previous), "%s~", path);
	assert_ok(file_write(path, "new", 3, true));
	assert_content(path, "new");
	assert_content(previous, "old");
	assert_ok(file_write(path, "newer", 5, true));
	assert_content(previous, "new");
}

/* Every write, sync, close, link and rename fails in turn; old or new content, nothing else. */
static void
test_file__a_full_disk_never_harms_the_old_file(void **state)
{
	enum err code;
	unsigned long n = 0;

	(void)state;
	do {
		const char *path = support_file("precious", "old", 3);
		char *text;
		size_t size;

		file_fail_at(++n, ENOSPC);
		code = file_write(path, "new", 3, true);
		file_fail_at(0, 0);
		assert_ok(file_read(&text, &size, path, 100));
		assert_true(!strcmp(text, "old") || !strcmp(text, "new"));
		if (code && strcmp(text, "new"))
			assert_true(support_contains(err_line(), "precious"));
		buf_free(text);
	} while (code);
	assert_true(n > 4);
}

static void
test_file__an_input_that_is_open_is_never_written_over(void **state)
{
	const char *path = support_file("input", "weights", 7);
	struct file_map *map;
	char hard[600];

	(void)state;
	snprintf(hard, sizeof(hard), "%s/hard-link", support_folder());
	assert_int_equal(link(path, hard), 0);
	assert_ok(file_map_open(&map, path));
	assert_err(ERR_IO, "open as an input", file_write(path, "x", 1, false));
	assert_err(ERR_IO, "open as an input", file_write(hard, "x", 1, false));
	file_map_free(map);
	assert_ok(file_write(path, "x", 1, false));
}

static void
test_file__a_dropped_writer_leaves_nothing(void **state)
{
	struct file_writer *writer;
	char path[600];

	(void)state;
	snprintf(path, sizeof(path), "%s/dropped", support_folder());
	assert_ok(file_writer_open(&writer, path));
	assert_ok(file_writer_add(writer, "half", 4));
	file_writer_drop(writer);
	assert_false(file_exists(path));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_file__a_file_that_shrinks_while_mapped_is_an_error_and_no_crash),
		cmocka_unit_test(test_file__a_handler_that_came_later_leaves_a_shrunk_file_to_us),
		cmocka_unit_test(test_file__what_is_no_regular_file_is_refused),
		cmocka_unit_test(test_file__writing_keeps_the_previous_generation),
		cmocka_unit_test(test_file__a_full_disk_never_harms_the_old_file),
		cmocka_unit_test(test_file__an_input_that_is_open_is_never_written_over),
		cmocka_unit_test(test_file__a_dropped_writer_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
