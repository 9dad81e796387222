/* Configs of all years, and those that cannot be right: each refusal names key and value. */
#include "core/config.h"
#include "support/support.h"

#include "core/architecture.h"
#include "core/json.h"

#include <stdio.h>
#include <string.h>

static struct model_description d;

static enum err
describe(const char *members)
{
	struct json_document *config;
	char text[1024];
	enum err code;

	snprintf(text, sizeof(text), "{%s}", members);
	assert_ok(json_parse(&config, text, strlen(text), "config.json"));
	code = config_describe(&d, config);
	json_free(config);
	return code;
}

#define LLAMA "\"model_type\":\"llama\""

static void
test_config__absent_keys_have_the_class_defaults(void **state)
{

	(void)state;
	assert_ok(describe(LLAMA));
	assert_int_equal(d.shape.hidden, 4096);
	assert_int_equal(d.shape.intermediate, 11008);
	assert_int_equal(d.shape.blocks, 32);
	assert_int_equal(d.shape.heads, 32);
	assert_int_equal(d.shape.kv_heads, 32);
	assert_int_equal(d.shape.head_dim, 128);
	assert_int_equal(d.shape.vocab, 32000);
	assert_int_equal(d.shape.context, 2048);
	assert_true(d.shape.norm_eps == 1e-6 && d.pattern.rope[0].numbers.theta == 10000);
	assert_false(d.shape.tied_head || d.shape.rope_interleaved);
	assert_ok(describe("\"architectures\":[\"LlamaForCausalLM\"],\"head_dim\":null"));
	assert_int_equal(d.shape.head_dim, 128);
}

static void
test_config__rope_is_read_in_the_spelling_of_every_year(void **state)
{
	static const struct {
		const char *members;
		double theta;
	} good[] = {
		{ LLAMA ",\"rope_theta\":500000.0,\"rope_scaling\":null", 500000 },
		{ LLAMA ",\"rope_parameters\":{\"rope_type\":\"default\",\"rope_theta\":1e6}",
		  1e6 },
		{ LLAMA ",\"rope_theta\":5,\"rope_parameters\":{\"rope_theta\":5.0}", 5 },
		{ LLAMA ",\"rope_parameters\":null,\"rope_scaling\":{\"type\":\"default\"}",
		  10000 },
		{ LLAMA ",\"rope_parameters\":{}", 10000 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_ok(describe(good[i].members));
		assert_true(d.pattern.rope[0].numbers.theta == good[i].theta);
	}
}

static void
test_config__what_cannot_be_right_is_refused_by_key_and_value(void **state)
{
	static const struct {
		const char *members, *part;
		enum err code;
	} bad[] = {
		{ "", "model_type: is missing", ERR_FORMAT },
		{ "\"model_type\":7", "model_type: is 7", ERR_FORMAT },
		{ "\"model_type\":\"bert\"", "model_type: is \"bert\"", ERR_UNSUPPORTED },
		{ LLAMA ",\"architectures\":[\"LlamaForSequenceClassification\"]",
		  "architectures: is \"LlamaForSequenceClassification\"", ERR_UNSUPPORTED },
		{ LLAMA ",\"hidden_size\":-4", "hidden_size: is -4", ERR_FORMAT },
		{ LLAMA ",\"hidden_size\":0", "hidden_size: is 0", ERR_FORMAT },
		{ LLAMA ",\"hidden_size\":4096.5", "hidden_size: is 4096.5", ERR_FORMAT },
		{ LLAMA ",\"hidden_size\":\"4096\"", "hidden_size: is \"4096\"", ERR_FORMAT },
		{ LLAMA ",\"hidden_size\":18446744073709551616",
		  "hidden_size: is 1.8446744073709552e+19", ERR_FORMAT },
		{ LLAMA ",\"vocab_size\":99999999999", "vocab_size: is 99999999999", ERR_FORMAT },
		{ LLAMA ",\"num_hidden_layers\":1000000", "num_hidden_layers: is 1000000",
		  ERR_FORMAT },
		{ LLAMA ",\"num_key_value_heads\":3", "num_key_value_heads: is 3", ERR_FORMAT },
		{ LLAMA ",\"num_key_value_heads\":64", "num_key_value_heads: is 64", ERR_FORMAT },
		{ LLAMA ",\"num_attention_heads\":31", "hidden_size: is 4096, no multiple",
		  ERR_FORMAT },
		{ LLAMA ",\"head_dim\":33", "head_dim: is 33", ERR_FORMAT },
		{ LLAMA ",\"rms_norm_eps\":-1e-6", "rms_norm_eps: is -", ERR_FORMAT },
		{ LLAMA ",\"rms_norm_eps\":[1]", "rms_norm_eps: is an array", ERR_FORMAT },
		{ LLAMA ",\"tie_word_embeddings\":1", "tie_word_embeddings: is 1", ERR_FORMAT },
		{ LLAMA ",\"hidden_act\":\"mish\"", "hidden_act: is \"mish\"; qscope computes silu",
		  ERR_UNSUPPORTED },
		{ LLAMA ",\"attention_bias\":1", "attention_bias: is 1", ERR_FORMAT },
		{ LLAMA ",\"rope_theta\":0", "rope_theta: is 0", ERR_FORMAT },
		{ LLAMA ",\"rope_theta\":1,\"rope_parameters\":{\"rope_theta\":2}",
		  "rope_theta: is 1, but rope_parameters says 2", ERR_FORMAT },
		{ LLAMA ",\"rope_scaling\":{\"type\":\"ntk\",\"factor\":2.0}",
		  "type: is \"ntk\"; the kinds of RoPE that qscope computes: default, linear",
		  ERR_UNSUPPORTED },
		{ LLAMA ",\"rope_scaling\":{\"type\":\"linear\"}", "factor: is missing",
		  ERR_FORMAT },
		{ LLAMA ",\"rope_scaling\":{\"type\":\"linear\",\"factor\":-2}", "factor: is -2",
		  ERR_FORMAT },
		{ LLAMA ",\"rope_parameters\":{\"rope_type\":\"llama3\",\"factor\":8}",
		  "low_freq_factor: is missing", ERR_FORMAT },
		{ LLAMA ",\"rope_scaling\":{\"type\":\"longrope\",\"short_factor\":[1]}",
		  "short_factor: must be a list of 64 numbers", ERR_FORMAT },
		{ LLAMA ",\"rope_parameters\":{\"partial_rotary_factor\":1.5}",
		  "partial_rotary_factor: is 1.5", ERR_FORMAT },
		{ LLAMA ",\"rope_parameters\":{\"partial_rotary_factor\":0.17}",
		  "of which RoPE would turn 21", ERR_FORMAT },
		{ "\"model_type\":\"gemma2\",\"layer_types\":[\"full_attention\"]",
		  "layer_types: must be a list of 26 words", ERR_FORMAT },
		{ "\"model_type\":\"gemma2\",\"num_hidden_layers\":1,\"layer_types\":[\"moon\"]",
		  "layer_types: holds \"moon\"", ERR_UNSUPPORTED },
		{ "\"model_type\":\"gemma2\",\"query_pre_attn_scalar\":0",
		  "query_pre_attn_scalar: is 0", ERR_FORMAT },
		{ "\"model_type\":\"mixtral\",\"num_experts_per_tok\":9",
		  "num_experts_per_tok: is 9, more than the 8 experts", ERR_FORMAT },
		{ "\"model_type\":\"mixtral\",\"num_local_experts\":5000",
		  "num_local_experts: is 5000", ERR_FORMAT },
		{ "\"model_type\":\"qwen2_moe\",\"mlp_only_layers\":[-1]",
		  "mlp_only_layers: holds -1", ERR_FORMAT },
		{ "\"model_type\":\"smollm3\",\"no_rope_layers\":[1,2]",
		  "no_rope_layers: must be a list of 36", ERR_FORMAT },
		{ "\"model_type\":\"gpt_neo\",\"attention_types\":[[[\"local\"],99]]",
		  "attention_types: has more blocks than the model", ERR_FORMAT },
		{ "\"model_type\":\"gpt_neo\",\"attention_types\":[[[\"odd\"],24]]",
		  "attention_types: names a kind", ERR_FORMAT },
		{ "\"model_type\":\"llava\",\"text_config\":7", "text_config: is no object",
		  ERR_FORMAT },
		{ "\"model_type\":\"llava\",\"text_config\":{\"model_type\":\"bert\"}",
		  "model_type: is \"bert\"", ERR_UNSUPPORTED },
		{ LLAMA ",\"rope_scaling\":3", "rope_scaling: is no object", ERR_FORMAT },
		{ LLAMA ",\"quantization_config\":{\"quant_method\":\"gptq\"}",
		  "already quantized with \"gptq\"", ERR_UNSUPPORTED },
		{ LLAMA ",\"quantization_config\":{\"load_in_4bit\":true}",
		  "a method it does not name", ERR_UNSUPPORTED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_err(bad[i].code, bad[i].part, describe(bad[i].members));
		assert_true(support_contains(err_line(), "config.json"));
	}
}

static void
test_config__an_array_is_no_config(void **state)
{
	struct json_document *config;

	(void)state;
	assert_ok(json_parse(&config, "[1]", 3, "config.json"));
	assert_err(ERR_FORMAT, "holds no object", config_describe(&d, config));
	json_free(config);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_config__absent_keys_have_the_class_defaults),
		cmocka_unit_test(test_config__rope_is_read_in_the_spelling_of_every_year),
		cmocka_unit_test(test_config__what_cannot_be_right_is_refused_by_key_and_value),
		cmocka_unit_test(test_config__an_array_is_no_config),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
