/* qscope info: what a checkpoint holds. */
#include "core/activation.h"
#include "core/architecture.h"
#include "core/rope_kind.h"
#include "core/words.h"
#include "sessions/commands/common.h"

#include <string.h>

static void
model_out(struct json_out *json, const struct model *model, const struct model_totals *totals,
	  const struct model_names *names)
{
	json_out_object(json, "model");
	json_out_text(json, "path", model->path);
	json_out_text(json, "format", model->format);
	json_out_text(json, "architecture", model->architecture->name);
	json_out_text(json, "identity", names->identity);
	json_out_text(json, "sha256", names->sha256[0] ? names->sha256 : NULL);
	json_out_count(json, "parameters", totals->elements);
	json_out_count(json, "bytes", totals->bytes);
	json_out_object(json, "dtypes");
	for (int i = 0; i < DTYPE_COUNT; i++)
		if (totals->dtypes[i])
			json_out_count(json, dtype_name((enum dtype)i), totals->dtypes[i]);
	json_out_end(json);
	json_out_bool(json, "tied_head", model->shape.tied_head);
	json_out_null(json, "quantization");
	json_out_end(json);
}

static const char *
positions_of(const struct model *model)
{
	if (model->outside.vector[SLOT_POSITIONS])
		return "learned";
	if (model->shape.alibi)
		return "alibi";
	return model->shape.rope ? "rope" : "none";
}

static size_t
blocks_with(const struct model *model, int flag)
{
	size_t count = 0;

	for (size_t i = 0; i < model->shape.blocks; i++)
		count += (model->pattern.block[i] & flag) != 0;
	return count;
}

static void
rope_out(struct json_out *json, const struct model *model)
{
	const struct rope_setting *rope = &model->pattern.rope[0];
	char name[32];

	if (!model->shape.rope) {
		json_out_null(json, "rope");
		return;
	}
	json_out_object(json, "rope");
	json_out_text(json, "type", words_copy(name, sizeof(name), rope->kind->names));
	json_out_number(json, "factor", rope->numbers.factor);
	json_out_count(json, "rotary_dim", model->shape.rotary_dim);
	json_out_end(json);
}

static void
shape_out(struct json_out *json, const struct model *model)
{
	const struct model_shape *shape = &model->shape;

	json_out_object(json, "shape");
	json_out_count(json, "blocks", shape->blocks);
	json_out_count(json, "hidden", shape->hidden);
	json_out_count(json, "intermediate", shape->intermediate);
	json_out_count(json, "heads", shape->heads);
	json_out_count(json, "kv_heads", shape->kv_heads);
	json_out_count(json, "head_dim", shape->head_dim);
	json_out_count(json, "vocab", shape->vocab);
	json_out_count(json, "context", shape->context);
	json_out_number(json, "norm_eps", shape->norm_eps);
	if (shape->rope)
		json_out_number(json, "rope_theta", model->pattern.rope[0].numbers.theta);
	else
		json_out_null(json, "rope_theta");
	json_out_text(json, "norm", shape->layer_norm ? "layer" : "rms");
	json_out_text(json, "activation", activation_name(shape->activation));
	json_out_text(json, "positions", positions_of(model));
	rope_out(json, model);
	json_out_count(json, "window", shape->window);
	json_out_count(json, "sliding_blocks", blocks_with(model, BLOCK_SLIDING));
	json_out_count(json, "experts", shape->experts);
	json_out_count(json, "experts_per_token", shape->experts_per_token);
	json_out_count(json, "sparse_blocks", blocks_with(model, BLOCK_SPARSE));
	json_out_end(json);
}

static void
id_out(struct json_out *json, const char *key, int32_t id)
{
	if (id < 0)
		json_out_null(json, key);
	else
		json_out_integer(json, key, id);
}

static void
tokenizer_out(struct json_out *json, const struct tokenizer *tokenizer)
{
	if (!tokenizer) {
		json_out_null(json, "tokenizer");
		return;
	}
	json_out_object(json, "tokenizer");
	json_out_text(json, "kind", tokenizer_kind(tokenizer));
	json_out_count(json, "vocab", tokenizer_vocab(tokenizer));
	id_out(json, "bos", tokenizer_bos(tokenizer));
	id_out(json, "eos", tokenizer_eos(tokenizer));
	json_out_bool(json, "adds_bos", tokenizer_adds_bos(tokenizer));
	json_out_end(json);
}

static void
layer_out(struct json_out *json, const struct model *model, const struct layer *layer)
{
	json_out_object(json, NULL);
	json_out_text(json, "name", layer->name);
	if (layer->block < 0)
		json_out_null(json, "block");
	else
		json_out_integer(json, "block", layer->block);
	json_out_text(json, "module", layer->module);
	json_out_text(json, "tensor", layer->tensor_name);
	json_out_count(json, "rows", layer->rows);
	json_out_count(json, "columns", layer->columns);
	json_out_text(json, "dtype", dtype_name(layer->tensor->dtype));
	json_out_count(json, "bytes", layer->tensor->bytes);
	json_out_text(json, "input", layer->input < 0 ? NULL : model->inputs[layer->input].name);
	json_out_end(json);
}

static enum err
print_json(struct call *call, const struct engine *engine, const struct model_names *names)
{
	const struct model *model = engine_model(engine);
	struct model_totals totals = model_count(model);
	struct json_out *json = json_out_start("qscope.info/1");

	model_out(json, model, &totals, names);
	shape_out(json, model);
	tokenizer_out(json, engine_tokenizer(engine));
	json_out_array(json, "layers");
	for (size_t i = 0; i < model->layer_count; i++)
		layer_out(json, model, &model->layers[i]);
	json_out_end(json);
	json_out_array(json, "warnings");
	for (size_t i = 0; i < model->warning_count; i++)
		json_out_text(json, NULL, model->warnings[i]);
	json_out_end(json);
	return output_json(call, json);
}

/* What a block does besides the usual, in words. */
static void
print_kind(struct call *call, const struct model *model)
{
	const struct model_shape *s = &model->shape;
	size_t sliding = blocks_with(model, BLOCK_SLIDING);
	char name[32];

	output_text(call, "%s norm, %s", s->layer_norm ? "layer" : "RMS",
		    activation_name(s->activation));
	if (s->rope)
		output_text(call, ", RoPE %s of %zu in %zu values, base %g",
			    words_copy(name, sizeof(name), model->pattern.rope[0].kind->names),
			    s->rotary_dim, s->head_dim, model->pattern.rope[0].numbers.theta);
	else
		output_text(call, ", positions %s", positions_of(model));
	if (sliding)
		output_text(call, ", %zu of %zu blocks slide over %zu tokens", sliding, s->blocks,
			    s->window);
	if (s->experts)
		output_text(call, ", %zu experts in %zu blocks, %zu for each token", s->experts,
			    blocks_with(model, BLOCK_SPARSE), s->experts_per_token);
	output_text(call, "\n");
}

static void
print_head(struct call *call, const struct engine *engine, const struct model_names *names)
{
	const struct model *model = engine_model(engine);
	const struct model_shape *s = &model->shape;
	const struct tokenizer *tokenizer = engine_tokenizer(engine);
	struct model_totals totals = model_count(model);
	char parameters[32], bytes[32];

	output_text(call, "%s: %s in %s, %s parameters, %s bytes\n", model->path,
		    model->architecture->name, model->format,
		    common_count(parameters, totals.elements), common_count(bytes, totals.bytes));
	output_text(
		call,
		"blocks %zu, hidden %zu, intermediate %zu, heads %zu (%zu for keys and values), "
		"vocabulary %zu, context %zu%s\n",
		s->blocks, s->hidden, s->intermediate, s->heads, s->kv_heads, s->vocab, s->context,
		s->tied_head ? ", head tied to embeddings" : "");
	print_kind(call, model);
	if (tokenizer)
		output_text(call, "tokenizer %s, %zu pieces%s\n", tokenizer_kind(tokenizer),
			    tokenizer_vocab(tokenizer),
			    tokenizer_adds_bos(tokenizer) ? ", adds BOS" : "");
	if (names->sha256[0])
		output_text(call, "sha256 %s\n", names->sha256);
	output_text(call, "\n");
}

static enum err
print_table(struct call *call, const struct engine *engine, const struct model_names *names)
{
	static const char *const heads[] = { "layer", "rows",  "columns", "dtype",
					     "bytes", "input", "tensor" };
	const struct model *model = engine_model(engine);
	struct table *table = table_create(7, heads);

	if (!call->options->csv)
		print_head(call, engine, names);
	for (size_t i = 0; i < model->layer_count; i++) {
		const struct layer *layer = &model->layers[i];

		table_cell(table, "%s", layer->name);
		table_cell(table, "%zu", layer->rows);
		table_cell(table, "%zu", layer->columns);
		table_cell(table, "%s", dtype_name(layer->tensor->dtype));
		table_cell(table, "%llu", (unsigned long long)layer->tensor->bytes);
		table_cell(table, "%s",
			   layer->input < 0 ? "none" : model->inputs[layer->input].name);
		table_cell(table, "%s", layer->tensor_name);
	}
	return output_table(call, table);
}

static enum err
run(struct call *call)
{
	bool always = arguments_value(&call->arguments, "--sha256");
	struct model_names names;
	struct common common;
	enum err code = common_open(&common, call, arguments_value(&call->arguments, "MODEL"));

	if (code)
		return code;
	code = engine_names(&names, common.engine, always, &common.work);
	if (!code && call->options->json)
		code = print_json(call, common.engine, &names);
	else if (!code)
		code = print_table(call, common.engine, &names);
	common_close(&common);
	return code;
}

const struct command command_info = {
	.name = "info",
	.summary = "show what a model holds: shape, tokenizer, layers",
	.help = "Layers with the same input share calibration statistics. Names on the left are "
		"the\n"
		"same for every family; the checkpoint's own name stands on the right, and both "
		"are\n"
		"accepted everywhere. Hashing a model above 256 MiB is left to --sha256.\n\n"
		"Example: qscope info",
	.args =
		(const struct command_arg[]){
			COMMON_MODEL,
			{ "--sha256", NULL, NULL, "hash every tensor, however large the model",
			  false, false },
			{ 0 },
		},
	.run = run,
};
