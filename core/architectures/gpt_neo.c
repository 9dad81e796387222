/* GPT-Neo and the TinyStories models: learned positions, unscaled scores, blocks that slide by a
 * list of their own (models/gpt_neo/configuration_gpt_neo.py). */
#include "core/architecture.h"

#include "core/json.h"

#include <string.h>

static const struct architecture_tensor tensors[] = {
	VECTOR(ATTN_NORM, "ln_1.weight", HIDDEN),
	VECTOR(ATTN_NORM_BIAS, "ln_1.bias", HIDDEN),
	MATRIX(Q, "attn.attention.q_proj.weight", QUERIES, HIDDEN),
	MATRIX(K, "attn.attention.k_proj.weight", KEYS, HIDDEN),
	MATRIX(V, "attn.attention.v_proj.weight", KEYS, HIDDEN),
	MATRIX(O, "attn.attention.out_proj.weight", HIDDEN, QUERIES),
	VECTOR(O_BIAS, "attn.attention.out_proj.bias", HIDDEN),
	VECTOR(MLP_NORM, "ln_2.weight", HIDDEN),
	VECTOR(MLP_NORM_BIAS, "ln_2.bias", HIDDEN),
	MATRIX(UP, "mlp.c_fc.weight", INTERMEDIATE, HIDDEN),
	VECTOR(UP_BIAS, "mlp.c_fc.bias", INTERMEDIATE),
	MATRIX(DOWN, "mlp.c_proj.weight", HIDDEN, INTERMEDIATE),
	VECTOR(DOWN_BIAS, "mlp.c_proj.bias", HIDDEN),
	{ .name = NULL },
};

static const struct architecture_tensor outside[] = {
	MATRIX(POSITIONS, "wpe.weight", POSITIONS, HIDDEN),
	VECTOR(FINAL_NORM, "ln_f.weight", HIDDEN),
	VECTOR(FINAL_NORM_BIAS, "ln_f.bias", HIDDEN),
	{ .name = NULL },
};

static const struct config_key keys[] = {
	CONFIG_SIZE("num_layers|num_hidden_layers", blocks, 1, CONFIG_BLOCKS_MAX, 24),
	CONFIG_SIZE("hidden_size", hidden, 1, CONFIG_WIDTH_MAX, 2048),
	CONFIG_SIZE("intermediate_size", intermediate, 1, CONFIG_WIDTH_MAX, CONFIG_DERIVED),
	CONFIG_SIZE("num_heads|num_attention_heads", heads, 1, CONFIG_HEADS_MAX, 16),
	CONFIG_SIZE("vocab_size", vocab, 1, CONFIG_VOCAB_MAX, 50257),
	CONFIG_SIZE("max_position_embeddings", context, 1, CONFIG_CONTEXT_MAX, 2048),
	CONFIG_SIZE("window_size", window, 1, CONFIG_CONTEXT_MAX, 256),
	CONFIG_NUMBER("layer_norm_epsilon", norm_eps, 0, 1, 1e-5),
	CONFIG_ACTIVATION("activation_function", ACTIVATION_GELU_TANH),
	CONFIG_BOOL("tie_word_embeddings", tied_head, true),
	{ .name = NULL },
};

static enum err
bad_types(const struct config_reading *r, const char *what)
{
	return err_at(ERR_FORMAT, json_path(r->document), "attention_types",
		      "%s; expected [[[\"global\", \"local\"], TIMES], ...] with %zu blocks in all",
		      what, r->out->shape.blocks);
}

/* One turn through a list of "global" and "local", for blocks from *block on. */
static enum err
mark_blocks(const struct config_reading *r, size_t *block, const struct json *words)
{
	for (const struct json *word = words->first; word; word = word->next) {
		bool local = word->type == JSON_STRING && !strcmp(word->string, "local");

		if (!local && (word->type != JSON_STRING || strcmp(word->string, "global")))
			return bad_types(r, "names a kind that is neither global nor local");
		if (*block == r->out->shape.blocks)
			return bad_types(r, "has more blocks than the model");
		if (local)
			r->out->pattern.block[*block] |= BLOCK_SLIDING;
		(*block)++;
	}
	return OK;
}

/* A pair: words, and how many times. */
static enum err
read_pair(const struct config_reading *r, size_t *block, const struct json *pair)
{
	const struct json *words = pair->type == JSON_ARRAY ? pair->first : NULL;
	const struct json *times = words ? words->next : NULL;
	enum err code = OK;

	if (!times || words->type != JSON_ARRAY || !words->length || times->type != JSON_NUMBER ||
	    !times->is_integer || times->negative)
		return bad_types(r, "is no list of pairs");
	for (uint64_t i = 0; i < times->magnitude && !code; i++)
		code = mark_blocks(r, block, words);
	return code;
}

static enum err
read_types(const struct config_reading *r)
{
	const struct json *list = json_get(r->object, "attention_types");
	size_t block = 0;
	enum err code = OK;

	if (!list || list->type == JSON_NULL) {
		for (; block < r->out->shape.blocks; block++)
			if (block % 2)
				r->out->pattern.block[block] |= BLOCK_SLIDING;
		return OK;
	}
	if (list->type != JSON_ARRAY)
		return bad_types(r, "is no list");
	for (const struct json *pair = list->first; pair && !code; pair = pair->next)
		code = read_pair(r, &block, pair);
	if (!code && block != r->out->shape.blocks)
		return bad_types(r, "has fewer blocks than the model");
	return code;
}

static enum err (*const readers[])(const struct config_reading *) = { read_types, NULL };

const struct architecture architecture_gpt_neo = {
	.name = "gpt_neo",
	.model_types = "gpt_neo",
	.class_names = "GPTNeoForCausalLM|GPTNeoModel",
	.base = "transformer.",
	.embed = "wte.weight",
	.head = "lm_head.weight",
	.block_prefix = "h.",
	.tensors = tensors,
	.outside = outside,
	.inputs = architecture_inputs,
	.shape = { .layer_norm = true, .attention_scale = 1 },
	.config_keys = keys,
	.readers = readers,
	.leftovers = architecture_leftovers,
};
