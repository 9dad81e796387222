/* qscope logits: the forward pass laid bare. */
#include "core/buf.h"
#include "core/formats/npy.h"
#include "core/forward.h"
#include "sessions/commands/common.h"
#include "sessions/commands/plan.h"
#include "sessions/ids.h"

#include <string.h>

/* The recipe's results as an overlay for the forward pass; nothing without --recipe or --method. */
static enum err
quantized(struct layer_result **results, struct call *call, struct common *common)
{
	struct recipe recipe;
	enum err code = common_recipe(&recipe, call, common->engine);

	if (code)
		return code;
	code = plan_announce_recipe(call, common, &recipe);
	output_phase(call, "quantizing");
	if (!code)
		code = engine_apply(results, common->engine, &recipe, &common->work);
	recipe_clear(&recipe);
	return code;
}

static enum err
compute(float *logits, struct call *call, struct common *common, const int32_t *ids, size_t count)
{
	const struct model *model = engine_model(common->engine);
	bool recipe = arguments_value(&call->arguments, "--recipe") ||
		      arguments_value(&call->arguments, "--method");
	struct layer_result **results = buf_alloc(model->layer_count, sizeof(*results));
	struct replacement *replacements = buf_alloc(model->layer_count, sizeof(*replacements));
	struct sequence sequence = { ids, count };
	enum err code = results && replacements ? OK : ERR_NOMEM;

	if (!code && recipe)
		code = quantized(results, call, common);
	if (!code) {
		struct overlay overlay = engine_overlay(replacements, common->engine, results);

		output_phase(call, "computing logits");
		code = forward_logits(logits, model, recipe ? &overlay : NULL, sequence,
				      &common->work);
	}
	layer_results_free(results, model->layer_count);
	buf_free(replacements);
	return code;
}

static size_t
largest(const float *row, size_t count)
{
	size_t best = 0;

	for (size_t i = 1; i < count; i++)
		if (row[i] > row[best])
			best = i;
	return best;
}

static enum err
report(struct call *call, const float *logits, size_t count, size_t vocab, const char *path)
{
	static const char *const heads[] = { "position", "top token", "logit" };
	struct json_out *json;
	struct table *table;

	if (call->options->json) {
		json = json_out_start("qscope.logits/1");
		json_out_text(json, "output", path);
		json_out_count(json, "tokens", count);
		json_out_count(json, "vocab", vocab);
		json_out_array(json, "top");
		for (size_t i = 0; i < count; i++)
			json_out_count(json, NULL, largest(logits + i * vocab, vocab));
		json_out_end(json);
		return output_json(call, json);
	}
	table = table_create(3, heads);
	for (size_t i = 0; i < count; i++) {
		size_t top = largest(logits + i * vocab, vocab);

		table_cell(table, "%zu", i);
		table_cell(table, "%zu", top);
		table_number(table, (double)logits[i * vocab + top], "%.6f");
	}
	return output_table(call, table);
}

static enum err
with_ids(struct call *call, struct common *common, const int32_t *ids, size_t count)
{
	const char *path = arguments_value(&call->arguments, "-o");
	size_t vocab = engine_model(common->engine)->shape.vocab;
	size_t shape[2] = { count, vocab };
	float *logits;
	enum err code;

	if (count > model_longest(engine_model(common->engine)))
		return err_at(ERR_RANGE, NULL, "--ids",
			      "%zu tokens, more than the model's context of %zu", count,
			      model_longest(engine_model(common->engine)));
	logits = buf_alloc(count * vocab, sizeof(*logits));
	if (!logits)
		return ERR_NOMEM;
	code = compute(logits, call, common, ids, count);
	if (!code && path)
		code = npy_write(path, NPY_F32, logits, 2, shape);
	if (!code)
		code = report(call, logits, count, vocab, path);
	buf_free(logits);
	return code;
}

static enum err
run(struct call *call)
{
	int32_t *ids = NULL;
	size_t count;
	struct common common;
	enum err code = common_open(&common, call, arguments_value(&call->arguments, "MODEL"));

	if (code)
		return code;
	code = ids_parse(&ids, &count, arguments_value(&call->arguments, "--ids"),
			 engine_model(common.engine)->shape.vocab);
	if (!code)
		code = with_ids(call, &common, ids, count);
	buf_free(ids);
	common_close(&common);
	return code;
}

const struct command command_logits = {
	.name = "logits",
	.summary = "run the model on token ids and write its logits",
	.help = "Writes float32 (tokens, vocabulary) as a NumPy file. With --recipe or --method "
		"the\n"
		"model is quantized first.\n\n"
		"Example: qscope logits --ids 1,2,3 -o logits.npy",
	.args =
		(const struct command_arg[]){
			COMMON_MODEL,
			{ "--ids", "LIST", NULL, "token ids: 1,2,3, or a file of them in .npy",
			  true, false },
			{ "-o", "FILE", "file", "the .npy file to write", false, false },
			{ "--recipe", "FILE", "file", "quantize as this recipe says", false,
			  false },
			COMMON_SETTING,
			COMMON_CALIBRATION,
			{ 0 },
		},
	.run = run,
};
