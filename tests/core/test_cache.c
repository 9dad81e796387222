/* labels: threads
 * The result cache: what it keeps, and that anything doubtful is a miss. */
#include "core/cache.h"
#include "support/support.h"

#include "core/buf.h"
#include "core/file.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct key
number(uint64_t n)
{
	return key_of(&n, sizeof(n));
}

static struct cache *
fresh(uint64_t limit)
{
	struct cache *cache;
	char folder[1024];

	support_clean();
	snprintf(folder, sizeof(folder), "%s/deep/cache", support_folder());
	assert_ok(cache_open(&cache, folder, limit));
	return cache;
}

static bool
holds(struct cache *cache, struct key key, const char *text)
{
	void *data;
	size_t size;
	bool same;

	assert_ok(cache_get(&data, &size, cache, key));
	if (!data)
		return false;
	same = size == strlen(text) && !memcmp(data, text, size);
	buf_free(data);
	assert_true(same);
	return true;
}

static void
put(struct cache *cache, struct key key, const char *text)
{
	assert_ok(cache_put(cache, key, text, strlen(text)));
}

static void
test_cache__gives_back_what_was_put(void **state)
{
	struct cache *cache = fresh(1 << 20);

	(void)state;
	assert_false(holds(cache, number(1), ""));
	put(cache, number(1), "one");
	put(cache, number(2), "");
	assert_true(holds(cache, number(1), "one"));
	assert_true(holds(cache, number(2), ""));
	put(cache, number(1), "uno");
	assert_true(holds(cache, number(1), "uno"));
	assert_false(holds(cache, number(3), ""));
	cache_close(cache);
}

static void
test_cache__off_holds_nothing(void **state)
{
	struct cache *cache;

	(void)state;
	assert_ok(cache_open(&cache, "off", 0));
	assert_null(cache_folder(cache));
	put(cache, number(1), "one");
	assert_false(holds(cache, number(1), ""));
	cache_close(cache);
	setenv("QSCOPE_CACHE", "off", 1);
	assert_ok(cache_open(&cache, NULL, 0));
	assert_null(cache_folder(cache));
	cache_close(cache);
	unsetenv("QSCOPE_CACHE");
	setenv("XDG_CACHE_HOME", "/somewhere", 1);
	assert_ok(cache_open(&cache, NULL, 0));
	assert_string_equal(cache_folder(cache), "/somewhere/qscope");
	cache_close(cache);
	unsetenv("XDG_CACHE_HOME");
}

static void
rewrite(const char *path, const char *data, size_t size)
{
	FILE *file = fopen(path, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, size, file), size);
	fclose(file);
}

static void
test_cache__torn_entries_and_flipped_bits_are_misses(void **state)
{
	struct cache *cache = fresh(1 << 20);
	char *path, *whole;
	size_t size;

	(void)state;
	put(cache, number(1), "a small result");
	path = cache_path(cache, number(1));
	assert_ok(file_read(&whole, &size, path, 1 << 20));
	for (size_t n = 0; n < size; n++) {
		rewrite(path, whole, n);
		assert_false(holds(cache, number(1), ""));
	}
	for (size_t bit = 0; bit < size * 8; bit++) {
		whole[bit / 8] = (char)(whole[bit / 8] ^ 1 << bit % 8);
		rewrite(path, whole, size);
		assert_false(holds(cache, number(1), ""));
		whole[bit / 8] = (char)(whole[bit / 8] ^ 1 << bit % 8);
	}
	whole[size] = 'x';
	rewrite(path, whole, size + 1);
	assert_false(holds(cache, number(1), ""));
	rewrite(path, whole, size);
	assert_true(holds(cache, number(1), "a small result"));
	buf_free(whole);
	buf_free(path);
	cache_close(cache);
}

static void
test_cache__an_entry_of_another_key_is_a_miss(void **state)
{
	struct cache *cache = fresh(1 << 20);
	char *one, *two;

	(void)state;
	put(cache, number(1), "one");
	put(cache, number(2), "two");
	one = cache_path(cache, number(1));
	two = cache_path(cache, number(2));
	assert_int_equal(rename(one, two), 0);
	assert_false(holds(cache, number(2), ""));
	unlink(two);
	assert_int_equal(mkfifo(two, 0600), 0);
	assert_false(holds(cache, number(2), ""));
	unlink(two);
	assert_int_equal(symlink("/etc/passwd", two), 0);
	assert_false(holds(cache, number(2), ""));
	put(cache, number(2), "again");
	assert_true(holds(cache, number(2), "again"));
	buf_free(one);
	buf_free(two);
	cache_close(cache);
}

static void
age(struct cache *cache, uint64_t n, time_t seconds)
{
	char *path = cache_path(cache, number(n));
	struct timespec times[2] = { { .tv_sec = time(NULL) - seconds },
				     { .tv_sec = time(NULL) - seconds } };

	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
	buf_free(path);
}

static void
test_cache__the_least_recently_used_go_first(void **state)
{
	char text[1001];
	struct cache *cache = fresh(16000);

	(void)state;
	memset(text, 'x', 1000);
	text[1000] = '\0';
	for (uint64_t n = 0; n < 14; n++) {
		put(cache, number(n), text);
		age(cache, n, 1000 - (time_t)n);
	}
	assert_true(holds(cache, number(0), text)); /* used, so it stays */
	put(cache, number(14), text);
	put(cache, number(15), text);
	assert_true(holds(cache, number(0), text));
	assert_false(holds(cache, number(1), ""));
	assert_false(holds(cache, number(2), ""));
	for (uint64_t n = 5; n < 16; n++)
		assert_true(holds(cache, number(n), text));
	cache_close(cache);
}

static void
test_cache__strange_files_in_the_folder_stay(void **state)
{
	char text[1001], path[1100];
	struct cache *cache = fresh(16000);

	(void)state;
	memset(text, 'x', 1000);
	text[1000] = '\0';
	put(cache, number(0), text);
	snprintf(path, sizeof(path), "%s/precious.txt", cache_folder(cache));
	rewrite(path, text, 1000);
	for (uint64_t n = 0; n < 50; n++)
		put(cache, number(n), text);
	assert_true(file_exists(path));
	assert_true(holds(cache, number(49), text));
	assert_false(holds(cache, number(1), ""));
	cache_close(cache);
}

static void
test_cache__failing_to_write_is_said_and_does_no_harm(void **state)
{
	struct cache *cache = fresh(1 << 20);
	struct rlimit old, tiny;
	char big[5000];

	(void)state;
	memset(big, 'x', sizeof(big));
	put(cache, number(1), "one");
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	tiny = (struct rlimit){ 1000, old.rlim_max };
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &tiny), 0);
	assert_err(ERR_IO, "the cache cannot be written",
		   cache_put(cache, number(1), big, sizeof(big)));
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_true(holds(cache, number(1), "one"));
	assert_err(ERR_RANGE, "too large for a cache", cache_put(cache, number(2), big, 1 << 19));
	cache_close(cache);
	/* A file stands where the folder should be. */
	assert_ok(cache_open(&cache, support_file("file", "x", 1), 0));
	assert_int_equal(cache_put(cache, number(1), "one", 3), ERR_IO);
	assert_false(holds(cache, number(1), ""));
	cache_close(cache);
}

/* Puts and gets of the same keys from everywhere: what is found is whole. */
static void *
hammer(void *arg)
{
	struct cache *cache = arg;
	char text[300];

	for (uint64_t i = 0; i < 300; i++) {
		uint64_t n = i * 7 % 20;
		void *data;
		size_t size;

		memset(text, (int)('a' + n), sizeof(text));
		if (cache_put(cache, number(n), text, sizeof(text)) ||
		    cache_get(&data, &size, cache, number(n)))
			return cache;
		if (data && (size != sizeof(text) || memcmp(data, text, size)))
			return cache;
		buf_free(data);
	}
	return NULL;
}

static void
test_cache__threads_share_one(void **state)
{
	struct cache *cache = fresh(4000);
	pthread_t threads[3];
	void *result;

	(void)state;
	for (int i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, hammer, cache);
	for (int i = 0; i < 3; i++) {
		pthread_join(threads[i], &result);
		assert_null(result);
	}
	cache_close(cache);
}

static void
test_cache__processes_share_one_folder(void **state)
{
	struct cache *cache = fresh(4000);
	pid_t children[2];
	int status;

	(void)state;
	for (int i = 0; i < 2; i++)
		if (!(children[i] = fork()))
			_exit(hammer(cache) != NULL);
	assert_null(hammer(cache));
	for (int i = 0; i < 2; i++) {
		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_int_equal(status, 0);
	}
	cache_close(cache);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cache__gives_back_what_was_put),
		cmocka_unit_test(test_cache__off_holds_nothing),
		cmocka_unit_test(test_cache__torn_entries_and_flipped_bits_are_misses),
		cmocka_unit_test(test_cache__an_entry_of_another_key_is_a_miss),
		cmocka_unit_test(test_cache__the_least_recently_used_go_first),
		cmocka_unit_test(test_cache__strange_files_in_the_folder_stay),
		cmocka_unit_test(test_cache__failing_to_write_is_said_and_does_no_harm),
		cmocka_unit_test(test_cache__threads_share_one),
		cmocka_unit_test(test_cache__processes_share_one_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
