/* Results in memory by key: bounded, and what is in use stays. */
#include "sessions/shelf.h"
#include "support/support.h"

#include <stdbool.h>

static int dropped;

static void
drop(void *value)
{
	(void)value;
	dropped++;
}

static struct key
key(int n)
{
	return key_of(&n, sizeof(n));
}

static int values[8];

static void
put(struct shelf *shelf, int n, size_t bytes)
{
	assert_ok(shelf_put(shelf, key(n), &values[n], bytes));
}

static bool
holds(struct shelf *shelf, int n)
{
	void *found = shelf_get(shelf, key(n));

	assert_true(!found || found == &values[n]);
	return found != NULL;
}

static void
test_shelf__the_least_recently_used_goes_first(void **state)
{
	struct shelf shelf = { .limit = 30, .drop = drop };

	(void)state;
	dropped = 0;
	for (int i = 0; i < 3; i++)
		put(&shelf, i, 10);
	assert_true(holds(&shelf, 0));
	put(&shelf, 3, 10);
	assert_int_equal(dropped, 1);
	assert_false(holds(&shelf, 1));
	assert_true(holds(&shelf, 0) && holds(&shelf, 2) && holds(&shelf, 3));
	put(&shelf, 4, 100); /* the last one stays whatever its size */
	assert_true(holds(&shelf, 4));
	assert_int_equal(shelf.count, 1);
	shelf_clear(&shelf);
	assert_int_equal(dropped, 5);
}

static void
test_shelf__what_is_in_use_stays(void **state)
{
	struct shelf shelf = { .limit = 30, .drop = drop };

	(void)state;
	for (int i = 0; i < 3; i++)
		put(&shelf, i, 10);
	shelf_pin(&shelf);
	assert_true(holds(&shelf, 0));
	put(&shelf, 3, 10);
	put(&shelf, 4, 10);
	put(&shelf, 5, 10); /* more than the limit: all four are in use */
	assert_true(holds(&shelf, 0) && holds(&shelf, 3) && holds(&shelf, 4) && holds(&shelf, 5));
	assert_int_equal(shelf.count, 4);
	shelf_unpin(&shelf);
	shelf_make_room(&shelf, 10);
	assert_int_equal(shelf.count, 2);
	assert_true(holds(&shelf, 4) && holds(&shelf, 5));
	shelf_clear(&shelf);
}

static void
test_shelf__a_key_is_kept_once(void **state)
{
	struct shelf shelf = { .limit = 30, .drop = drop };

	(void)state;
	dropped = 0;
	put(&shelf, 1, 10);
	put(&shelf, 1, 20);
	assert_int_equal(dropped, 1);
	assert_int_equal(shelf.bytes, 20);
	shelf_drop(&shelf, key(1));
	shelf_drop(&shelf, key(2));
	assert_int_equal(shelf.bytes, 0);
	shelf_clear(&shelf);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shelf__the_least_recently_used_goes_first),
		cmocka_unit_test(test_shelf__what_is_in_use_stays),
		cmocka_unit_test(test_shelf__a_key_is_kept_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
