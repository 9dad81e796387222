/* The strict parser, on exact-length buffers and on every prefix. */
#include "core/json.h"
#include "support/support.h"

#include "core/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Parse from a buffer of exactly this length, so that ASan sees any read behind it. */
static enum err
parse(struct json_document **out, const char *text, size_t length)
{
	char *copy = malloc(length ? length : 1);
	enum err code;

	memcpy(copy, text, length);
	code = json_parse(out, copy, length, "test.json");
	free(copy);
	return code;
}

static void
assert_accepted(const char *text)
{
	struct json_document *document;

	assert_ok(parse(&document, text, strlen(text)));
	json_free(document);
}

static void
assert_refused(const char *text, const char *part)
{
	struct json_document *document;

	assert_err(ERR_FORMAT, part, parse(&document, text, strlen(text)));
	assert_null(document);
}

static void
test_json__values_come_back_exact(void **state)
{
	static const char text[] = "{\"a\":18446744073709551615,\"b\":-5,\"c\":1.5e3,\"d\":[true,"
				   "null,\"x\\u00e9\\ud83d\\ude00\\n\"],"
				   "\"e\":18446744073709551616}";
	struct json_document *document;
	const struct json *root, *list;

	(void)state;
	assert_ok(parse(&document, text, strlen(text)));
	root = json_root(document);
	assert_int_equal(root->length, 5);
	assert_true(json_get(root, "a")->is_integer);
	assert_int_equal(json_get(root, "a")->magnitude, UINT64_MAX);
	assert_true(json_get(root, "b")->negative);
	assert_true(json_get(root, "c")->number == 1500.0 && !json_get(root, "c")->is_integer);
	assert_false(json_get(root, "e")->is_integer);
	list = json_get(root, "d");
	assert_true(list->first->boolean);
	assert_int_equal(list->first->next->type, JSON_NULL);
	assert_string_equal(list->first->next->next->string, "x\xc3\xa9\xf0\x9f\x98\x80\n");
	assert_null(json_get(root, "z"));
	json_free(document);
}

static void
test_json__what_the_standard_refuses_is_refused(void **state)
{
	static const char *const bad[] = { "",
					   " ",
					   "{",
					   "[1,",
					   "[1,]",
					   "{\"a\":1,}",
					   "{\"a\" 1}",
					   "{a:1}",
					   "[01]",
					   "[1.]",
					   "[.5]",
					   "[-]",
					   "[1e]",
					   "[+1]",
					   "[NaN]",
					   "nul",
					   "truefalse",
					   "[\"\t\"]",
					   "[\"\\x\"]",
					   "[\"\\u12\"]",
					   "[\"\\ud800\"]",
					   "[\"\\udc00\"]",
					   "[\"abc",
					   "[\"\\",
					   "[1] 2",
					   "[1 2]",
					   "\xef\xbb\xbf{}",
					   "[\"\xc0\xaf\"]",
					   "[\"\xed\xa0\x80\"]",
					   "]",
					   "{]",
					   "[}",
					   "[1\f]",
					   "'a'" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_refused(bad[i], "test.json: byte");
	assert_accepted(" [ ] ");
	assert_accepted("\"\"");
	assert_accepted("-0.5E+3");
}

static void
test_json__a_name_twice_is_refused_by_name(void **state)
{
	(void)state;
	assert_refused("{\"shape\":1,\"x\":{\"shape\":2},\"shape\":3}",
		       "shape: this name stands twice");
	assert_refused("{\"a\":1,\"\\u0061\":2}", "twice");
	assert_refused("{\"a\\u0000b\":1}", "NUL");
	assert_accepted("{\"a\":{\"a\":{\"a\":1}},\"b\":{\"a\":1}}");
}

static void
test_json__nesting_ends_at_64(void **state)
{
	char text[140];

	(void)state;
	memset(text, '[', 64);
	memset(text + 64, ']', 64);
	text[128] = '\0';
	assert_accepted(text);
	memset(text, '[', 65);
	memset(text + 65, ']', 65);
	text[130] = '\0';
	assert_refused(text, "deeper than 64");
}

static void
test_json__every_prefix_of_a_document_is_refused(void **state)
{
	static const char text[] =
		"{\"w\":{\"dtype\":\"F32\",\"shape\":[2,-3.5e2],\"t\":[true,false,null]}}";
	struct json_document *document;

	(void)state;
	for (size_t n = 0; n < sizeof(text) - 1; n++)
		assert_int_equal(parse(&document, text, n), ERR_FORMAT);
	assert_ok(parse(&document, text, sizeof(text) - 1));
	json_free(document);
}

static void
test_json__a_failed_allocation_is_an_error_and_no_leak(void **state)
{
	static const char text[] = "{\"a\":[1,2,{\"b\":\"c\"}]}";
	struct json_document *document;
	unsigned long n = 0;
	enum err code;

	(void)state;
	do {
		buf_fail_at(++n, 0);
		code = parse(&document, text, strlen(text));
		buf_fail_at(0, 0);
		assert_true(code == OK || code == ERR_NOMEM);
	} while (code);
	assert_true(n > 2);
	json_free(document);
}

static void
test_json__a_header_of_200_000_names_parses(void **state)
{
	size_t capacity = 200000 * 24, used = 1;
	char *text = malloc(capacity);
	struct json_document *document;

	(void)state;
	text[0] = '{';
	for (int i = 0; i < 200000; i++)
		used += (size_t)sprintf(text + used, "%s\"name%d\":%d", i ? "," : "", i, i);
	text[used++] = '}';
	assert_ok(json_parse(&document, text, used, "big"));
	assert_int_equal(json_root(document)->length, 200000);
	json_free(document);
	free(text);
}

struct seen {
	char text[512];
	size_t members, stop;
};

/* Writes each member down, with a copy of its key and of what lies deepest in it. */
static enum err
note(void *ctx, const struct json *member)
{
	struct seen *seen = ctx;
	const struct json *deepest = member;
	size_t used = strlen(seen->text);
	char brief[64];

	while (deepest->first)
		deepest = deepest->first;
	snprintf(seen->text + used, sizeof(seen->text) - used, "%s=%s;", member->key,
		 json_brief(brief, sizeof(brief), deepest));
	assert_null(member->next);
	return ++seen->members == seen->stop ? err_set(ERR_RANGE, "enough") : OK;
}

static enum err
each(struct seen *seen, const char *text, size_t stop)
{
	*seen = (struct seen){ .stop = stop };
	return json_parse_each(text, strlen(text), "test.json", note, seen);
}

static void
test_json__members_are_shown_one_by_one(void **state)
{
	static const char text[] =
		" {\"a\":1, \"b\" :{\"x\":[7,8],\"y\":{}}, \"c\":[], \"a\":null} ";
	struct seen seen;

	(void)state;
	assert_ok(each(&seen, text, 0));
	assert_string_equal(seen.text, "a=1;b=7;c=an array;a=null;");
	assert_err(ERR_RANGE, "enough", each(&seen, text, 2));
	assert_int_equal(seen.members, 2);
	assert_ok(each(&seen, "{}", 0));
	assert_int_equal(seen.members, 0);
}

/* What is refused of a whole document is refused here, but for a name that stands twice at the
 * top. */
static void
test_json__members_are_held_to_the_standard(void **state)
{
	static const char *const bad[] = { "",           "[1]",
					   "7",          "{\"a\":1",
					   "{\"a\":1,}", "{\"a\":1 \"b\":2}",
					   "{\"a\"}",    "{\"a\":{\"b\":1,\"b\":2}}",
					   "{\"a\":1}}", "{\"a\":[1}",
					   "{,\"a\":1}", "{\"a\\u0000\":1}" };
	struct seen seen;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(each(&seen, bad[i], 0), ERR_FORMAT);
}

static void
test_json__typed_members_name_key_and_value(void **state)
{
	static const char text[] = "{\"n\":-3,\"s\":7,\"f\":1e400,\"t\":\"x\",\"z\":null}";
	struct json_document *document;
	const struct json *root;
	size_t size = 42;
	double number = 0;
	bool flag = true;

	(void)state;
	assert_ok(parse(&document, text, strlen(text)));
	root = json_root(document);
	assert_err(ERR_FORMAT, "test.json: n: is -3",
		   json_get_size(&size, document, root, "n", 0, 9));
	assert_err(ERR_FORMAT, "s: is 7, expected an integer from 0 to 5",
		   json_get_size(&size, document, root, "s", 0, 5));
	assert_err(ERR_FORMAT, "t: is \"x\", expected true or false",
		   json_get_bool(&flag, document, root, "t"));
	assert_err(ERR_FORMAT, "f: is inf", json_get_number(&number, document, root, "f", 0, 1e30));
	assert_ok(json_get_size(&size, document, root, "z", 0, 5));
	assert_int_equal(size, 42);
	json_free(document);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json__values_come_back_exact),
		cmocka_unit_test(test_json__what_the_standard_refuses_is_refused),
		cmocka_unit_test(test_json__a_name_twice_is_refused_by_name),
		cmocka_unit_test(test_json__nesting_ends_at_64),
		cmocka_unit_test(test_json__every_prefix_of_a_document_is_refused),
		cmocka_unit_test(test_json__a_failed_allocation_is_an_error_and_no_leak),
		cmocka_unit_test(test_json__a_header_of_200_000_names_parses),
		cmocka_unit_test(test_json__members_are_shown_one_by_one),
		cmocka_unit_test(test_json__members_are_held_to_the_standard),
		cmocka_unit_test(test_json__typed_members_name_key_and_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
