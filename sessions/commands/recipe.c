/* qscope recipe: check a recipe, name it, spell it out. */
#include "core/buf.h"
#include "sessions/commands/common.h"

#include <string.h>

static void
rule_row(struct table *table, const char *match, const struct layer_setting *setting)
{
	char text[512];

	recipe_describe(text, sizeof(text), setting);
	table_cell(table, "%s", match);
	table_cell(table, "%s", text);
}

static enum err
print_table(struct call *call, const struct recipe *recipe, const char *hash)
{
	static const char *const heads[] = { "layers", "setting" };
	const struct calibration_setting *calibration = &recipe->calibration;
	struct table *table = table_create(2, heads);

	if (recipe->has_fallback)
		rule_row(table, "default", &recipe->fallback);
	for (size_t i = 0; i < recipe->rule_count; i++)
		rule_row(table, recipe->rules[i].match, &recipe->rules[i].setting);
	if (!call->options->csv && calibration->text[0])
		output_text(call, "calibrated on %s: %zu windows of %zu tokens, seed %llu, %s\n",
			    calibration->text, calibration->sequences, calibration->length,
			    (unsigned long long)calibration->seed,
			    calibration->propagated ? "through the quantized blocks"
						    : "through the original model");
	if (!call->options->csv)
		output_text(call, "sha256 %s\n\n", hash);
	return output_table(call, table);
}

/* The recipe in full, every parameter written out: what a short one stands for. */
static enum err
print_full(struct call *call, const struct recipe *recipe)
{
	char *text;
	enum err code = recipe_text(&text, recipe);

	if (!code)
		output_text(call, "%s\n", text);
	buf_free(text);
	return code;
}

static enum err
print_json(struct call *call, const struct recipe *recipe)
{
	struct json_out *json = json_out_start("qscope.recipe_check/1");
	enum err code = common_recipe_out(json, recipe);

	if (code) {
		json_out_drop(json);
		return code;
	}
	return output_json(call, json);
}

static enum err
run(struct call *call)
{
	struct recipe recipe;
	char hash[HASH_HEX];
	enum err code = recipe_read(&recipe, arguments_value(&call->arguments, "FILE"));

	if (code)
		return code;
	code = recipe_hash(hash, &recipe);
	if (!code && call->options->json)
		code = print_json(call, &recipe);
	else if (!code && arguments_value(&call->arguments, "--full"))
		code = print_full(call, &recipe);
	else if (!code)
		code = print_table(call, &recipe, hash);
	recipe_clear(&recipe);
	return code;
}

const struct command command_recipe = {
	.name = "recipe",
	.summary = "check a recipe, show it and its hash",
	.help = "Reads a recipe (qscope.recipe/1), refuses what it does not know, and shows what "
		"each\n"
		"rule means. The hash is SHA-256 of the canonical JSON (keys sorted, no blanks)\n"
		"without `provenance`. --full prints the recipe with every parameter written "
		"out.\n\n"
		"Example: qscope recipe out/qscope-recipe.json",
	.args =
		(const struct command_arg[]){
			{ "FILE", NULL, "file", "the recipe", true, false },
			{ "--full", NULL, NULL, "print it with every parameter written out", false,
			  false },
			{ 0 },
		},
	.run = run,
};
