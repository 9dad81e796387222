/* Sizes as people write them, and how a limit is shared out. */
#include "sessions/memory.h"
#include "support/models.h"
#include "support/support.h"

#include <stdlib.h>

static void
test_memory__sizes_are_read_as_people_write_them(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} good[] = { { "1000000", 1000000 },
		     { "3G", UINT64_C(3) << 30 },
		     { "512m", 512 << 20 },
		     { "1.5GiB", UINT64_C(3) << 29 },
		     { "2KB", 2048 },
		     { "7B", 7 },
		     { "1T", UINT64_C(1) << 40 } };
	static const char *const bad[] = { "",    "G",   "-1G",  "0",   "3X",        "3GG",  "nan",
					   "inf", "0x8", "1e99", "1 G", "99999999P", "3Gi B" };
	uint64_t bytes;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_ok(memory_parse(&bytes, "--memory", good[i].text));
		assert_int_equal(bytes, good[i].bytes);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_err(ERR_USAGE, "--memory: ", memory_parse(&bytes, "--memory", bad[i]));
}

static void
test_memory__shares_never_exceed_the_limit(void **state)
{
	const struct model *model = models_shipped();

	(void)state;
	for (uint64_t limit = 1; limit < UINT64_C(1) << 40; limit *= 3) {
		struct memory m;

		memory_share(&m, limit, model, 2);
		assert_int_equal(m.limit, limit);
		assert_true(m.fixed > 0);
		if (limit > m.fixed)
			assert_true(m.fixed + m.grams + m.results + m.states + m.batch + m.freed <=
				    limit);
		else
			assert_int_equal(m.grams + m.results + m.states + m.batch + m.freed, 0);
	}
}

static void
test_memory__the_default_is_a_quarter_of_the_machine(void **state)
{
	struct memory m;

	(void)state;
	memory_share(&m, 0, models_shipped(), 1);
	assert_int_equal(m.limit, memory_of_machine() / 4);
}

static void
test_memory__the_disk_has_a_limit_of_its_own(void **state)
{
	uint64_t bytes;

	(void)state;
	unsetenv("QSCOPE_CACHE_SIZE");
	assert_ok(memory_disk_limit(&bytes));
	assert_int_equal(bytes, UINT64_C(4) << 30);
	setenv("QSCOPE_CACHE_SIZE", "20G", 1);
	assert_ok(memory_disk_limit(&bytes));
	assert_int_equal(bytes, UINT64_C(20) << 30);
	setenv("QSCOPE_CACHE_SIZE", "much", 1);
	assert_err(ERR_USAGE, "QSCOPE_CACHE_SIZE: \"much\" is no size", memory_disk_limit(&bytes));
	unsetenv("QSCOPE_CACHE_SIZE");
}

static void
test_memory__sizes_are_written_for_people(void **state)
{
	char text[32];

	(void)state;
	assert_string_equal(memory_text(text, 999), "999 bytes");
	assert_string_equal(memory_text(text, 1536), "1.5 KiB");
	assert_string_equal(memory_text(text, UINT64_C(485) << 20), "485 MiB");
	assert_string_equal(memory_text(text, UINT64_C(13) << 30), "13.0 GiB");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memory__sizes_are_read_as_people_write_them),
		cmocka_unit_test(test_memory__shares_never_exceed_the_limit),
		cmocka_unit_test(test_memory__the_default_is_a_quarter_of_the_machine),
		cmocka_unit_test(test_memory__the_disk_has_a_limit_of_its_own),
		cmocka_unit_test(test_memory__sizes_are_written_for_people),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
