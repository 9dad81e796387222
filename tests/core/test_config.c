/* Configs of all years, and those that cannot be right: each refusal names key and value. */
#include "core/config.h"
#include "support/support.h"

#include "core/architecture.h"
#include "core/json.h"

#include <stdio.h>
#include <string.h>

static enum err
describe(struct model_shape *shape, const char *members)
{
	const struct architecture *architecture;
	struct json_document *config;
	char text[1024];
	enum err code;

	snprintf(text, sizeof(text), "{%s}", members);
	assert_ok(json_parse(&config, text, strlen(text), "config.json"));
	code = config_describe(shape, &architecture, config);
	json_free(config);
	return code;
}

#define LLAMA "\"model_type\":\"llama\""

static void
test_config__absent_keys_have_the_class_defaults(void **state)
{
	struct model_shape s;

	(void)state;
	assert_ok(describe(&s, LLAMA));
	assert_int_equal(s.hidden, 4096);
	assert_int_equal(s.intermediate, 11008);
	assert_int_equal(s.blocks, 32);
	assert_int_equal(s.heads, 32);
	assert_int_equal(s.kv_heads, 32);
	assert_int_equal(s.head_dim, 128);
	assert_int_equal(s.vocab, 32000);
	assert_int_equal(s.context, 2048);
	assert_true(s.norm_eps == 1e-6 && s.rope_theta == 10000);
	assert_false(s.tied_head || s.rope_interleaved);
	assert_ok(describe(&s, "\"architectures\":[\"LlamaForCausalLM\"],\"head_dim\":null"));
	assert_int_equal(s.head_dim, 128);
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
	struct model_shape s;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_ok(describe(&s, good[i].members));
		assert_true(s.rope_theta == good[i].theta);
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
		{ LLAMA ",\"hidden_act\":\"gelu\"", "hidden_act: is \"gelu\"", ERR_UNSUPPORTED },
		{ LLAMA ",\"attention_bias\":true", "attention_bias: is true", ERR_UNSUPPORTED },
		{ LLAMA ",\"mlp_bias\":true", "mlp_bias: is true", ERR_UNSUPPORTED },
		{ LLAMA ",\"rope_theta\":0", "rope_theta: is 0", ERR_FORMAT },
		{ LLAMA ",\"rope_theta\":1,\"rope_parameters\":{\"rope_theta\":2}",
		  "rope_theta: is 1, but rope_parameters says 2", ERR_FORMAT },
		{ LLAMA ",\"rope_scaling\":{\"type\":\"linear\",\"factor\":2.0}",
		  "type: is \"linear\"", ERR_UNSUPPORTED },
		{ LLAMA ",\"rope_parameters\":{\"rope_type\":\"llama3\"}",
		  "rope_type: is \"llama3\"", ERR_UNSUPPORTED },
		{ LLAMA ",\"rope_parameters\":{\"partial_rotary_factor\":0.5}",
		  "partial_rotary_factor: is 0.5", ERR_UNSUPPORTED },
		{ LLAMA ",\"rope_scaling\":3", "rope_scaling: is no object", ERR_FORMAT },
		{ LLAMA ",\"quantization_config\":{\"quant_method\":\"gptq\"}",
		  "already quantized with \"gptq\"", ERR_UNSUPPORTED },
		{ LLAMA ",\"quantization_config\":{\"load_in_4bit\":true}",
		  "a method it does not name", ERR_UNSUPPORTED },
	};
	struct model_shape s;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_err(bad[i].code, bad[i].part, describe(&s, bad[i].members));
		assert_true(support_contains(err_line(), "config.json"));
	}
}

static void
test_config__an_array_is_no_config(void **state)
{
	const struct architecture *architecture;
	struct json_document *config;
	struct model_shape s;

	(void)state;
	assert_ok(json_parse(&config, "[1]", 3, "config.json"));
	assert_err(ERR_FORMAT, "holds no object", config_describe(&s, &architecture, config));
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
