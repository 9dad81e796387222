/* Intermediate results by key: found again, bounded, the least recently used gone first. */
#include "core/states.h"

#include "core/buf.h"
#include "support/support.h"

#include <string.h>

static struct key
key(int n)
{
	return key_of(&n, sizeof(n));
}

static void
test_states__the_least_recently_used_goes_first(void **state)
{
	struct states *states;
	char data[10] = "012345678";

	(void)state;
	assert_ok(states_create(&states, 35));
	for (int i = 0; i < 3; i++)
		assert_ok(states_put(states, key(i), data, 10));
	assert_int_equal(states_bytes(states), 30);
	assert_non_null(states_get(states, key(0)));
	assert_ok(states_put(states, key(3), data, 10));
	assert_null(states_get(states, key(1)));
	assert_string_equal(states_get(states, key(0)), data);
	assert_non_null(states_get(states, key(2)));
	assert_non_null(states_get(states, key(3)));
	assert_int_equal(states_bytes(states), 30);
	states_free(states);
}

static void
test_states__what_does_not_fit_is_not_kept(void **state)
{
	struct states *states;
	char data[40] = { 0 };

	(void)state;
	assert_ok(states_create(&states, 35));
	assert_ok(states_put(states, key(1), data, 30));
	assert_ok(states_put(states, key(2), data, 36));
	assert_non_null(states_get(states, key(1)));
	assert_null(states_get(states, key(2)));
	assert_ok(states_put(states, key(3), data, 35));
	assert_null(states_get(states, key(1)));
	assert_int_equal(states_bytes(states), 35);
	states_free(states);
	states_free(NULL);
}

static void
test_states__a_key_is_kept_once(void **state)
{
	struct states *states;
	char first = 'a', second = 'b';

	(void)state;
	assert_ok(states_create(&states, 10));
	assert_ok(states_put(states, key(1), &first, 1));
	assert_ok(states_put(states, key(1), &second, 1));
	assert_int_equal(states_bytes(states), 1);
	assert_memory_equal(states_get(states, key(1)), "a", 1);
	states_free(states);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_states__the_least_recently_used_goes_first),
		cmocka_unit_test(test_states__what_does_not_fit_is_not_kept),
		cmocka_unit_test(test_states__a_key_is_kept_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
