/* Intermediate results by key: found again, bounded, the least recently used gone first, by way of
 * the spill where there is one. */
#include "core/states.h"

#include "core/buf.h"
#include "core/file.h"
#include "support/support.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

static struct key
key(int n)
{
	return key_of(&n, sizeof(n));
}

/* A state whose bytes are of its number. */
static void
put(struct states *states, int n, size_t size)
{
	char data[64];

	memset(data, n, sizeof(data));
	assert_ok(states_put(states, key(n), data, size));
}

static bool
holds(struct states *states, int n, size_t size)
{
	char data[64], expected[64];

	memset(expected, n, sizeof(expected));
	assert_int_equal(states_has(states, key(n)), states_get(states, key(n), data, size));
	if (!states_get(states, key(n), data, size))
		return false;
	assert_memory_equal(data, expected, size);
	return true;
}

static void
test_states__the_least_recently_used_goes_first(void **state)
{
	struct states *states;

	(void)state;
	assert_ok(states_create(&states, 35, NULL));
	for (int i = 0; i < 3; i++)
		put(states, i, 10);
	assert_int_equal(states_bytes(states), 30);
	assert_true(holds(states, 0, 10));
	put(states, 3, 10);
	assert_false(holds(states, 1, 10));
	assert_true(holds(states, 0, 10));
	assert_true(holds(states, 2, 10));
	assert_true(holds(states, 3, 10));
	assert_int_equal(states_bytes(states), 30);
	states_free(states);
}

static void
test_states__what_does_not_fit_is_not_kept(void **state)
{
	struct states *states;

	(void)state;
	assert_ok(states_create(&states, 35, NULL));
	put(states, 1, 30);
	put(states, 2, 36);
	assert_true(holds(states, 1, 30));
	assert_false(holds(states, 2, 36));
	put(states, 3, 35);
	assert_false(holds(states, 1, 30));
	assert_int_equal(states_bytes(states), 35);
	states_free(states);
	states_free(NULL);
}

static void
test_states__a_key_is_kept_once(void **state)
{
	struct states *states;
	char first = 'a', second = 'b', got;

	(void)state;
	assert_ok(states_create(&states, 10, NULL));
	assert_ok(states_put(states, key(1), &first, 1));
	assert_ok(states_put(states, key(1), &second, 1));
	assert_int_equal(states_bytes(states), 1);
	assert_true(states_get(states, key(1), &got, 1));
	assert_int_equal(got, 'a');
	assert_false(states_get(states, key(1), &got, 0)); /* another size is another thing */
	states_free(states);
}

static int
files_in(const char *folder)
{
	DIR *dir = opendir(folder);
	int count = -2;

	while (dir && readdir(dir))
		count++;
	if (dir)
		closedir(dir);
	return count;
}

/* Memory for three, disk for four (blocks of 4096 there); all the while no file can be seen. */
static void
test_states__what_memory_cannot_hold_moves_to_the_disk(void **state)
{
	struct states *states;
	struct spill *spill;

	(void)state;
	support_clean();
	assert_ok(spill_create(&spill, support_folder(), 4 * 4096));
	assert_ok(states_create(&states, 35, spill));
	for (int i = 0; i < 7; i++)
		put(states, i, 10);
	assert_int_equal(states_bytes(states), 30);
	assert_int_equal(states_spilled(states), 40);
	assert_int_equal(spill_bytes(spill), 4 * 4096);
	for (int i = 6; i >= 0; i--)
		assert_true(holds(states, i, 10));
	put(states, 7, 40); /* too large for memory; 3 was used least recently on disk */
	assert_true(holds(states, 7, 40));
	assert_false(holds(states, 3, 10));
	assert_int_equal(spill_bytes(spill), 4 * 4096);
	assert_int_equal(files_in(support_folder()), 0);
	states_free(states);
	assert_int_equal(spill_bytes(spill), 0);
	spill_unref(spill);
}

/* A full disk loses states, and nothing but them. */
static void
test_states__a_full_disk_costs_what_does_not_fit(void **state)
{
	struct states *states;
	struct spill *spill;

	(void)state;
	support_clean();
	assert_ok(spill_create(&spill, support_folder(), 1 << 20));
	assert_ok(states_create(&states, 35, spill));
	for (int i = 0; i < 4; i++)
		put(states, i, 10);
	file_fail_at(1, ENOSPC);
	put(states, 4, 10);
	file_fail_at(0, 0);
	put(states, 5, 10);
	assert_true(holds(states, 0, 10)); /* on disk before it was full */
	assert_false(holds(states, 1, 10));
	assert_false(holds(states, 2, 10));
	for (int i = 3; i < 6; i++)
		assert_true(holds(states, i, 10));
	assert_int_equal(files_in(support_folder()), 0);
	states_free(states);
	spill_unref(spill);
}

static void
test_states__a_folder_that_cannot_be_made_is_a_full_disk(void **state)
{
	struct states *states;
	struct spill *spill;

	(void)state;
	assert_ok(spill_create(&spill, support_file("file", "x", 1), 1 << 20));
	assert_ok(states_create(&states, 10, spill));
	put(states, 1, 10);
	put(states, 2, 10);
	assert_false(holds(states, 1, 10));
	assert_true(holds(states, 2, 10));
	states_free(states);
	spill_unref(spill);
}

static void
test_states__running_out_of_memory_is_said(void **state)
{
	struct states *states;
	char data = 'a';

	(void)state;
	assert_ok(states_create(&states, 10, NULL));
	for (unsigned long n = 1; n <= 2; n++) {
		buf_fail_at(n, 0);
		assert_int_equal(states_put(states, key(1), &data, 1), ERR_NOMEM);
		buf_fail_at(0, 0);
		assert_false(states_has(states, key(1)));
	}
	states_free(states);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_states__the_least_recently_used_goes_first),
		cmocka_unit_test(test_states__what_does_not_fit_is_not_kept),
		cmocka_unit_test(test_states__a_key_is_kept_once),
		cmocka_unit_test(test_states__what_memory_cannot_hold_moves_to_the_disk),
		cmocka_unit_test(test_states__a_full_disk_costs_what_does_not_fit),
		cmocka_unit_test(test_states__a_folder_that_cannot_be_made_is_a_full_disk),
		cmocka_unit_test(test_states__running_out_of_memory_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
