/* Entries of the cache in pieces: whole or not there at all, and no litter. */
#include "core/cache.h"
#include "support/support.h"

#include "core/buf.h"
#include "core/file.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { SIZE = 700001 };

static struct cache *
fresh(void)
{
	struct cache *cache;
	char folder[1024];

	support_clean();
	snprintf(folder, sizeof(folder), "%s/cache", support_folder());
	assert_ok(cache_open(&cache, folder, 1 << 22));
	return cache;
}

static struct key
number(uint64_t n)
{
	return key_of(&n, sizeof(n));
}

static char *
bytes(void)
{
	char *data = buf_alloc(SIZE, 1);
	uint64_t seed = 3;

	assert_non_null(data);
	for (size_t i = 0; i < SIZE; i++)
		data[i] = (char)(256 * support_uniform(&seed));
	return data;
}

/* In pieces that fit nothing. */
static enum err
write_entry(struct cache *cache, struct key key, const char *data)
{
	struct cache_writer *writer;
	enum err code = cache_writer_open(&writer, cache, key, SIZE);

	for (size_t at = 0, n = 1; at < SIZE && !code; at += n, n = n * 3 % 100003) {
		n = n < SIZE - at ? n : SIZE - at;
		code = cache_writer_add(writer, data + at, n);
	}
	if (!code)
		return cache_writer_commit(writer);
	cache_writer_drop(writer);
	return code;
}

/* Files right in the cache's folder: there is none when nobody writes. */
static int
litter(const struct cache *cache)
{
	DIR *dir = opendir(cache_folder(cache));
	struct dirent *entry;
	int count = 0;

	while (dir && (entry = readdir(dir)))
		count += !strncmp(entry->d_name, "writing-", 8);
	if (dir)
		closedir(dir);
	return count;
}

static void
test_cache_stream__pieces_give_what_was_put(void **state)
{
	struct cache *cache = fresh();
	struct cache_reader *reader;
	char *data = bytes(), *got = buf_alloc(SIZE, 1);
	void *whole;
	uint64_t size;
	size_t whole_size;

	(void)state;
	assert_non_null(got);
	assert_false(cache_has(cache, number(1)));
	assert_ok(write_entry(cache, number(1), data));
	assert_true(cache_has(cache, number(1)));
	assert_false(cache_has(cache, number(2)));
	assert_ok(cache_reader_open(&reader, &size, cache, number(1)));
	assert_int_equal(size, SIZE);
	for (size_t at = 0, n = 5; at < SIZE; at += n, n = n * 7 % 100003) {
		n = n < SIZE - at ? n : SIZE - at;
		cache_reader_get(reader, got + at, n);
	}
	assert_true(cache_reader_close(reader));
	assert_memory_equal(got, data, SIZE);
	assert_ok(cache_get(&whole, &whole_size, cache, number(1)));
	assert_int_equal(whole_size, SIZE);
	assert_memory_equal(whole, data, SIZE);
	buf_free(whole);
	buf_free(got);
	buf_free(data);
	cache_close(cache);
}

static void
test_cache_stream__reading_less_or_more_is_no_hit(void **state)
{
	struct cache *cache = fresh();
	struct cache_reader *reader;
	char *data = bytes(), past[4] = "abc";
	uint64_t size;

	(void)state;
	assert_ok(write_entry(cache, number(1), data));
	assert_ok(cache_reader_open(&reader, &size, cache, number(1)));
	cache_reader_get(reader, data, SIZE - 1);
	assert_false(cache_reader_close(reader));
	assert_ok(cache_reader_open(&reader, &size, cache, number(1)));
	cache_reader_get(reader, data, SIZE);
	cache_reader_get(reader, past, 4);
	assert_memory_equal(past, "\0\0\0", 4);
	assert_false(cache_reader_close(reader));
	buf_free(data);
	cache_close(cache);
}

static void
test_cache_stream__what_is_dropped_or_too_short_leaves_nothing(void **state)
{
	struct cache *cache = fresh();
	struct cache_writer *writer;
	char *data = bytes();

	(void)state;
	assert_ok(cache_writer_open(&writer, cache, number(1), SIZE));
	assert_ok(cache_writer_add(writer, data, SIZE - 1));
	assert_int_equal(litter(cache), 1);
	cache_writer_drop(writer);
	assert_int_equal(litter(cache), 0);
	assert_ok(cache_writer_open(&writer, cache, number(1), SIZE));
	assert_ok(cache_writer_add(writer, data, SIZE - 1));
	assert_int_equal(cache_writer_commit(writer), ERR_IO);
	assert_int_equal(litter(cache), 0);
	assert_false(cache_has(cache, number(1)));
	buf_free(data);
	cache_close(cache);
}

/* Each write in turn meets a full disk: the entry from before stays. */
static void
test_cache_stream__a_full_disk_anywhere_leaves_the_old_entry(void **state)
{
	struct cache *cache = fresh();
	char *data = bytes();
	enum err code = ERR_IO;
	void *old;
	size_t size;

	(void)state;
	assert_ok(cache_put(cache, number(1), "old", 3));
	for (unsigned long n = 1; code; n++) {
		assert_true(n < 20);
		file_fail_at(n, ENOSPC);
		code = write_entry(cache, number(1), data);
		file_fail_at(0, 0);
		assert_int_equal(litter(cache), 0);
		if (!code)
			break;
		assert_true(support_contains(err_line(), "No space left"));
		assert_ok(cache_get(&old, &size, cache, number(1)));
		assert_int_equal(size, 3);
		buf_free(old);
	}
	buf_free(data);
	cache_close(cache);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cache_stream__pieces_give_what_was_put),
		cmocka_unit_test(test_cache_stream__reading_less_or_more_is_no_hit),
		cmocka_unit_test(test_cache_stream__what_is_dropped_or_too_short_leaves_nothing),
		cmocka_unit_test(test_cache_stream__a_full_disk_anywhere_leaves_the_old_entry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
