/* Recipes: round trip, resolution, refusal, a hash that stays. */
#include "sessions/recipe.h"
#include "core/buf.h"
#include "support/support.h"

#include <string.h>

static const char small[] =
	"{\"schema\":\"qscope.recipe/1\",\"default\":{\"method\":\"rtn\",\"params\":{\"bits\":3}},"
	"\"rules\":[{\"match\":\"layers.0.**\",\"method\":\"nf4\"},"
	"{\"match\":\"**.attn.v\",\"keep\":true},{\"match\":\"head\",\"method\":\"rtn\"}],"
	"\"calibration\":{\"text\":\"a \\\"b\\\" \xc3\xa9\",\"seed\":7,\"source\":\"propagated\"}}";

static enum err
parse(struct recipe *out, const char *text)
{
	return recipe_parse(out, text, strlen(text), "r.json");
}

static void
test_recipe__written_and_read_back_is_the_same(void **state)
{
	struct recipe first, second;
	char a[HASH_HEX], b[HASH_HEX], *text, *again;

	(void)state;
	assert_ok(parse(&first, small));
	assert_ok(recipe_text(&text, &first));
	assert_ok(parse(&second, text));
	assert_ok(recipe_text(&again, &second));
	assert_string_equal(text, again);
	assert_ok(recipe_hash(a, &first));
	assert_ok(recipe_hash(b, &second));
	assert_string_equal(a, b);
	assert_true(second.calibration.propagated);
	assert_int_equal(second.calibration.seed, 7);
	buf_free(text);
	buf_free(again);
	recipe_clear(&first);
	recipe_clear(&second);
}

static void
test_recipe__the_hash_is_of_the_canonical_text(void **state)
{
	struct recipe recipe;
	char hash[HASH_HEX], expected[HASH_HEX];
	static const char canonical[] =
		"{\"calibration\":null,\"default\":null,\"model\":{\"architecture\":null,"
		"\"identity\":null,\"sha256\":null},\"numeric_profile\":null,"
		"\"rules\":[{\"keep\":true,\"match\":\"a\"}],\"schema\":\"qscope.recipe/1\"}";

	(void)state;
	assert_ok(parse(&recipe, "{\"schema\":\"qscope.recipe/1\",\"rules\":[{\"keep\":true,"
				 "\"match\":\"a\"}],\"provenance\":{\"notes\":\"never hashed\"}}"));
	assert_ok(recipe_hash(hash, &recipe));
	assert_ok(sha256_of(expected, canonical, strlen(canonical)));
	assert_string_equal(hash, expected);
	recipe_clear(&recipe);
}

static void
test_recipe__provenance_does_not_change_the_hash(void **state)
{
	struct recipe recipe;
	char before[HASH_HEX], after[HASH_HEX];

	(void)state;
	assert_ok(parse(&recipe, small));
	assert_ok(recipe_hash(before, &recipe));
	memcpy(recipe.notes, "tried on a Monday", 18);
	assert_ok(recipe_hash(after, &recipe));
	assert_string_equal(before, after);
	recipe.calibration.seed++;
	assert_ok(recipe_hash(after, &recipe));
	assert_string_not_equal(before, after);
	recipe_clear(&recipe);
}

static void
refuse(enum err code, const char *part, const char *text)
{
	struct recipe recipe;

	assert_err(code, part, parse(&recipe, text));
	assert_null(recipe.rules);
}

#define R "{\"schema\":\"qscope.recipe/1\","

static void
test_recipe__what_it_does_not_know_is_refused_with_the_nearest(void **state)
{
	(void)state;
	refuse(ERR_FORMAT, "did you mean \"rules\"", R "\"ruels\":[]}");
	refuse(ERR_FORMAT, "did you mean \"bits\"",
	       R "\"default\":{\"method\":\"rtn\",\"params\":{\"bitz\":4}}}");
	refuse(ERR_UNSUPPORTED, "did you mean rtn", R "\"default\":{\"method\":\"rtm\"}}");
	refuse(ERR_FORMAT, "schema is", "{\"schema\":\"qscope.recipe/2\"}");
	refuse(ERR_FORMAT, "rules[1]",
	       R "\"rules\":[{\"match\":\"a\",\"keep\":true},{\"keep\":1}]}");
	refuse(ERR_FORMAT, "no \"match\"", R "\"rules\":[{\"keep\":true}]}");
	refuse(ERR_FORMAT, "leave one",
	       R "\"rules\":[{\"match\":\"a\",\"keep\":true,\"method\":\"rtn\"}]}");
}

static void
test_recipe__values_outside_their_range_are_refused(void **state)
{
	(void)state;
	refuse(ERR_RANGE, "bits", R "\"default\":{\"method\":\"rtn\",\"params\":{\"bits\":99}}}");
	refuse(ERR_FORMAT, "true or false",
	       R "\"default\":{\"method\":\"rtn\",\"params\":{\"symmetric\":1}}}");
	refuse(ERR_FORMAT, "expected a number",
	       R "\"default\":{\"method\":\"rtn\",\"params\":{\"bits\":\"4\"}}}");
	refuse(ERR_RANGE, "source", R "\"calibration\":{\"text\":\"a\",\"source\":\"else\"}}");
	refuse(ERR_FORMAT, "64 hexadecimal",
	       R "\"calibration\":{\"text\":\"a\",\"sha256\":\"12\"}}");
	refuse(ERR_FORMAT, "whole number", R "\"calibration\":{\"text\":\"a\",\"seed\":1.5}}");
	refuse(ERR_RANGE, "seed", R "\"calibration\":{\"text\":\"a\",\"seed\":1e300}}");
}

static void
test_recipe__hostile_json_is_refused(void **state)
{
	static char deep[200000];

	(void)state;
	refuse(ERR_FORMAT, "not JSON", "");
	refuse(ERR_FORMAT, "not JSON", R);
	refuse(ERR_FORMAT, "not JSON", R "\"rules\":[]} trailing");
	refuse(ERR_FORMAT, "twice", R "\"rules\":[],\"rules\":[]}");
	refuse(ERR_FORMAT, "UTF-8", R "\"rules\":\"\xff\"}");
	refuse(ERR_FORMAT, "expected an object", "[]");
	memset(deep, '[', sizeof(deep) - 1);
	refuse(ERR_FORMAT, "not JSON", deep);
	memset(deep, 0, sizeof(deep));
	memset(deep, '[', 100);
	memset(deep + 100, ']', 100);
	refuse(ERR_FORMAT, "deep", deep);
}

/* A model of two blocks, names alone. */
static struct layer layers[] = {
	{ .name = "embed",
	  .module = "embed",
	  .tensor_name = "model.embed_tokens.weight",
	  .block = -1 },
	{ .name = "layers.0.attn.q", .module = "attn.q", .tensor_name = "q0", .block = 0 },
	{ .name = "layers.0.attn.v", .module = "attn.v", .tensor_name = "v0", .block = 0 },
	{ .name = "layers.1.attn.q", .module = "attn.q", .tensor_name = "q1", .block = 1 },
	{ .name = "layers.1.moe.router", .module = "moe.router", .tensor_name = "r1", .block = 1 },
};
static const struct model model = { .layers = layers, .layer_count = 5, .embed = 0, .head = 0 };

static const char *
method_of(const struct recipe *recipe, int layer)
{
	const struct quantizer *method = recipe_resolve(recipe, &model, layer).method;

	return method ? method->name : "keep";
}

static void
test_recipe__later_rules_win(void **state)
{
	struct recipe recipe;

	(void)state;
	assert_ok(parse(&recipe, small));
	assert_string_equal(method_of(&recipe, 1), "nf4");
	assert_string_equal(method_of(&recipe, 2), "keep");
	assert_string_equal(method_of(&recipe, 3), "rtn");
	assert_string_equal(method_of(&recipe, 0), "rtn"); /* the tied head, by its name */
	assert_int_equal(recipe_rule_of(&recipe, &model, 3), -1);
	recipe_clear(&recipe);
}

static void
test_recipe__a_star_does_not_reach_embeddings_and_routers(void **state)
{
	struct recipe recipe;

	(void)state;
	assert_ok(parse(&recipe, R "\"rules\":[{\"match\":\"**\",\"method\":\"rtn\"}]}"));
	assert_string_equal(method_of(&recipe, 0), "keep");
	assert_string_equal(method_of(&recipe, 1), "rtn");
	assert_string_equal(method_of(&recipe, 4), "keep");
	recipe_clear(&recipe);
	assert_ok(parse(&recipe,
			R "\"rules\":[{\"match\":\"layers.*.moe.router\",\"method\":\"rtn\"},"
			  "{\"match\":\"model.embed_tokens.weight\",\"method\":\"nf4\"}]}"));
	assert_string_equal(method_of(&recipe, 4), "rtn");
	assert_string_equal(method_of(&recipe, 0), "nf4");
	recipe_clear(&recipe);
}

static void
test_recipe__a_rule_set_again_moves_to_the_end(void **state)
{
	struct layer_setting rtn = { .method = quantizer_find("rtn") }, keep = { 0 };
	struct recipe recipe, copy;

	(void)state;
	param_defaults(&rtn.params, rtn.method->params);
	recipe_init(&recipe);
	assert_ok(recipe_set(&recipe, "layers.0.attn.q", &rtn));
	assert_ok(recipe_set(&recipe, "**", &keep));
	assert_string_equal(method_of(&recipe, 1), "keep");
	assert_ok(recipe_set(&recipe, "layers.0.attn.q", &rtn));
	assert_int_equal(recipe.rule_count, 2);
	assert_ok(recipe_copy(&copy, &recipe));
	recipe_clear(&recipe);
	assert_string_equal(method_of(&copy, 1), "rtn");
	recipe_clear(&copy);
}

static void
test_recipe__an_assignment_names_what_is_wrong(void **state)
{
	struct layer_setting rtn = { .method = quantizer_find("rtn") };

	(void)state;
	param_defaults(&rtn.params, rtn.method->params);
	assert_ok(recipe_assign(&rtn, "bits=3"));
	assert_true(rtn.params.v[param_find(rtn.method->params, "bits")] == 3);
	assert_err(ERR_USAGE, "did you mean bits", recipe_assign(&rtn, "bitz=3"));
	assert_err(ERR_USAGE, "NAME=VALUE", recipe_assign(&rtn, "bits"));
	assert_int_not_equal(recipe_assign(&rtn, "bits=99"), OK);
	assert_int_not_equal(recipe_assign(&rtn, "bits="), OK);
}

static void
test_recipe__lack_of_memory_is_an_error_at_every_step(void **state)
{
	struct recipe recipe;
	char *text;
	unsigned long n = 0;
	enum err code;

	(void)state;
	do {
		buf_fail_at(++n, 0);
		text = NULL;
		code = parse(&recipe, small);
		if (!code)
			code = recipe_text(&text, &recipe);
		buf_fail_at(0, 0);
		assert_true(code == OK || code == ERR_NOMEM);
		buf_free(text);
		recipe_clear(&recipe);
	} while (code);
	assert_true(n > 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recipe__written_and_read_back_is_the_same),
		cmocka_unit_test(test_recipe__the_hash_is_of_the_canonical_text),
		cmocka_unit_test(test_recipe__provenance_does_not_change_the_hash),
		cmocka_unit_test(test_recipe__what_it_does_not_know_is_refused_with_the_nearest),
		cmocka_unit_test(test_recipe__values_outside_their_range_are_refused),
		cmocka_unit_test(test_recipe__hostile_json_is_refused),
		cmocka_unit_test(test_recipe__later_rules_win),
		cmocka_unit_test(test_recipe__a_star_does_not_reach_embeddings_and_routers),
		cmocka_unit_test(test_recipe__a_rule_set_again_moves_to_the_end),
		cmocka_unit_test(test_recipe__an_assignment_names_what_is_wrong),
		cmocka_unit_test(test_recipe__lack_of_memory_is_an_error_at_every_step),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
