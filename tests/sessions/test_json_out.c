/* JSON out: numbers that read back, one sticky failure, canonical order. */
#include "sessions/json_out.h"
#include "core/buf.h"
#include "support/support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void
assert_json(const char *expected, struct json_out *json, enum json_style style)
{
	char *text;

	assert_ok(json_out_finish(&text, json, style));
	assert_string_equal(text, expected);
	buf_free(text);
}

static void
test_json_out__numbers_are_shortest_and_exact(void **state)
{
	char text[32];
	uint64_t seed = 1;

	(void)state;
	assert_string_equal(json_number_text(text, 0.1), "0.1");
	assert_string_equal(json_number_text(text, -0.0), "0");
	assert_string_equal(json_number_text(text, 4), "4");
	assert_string_equal(json_number_text(text, 1e-5), "1e-05");
	assert_string_equal(json_number_text(text, 9007199254740992.0), "9007199254740992");
	assert_string_equal(json_number_text(text, 1e300), "1e+300");
	for (int i = 0; i < 20000; i++) {
		double value = ldexp(support_uniform(&seed) - 0.5,
				     (int)(support_uniform(&seed) * 600) - 300);

		assert_true(strtod(json_number_text(text, value), NULL) == value);
	}
}

static void
test_json_out__counts_keep_all_64_bits(void **state)
{
	struct json_out *json = json_out_start(NULL);

	(void)state;
	json_out_count(json, "count", UINT64_MAX);
	json_out_integer(json, "integer", INT64_MIN);
	json_out_number(json, "nan", (double)NAN);
	json_out_number(json, "infinity", (double)-INFINITY);
	assert_json("{\"count\":18446744073709551615,\"integer\":-9223372036854775808,"
		    "\"nan\":null,\"infinity\":null}",
		    json, JSON_COMPACT);
}

static void
test_json_out__the_schema_is_the_first_key(void **state)
{
	struct json_out *json = json_out_start("qscope.x/1");

	(void)state;
	json_out_text(json, "b", "\"\n\x01\xc3\xa9");
	json_out_text(json, "bytes", "\xff");
	json_out_text(json, "none", NULL);
	assert_json("{\"schema\":\"qscope.x/1\",\"b\":\"\\\"\\n\\u0001\xc3\xa9\","
		    "\"bytes\":\"\\\\xff\",\"none\":null}",
		    json, JSON_COMPACT);
}

static void
test_json_out__canonical_keys_are_sorted_at_every_depth(void **state)
{
	struct json_out *json = json_out_start(NULL);

	(void)state;
	json_out_bool(json, "z", true);
	json_out_array(json, "list");
	json_out_object(json, NULL);
	json_out_null(json, "b");
	json_out_null(json, "a");
	json_out_end(json);
	json_out_end(json);
	json_out_bool(json, "B", false);
	assert_json("{\"B\":false,\"list\":[{\"a\":null,\"b\":null}],\"z\":true}", json,
		    JSON_CANONICAL);
}

static void
test_json_out__too_deep_comes_out_at_the_end(void **state)
{
	struct json_out *json = json_out_start(NULL);
	char *text;

	(void)state;
	for (int i = 0; i < 100; i++)
		json_out_array(json, "a");
	assert_int_equal(json_out_finish(&text, json, JSON_COMPACT), ERR_NOMEM);
	assert_null(text);
	json_out_text(NULL, "a", "b");
	assert_int_equal(json_out_finish(&text, NULL, JSON_COMPACT), ERR_NOMEM);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json_out__numbers_are_shortest_and_exact),
		cmocka_unit_test(test_json_out__counts_keep_all_64_bits),
		cmocka_unit_test(test_json_out__the_schema_is_the_first_key),
		cmocka_unit_test(test_json_out__canonical_keys_are_sorted_at_every_depth),
		cmocka_unit_test(test_json_out__too_deep_comes_out_at_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
