/* Whatever is wrong with a GGUF file's metadata or tensors is said in one line, in the file's
 * words. */
#include "core/formats/gguf.h"
#include "core/model.h"
#include "support/support.h"

#include "support/gguf_edit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { PATH_SIZE = 4200 };

/* One thing that is wrong with a file, and what is said about it. */
struct fault {
	const char *fixture, *what; /* the key or the tensor that is left out, */
	void (*put)(struct gguf_make *make,
		    const char *key); /* or gets another value, or shorter */
	enum err code;
	const char *item; /* that is named; NULL: the same */
	const char *part; /* of the line */
};

/* In place of a value: the tensor has a row less. */
static void
shorter(struct gguf_make *make, const char *key)
{
	(void)make;
	(void)key;
}

static void
put_minus_one(struct gguf_make *make, const char *key)
{
	make_gguf_key(make, key, GGUF_I32);
	make_gguf_number(make, UINT32_MAX, 4);
}

static void
put_huge(struct gguf_make *make, const char *key)
{
	make_gguf_key(make, key, GGUF_U64);
	make_gguf_number(make, UINT64_MAX, 8);
}

static void
put_text(struct gguf_make *make, const char *key)
{
	make_gguf_string(make, key, "seven");
}

static void
put_nan(struct gguf_make *make, const char *key)
{
	make_gguf_f32(make, key, NAN);
}

static void
put_half(struct gguf_make *make, const char *key)
{
	make_gguf_f32(make, key, 1.5f);
}

static void
put_true(struct gguf_make *make, const char *key)
{
	make_gguf_bool(make, key, true);
}

static void
put_false(struct gguf_make *make, const char *key)
{
	make_gguf_bool(make, key, false);
}

static void
put_2(struct gguf_make *make, const char *key)
{
	make_gguf_u32(make, key, 2);
}

static void
put_5(struct gguf_make *make, const char *key)
{
	make_gguf_u32(make, key, 5);
}

static void
put_99(struct gguf_make *make, const char *key)
{
	make_gguf_u32(make, key, 99);
}

/* Of one block and of two. */
static void
put_list(struct gguf_make *make, const char *key)
{
	make_gguf_array(make, key, GGUF_U32, 1);
	make_gguf_number(make, 3, 4);
}

static void
put_unequal(struct gguf_make *make, const char *key)
{
	make_gguf_array(make, key, GGUF_U32, 2);
	make_gguf_number(make, 3, 4);
	make_gguf_number(make, 6, 4);
}

static void
put_strings(struct gguf_make *make, const char *key)
{
	static const char *const words[] = { "a", "b" };

	make_gguf_strings(make, key, words, 2);
}

static void
put_empty(struct gguf_make *make, const char *key)
{
	make_gguf_array(make, key, GGUF_U32, 0);
}

/* The line names the file and one item, which is a key or a tensor of GGUF, and no key of a
 * config.json that nobody wrote. */
static void
assert_said_in_its_words(const char *what, const struct gguf *gguf)
{
	const struct err_detail *detail = err_last();
	char start[64];
	bool known = !strncmp(detail->item, "general.", 8) ||
		     !strncmp(detail->item, "tokenizer.", 10) ||
		     support_contains(detail->item, ".weight") ||
		     support_contains(detail->item, ".bias");

	snprintf(start, sizeof(start), "%s.", gguf->architecture);
	known |= !strncmp(detail->item, start, strlen(start));
	if (!known || !support_contains(detail->file, "m.gguf") ||
	    support_contains(err_line(), "config.json"))
		fail_msg("%s: %s", what, err_line());
}

static void
check(const struct fault *fault)
{
	bool tensor = strstr(fault->what, ".weight");
	struct gguf_edit edit = { .key = tensor ? NULL : fault->what,
				  .put = fault->put,
				  .tensor = tensor ? fault->what : NULL,
				  .shorter = fault->put == shorter };
	const char *item = fault->item ? fault->item : fault->what;
	struct model *model;

	assert_err(fault->code, fault->part,
		   model_open(&model, gguf_edited(gguf_fixture(fault->fixture, ".gguf"), &edit)));
	if (strcmp(err_last()->item, item) != 0)
		fail_msg("%s does not name %s", err_line(), item);
}

static void
test_gguf_faults__wrong_metadata_is_named_by_its_key(void **state)
{
	static const struct fault faults[] = {
		{ "gemma2", "general.architecture", NULL, ERR_FORMAT, NULL, "missing" },
		{ "gemma2", "general.architecture", put_text, ERR_UNSUPPORTED, NULL,
		  "is \"seven\"; those that qscope reads from GGUF: llama, qwen2," },
		{ "gemma2", "gemma2.block_count", NULL, ERR_FORMAT, NULL, "missing" },
		{ "gemma2", "gemma2.block_count", put_text, ERR_FORMAT, NULL,
		  "is of type string where a whole number is expected" },
		{ "gemma2", "gemma2.block_count", put_half, ERR_FORMAT, NULL, "is of type f32" },
		{ "gemma2", "gemma2.block_count", put_minus_one, ERR_FORMAT, NULL,
		  "is -1, which is outside 1 to 2048" },
		{ "gemma2", "gemma2.block_count", put_huge, ERR_FORMAT, NULL,
		  "is 18446744073709551615" },
		{ "gemma2", "gemma2.block_count", put_list, ERR_FORMAT, NULL,
		  "is an array of u32" },
		{ "gemma2", "gemma2.block_count", gguf_put_7, ERR_FORMAT, "blk.2.attn_norm.weight",
		  "missing" },
		{ "gemma2", "gemma2.attention.head_count", gguf_put_0, ERR_FORMAT, NULL,
		  "is 0, which is outside 1 to 65536" },
		{ "gemma2", "gemma2.attention.head_count", put_list, ERR_FORMAT, NULL,
		  "has 1 values for 2 blocks" },
		{ "gemma2", "gemma2.attention.head_count", put_unequal, ERR_UNSUPPORTED, NULL,
		  "is 3 in one block and 6 in another" },
		{ "gemma2", "gemma2.attention.head_count", put_strings, ERR_FORMAT, NULL,
		  "is an array of string" },
		{ "gemma2", "gemma2.attention.head_count_kv", put_2, ERR_FORMAT, NULL,
		  "is 2, which does not divide the 3 heads" },
		{ "gemma2", "gemma2.attention.layer_norm_rms_epsilon", NULL, ERR_FORMAT, NULL,
		  "missing" },
		{ "gemma2", "gemma2.attention.layer_norm_rms_epsilon", put_nan, ERR_FORMAT, NULL,
		  "is nan, which is outside 0 to 1" },
		{ "gemma2", "gemma2.attention.value_length", put_5, ERR_UNSUPPORTED, NULL,
		  "is 5 where heads of queries and keys have 12 values" },
		{ "gemma2", "gemma2.attn_logit_softcapping", put_minus_one, ERR_FORMAT, NULL,
		  "is -1" },
		{ "gemma2", "gemma2.attention.sliding_window_pattern", put_empty, ERR_FORMAT, NULL,
		  "has 0 values for 2 blocks" },
		{ "gemma2", "gemma2.context_length", gguf_put_0, ERR_FORMAT, NULL,
		  "is 0, which is outside 1" },
		{ "gemma2", "gemma2.rope.freq_base", gguf_put_0, ERR_FORMAT, NULL,
		  "is 0, which is outside 0.001" },
		{ "gemma2", "gemma2.rope.dimension_count", gguf_put_7, ERR_FORMAT, NULL,
		  "is 7; RoPE turns pairs" },
		{ "gemma2", "gemma2.rope.dimension_count", put_99, ERR_FORMAT, NULL,
		  "is 99, which is outside 2 to 12" },
		{ "gemma2", "gemma2.rope.scaling.type", put_text, ERR_UNSUPPORTED, NULL,
		  "is \"seven\"; the scalings that qscope reads from GGUF" },
		{ "gemma2", "gemma2.rope.scaling.factor", put_minus_one, ERR_FORMAT, NULL,
		  "is -1, which is outside" },
		{ "gemma2", "gemma2.attention.causal", put_false, ERR_UNSUPPORTED, NULL,
		  "is false; qscope does not compute blocks in which tokens see later ones" },
		{ "gemma2", "gemma2.attention.clamp_kqv", put_half, ERR_UNSUPPORTED, NULL,
		  "is 1.5; qscope does not compute" },
		{ "gemma2", "gemma2.expert_count", put_5, ERR_UNSUPPORTED, NULL,
		  "is 5; qscope reads models of this family where it is 0 or absent" },
		{ "gemma2", "gemma2.logit_scale", put_half, ERR_UNSUPPORTED, NULL, "is 1.5" },
		{ "olmo2", "olmo2.attention.sliding_window", gguf_put_7, ERR_UNSUPPORTED, NULL,
		  "is 7" },
		{ "bloom", "bloom.feed_forward_length", gguf_put_7, ERR_UNSUPPORTED, NULL,
		  "is 7; qscope reads models of this family where it is 72" },
		{ "gpt2", "gpt2.embedding_length", gguf_put_7, ERR_FORMAT, NULL,
		  "is 7, no multiple of the 3 heads" },
		{ "gpt2", "gpt2.attention.key_length", gguf_put_7, ERR_UNSUPPORTED, NULL,
		  "is 7; qscope reads models of this family where it is 6" },
		{ "mixtral", "llama.expert_used_count", gguf_put_7, ERR_FORMAT, NULL,
		  "is 7, more than the 5 experts" },
		{ "mixtral", "llama.expert_count", gguf_put_7, ERR_FORMAT, NULL,
		  "is 7, but blk.0.ffn_gate_inp.weight has another number of rows" },
		{ "mixtral", "blk.0.ffn_gate_inp.weight", NULL, ERR_FORMAT, "llama.expert_count",
		  "is 5, but blk.0.ffn_gate_inp.weight is missing" },
		{ "gemma2", "gemma2.block_count", put_99, ERR_FORMAT, NULL,
		  "is 99, but the file has 24 tensors" },
		{ "qwen3_moe", "qwen3moe.expert_weights_scale", put_2, ERR_UNSUPPORTED, NULL,
		  "is 2; qscope does not compute scaled weights of experts" },
		{ "granite_yarn", "granite.logit_scale", NULL, ERR_FORMAT, NULL, "missing" },
		{ "granite_yarn", "granite.rope.scaling.factor", NULL, ERR_FORMAT, NULL,
		  "missing" },
		{ "granite_yarn", "granite.rope.scaling.attn_factor", put_half, ERR_UNSUPPORTED,
		  NULL, "is 1.5; qscope reads it beside LongRoPE" },
		{ "granite_yarn", "granite.rope.scaling.finetuned", put_false, ERR_UNSUPPORTED,
		  NULL, "is false" },
		{ "llama_llama3", "llama.rope.scaling.factor", put_2, ERR_UNSUPPORTED,
		  "llama.rope.scaling.type",
		  "asks for \"linear\" beside the factors in rope_freqs.weight" },
		{ "gpt_neox", "gptneox.use_parallel_residual", gguf_put_1, ERR_FORMAT, NULL,
		  "is of type u32 where a bool is expected" },
		{ "qwen2", "qwen2.attention.value_length", put_true, ERR_FORMAT, NULL,
		  "is of type bool" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		check(&faults[i]);
}

static void
test_gguf_faults__tokens_and_rows_of_the_embedding_are_as_many(void **state)
{
	static const struct fault faults[] = {
		{ "qwen2", "tokenizer.ggml.tokens", put_strings, ERR_FORMAT, NULL,
		  "has 2 tokens, but token_embd.weight has 23 rows" },
		{ "qwen2", "tokenizer.ggml.tokens", put_text, ERR_FORMAT, NULL,
		  "is of type string where an array of strings is expected" },
		{ "qwen2", "token_embd.weight", shorter, ERR_FORMAT, "tokenizer.ggml.tokens",
		  "has 23 tokens, but token_embd.weight has 22 rows" },
		{ "qwen2", "qwen2.vocab_size", put_99, ERR_FORMAT, NULL,
		  "is 99, but token_embd.weight has 23 rows" },
		{ "qwen2", "token_embd.weight", NULL, ERR_FORMAT, NULL, "is missing" },
	};
	struct gguf_edit none = { .key = "tokenizer.ggml.tokens" };
	struct model *model;

	(void)state;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		check(&faults[i]);
	/* Without any the model alone is there. */
	assert_ok(model_open(&model, gguf_edited(gguf_fixture("qwen2", ".gguf"), &none)));
	assert_int_equal(model->shape.vocab, 23);
	model_free(model);
}

static void
test_gguf_faults__factors_of_rope_are_checked(void **state)
{
	static const struct fault faults[] = {
		{ "llama_llama3", "rope_freqs.weight", shorter, ERR_FORMAT, NULL,
		  "holds 7 values of type F32, but RoPE turns 8 pairs" },
		{ "phi3_longrope", "rope_factors_long.weight", NULL, ERR_FORMAT, NULL,
		  "is missing, which the other factors of RoPE ask for" },
		{ "phi3_longrope", "rope_factors_short.weight", shorter, ERR_FORMAT, NULL,
		  "values" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		check(&faults[i]);
}

/* Each value of each file left out or made into another: the file opens, since that value may be
 * absent or does not matter, or the line is in the file's own words. */
static void
test_gguf_faults__any_wrong_value_is_said_in_the_words_of_the_file(void **state)
{
	void (*const puts[])(struct gguf_make *, const char *) = {
		NULL,      put_minus_one, put_huge,   put_text,    put_nan, put_half,
		put_true,  gguf_put_0,    gguf_put_1, put_5,       put_99,  put_list,
		put_empty, put_unequal,   put_false,  put_strings,
	};
	size_t opened = 0, refused = 0;

	(void)state;
	for (int f = 0; f < gguf_fixture_count; f++) {
		char path[PATH_SIZE];
		struct gguf *gguf;

		snprintf(path, sizeof(path), "%s", gguf_fixture(gguf_fixtures[f], ".gguf"));
		assert_ok(gguf_open(&gguf, path));
		for (size_t v = 0; v < gguf->value_count; v++)
			for (size_t p = 0; p < sizeof(puts) / sizeof(puts[0]); p++) {
				struct gguf_edit edit = { .key = gguf->values[v].key,
							  .put = puts[p] };
				struct model *model;

				if (!model_open(&model, gguf_edited(path, &edit))) {
					opened++;
					model_free(model);
					continue;
				}
				refused++;
				assert_said_in_its_words(edit.key, gguf);
			}
		gguf_free(gguf);
	}
	print_message("%zu files open, %zu are refused\n", opened, refused);
	assert_true(refused > opened / 4);
}

/* Without one of its tensors, or with a shorter one, a file is refused by that tensor's name; but a
 * head stands for the embedding, and options of the whole model are gone with a tensor of theirs.
 */
static void
test_gguf_faults__every_tensor_is_needed(void **state)
{
	(void)state;
	for (int f = 0; f < gguf_fixture_count; f++) {
		char path[PATH_SIZE];
		struct gguf *gguf;

		snprintf(path, sizeof(path), "%s", gguf_fixture(gguf_fixtures[f], ".gguf"));
		assert_ok(gguf_open(&gguf, path));
		for (size_t t = 0; t < 2 * gguf->tensor_count; t++) {
			const char *name = gguf->tensors[t / 2].name;
			struct gguf_edit edit = { .tensor = name, .shorter = t % 2 };
			struct model *model;

			if (model_open(&model, gguf_edited(path, &edit))) {
				assert_said_in_its_words(name, gguf);
				continue;
			}
			if (edit.shorter ||
			    !(strstr(name, "output.weight") || strstr(name, "bias") ||
			      strstr(name, "norm") || !strcmp(name, "rope_freqs.weight")))
				fail_msg("%s opens with a wrong %s", gguf_fixtures[f], name);
			model_free(model);
		}
		gguf_free(gguf);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gguf_faults__wrong_metadata_is_named_by_its_key),
		cmocka_unit_test(test_gguf_faults__tokens_and_rows_of_the_embedding_are_as_many),
		cmocka_unit_test(test_gguf_faults__factors_of_rope_are_checked),
		cmocka_unit_test(
			test_gguf_faults__any_wrong_value_is_said_in_the_words_of_the_file),
		cmocka_unit_test(test_gguf_faults__every_tensor_is_needed),
	};

	return cmocka_run_group_tests(tests, gguf_fixtures_find, NULL);
}
