/* Layers have uniform names across families, beside the checkpoint's own: attn.q, k, v or attn.qkv
 * where they are stored as one, attn.o, mlp.gate, up, down or mlp.gate_up, mlp.router,
 * mlp.experts.E.gate, up, down (gate_up), mlp.shared.router, gate, up, down; outside the blocks
 * embed, embed.project, head.project, head. An MLP without a gate has up and down. */
#include "core/model.h"
#include "support/support.h"

#include <stdio.h>
#include <string.h>

enum { LAYERS_MAX = 24, NAME_SIZE = 160 };

/* What a fixture calls the layers of its first block, in their order. */
static const struct fixture {
	const char *name, *block; /* before each tensor's name */
	const char *layers[LAYERS_MAX][2];
} fixtures[] = {
	{ "llama",
	  "model.layers.0.",
	  { { "attn.q", "self_attn.q_proj.weight" },
	    { "attn.k", "self_attn.k_proj.weight" },
	    { "attn.v", "self_attn.v_proj.weight" },
	    { "attn.o", "self_attn.o_proj.weight" },
	    { "mlp.gate", "mlp.gate_proj.weight" },
	    { "mlp.up", "mlp.up_proj.weight" },
	    { "mlp.down", "mlp.down_proj.weight" } } },
	{ "mixtral_tied",
	  "model.layers.0.",
	  { { "attn.q", "self_attn.q_proj.weight" },
	    { "attn.k", "self_attn.k_proj.weight" },
	    { "attn.v", "self_attn.v_proj.weight" },
	    { "attn.o", "self_attn.o_proj.weight" },
	    { "mlp.router", "block_sparse_moe.gate.weight" },
	    { "mlp.experts.0.gate", "block_sparse_moe.experts.0.w1.weight" },
	    { "mlp.experts.0.up", "block_sparse_moe.experts.0.w3.weight" },
	    { "mlp.experts.0.down", "block_sparse_moe.experts.0.w2.weight" },
	    { "mlp.experts.1.gate", "block_sparse_moe.experts.1.w1.weight" },
	    { "mlp.experts.1.up", "block_sparse_moe.experts.1.w3.weight" },
	    { "mlp.experts.1.down", "block_sparse_moe.experts.1.w2.weight" },
	    { "mlp.experts.2.gate", "block_sparse_moe.experts.2.w1.weight" },
	    { "mlp.experts.2.up", "block_sparse_moe.experts.2.w3.weight" },
	    { "mlp.experts.2.down", "block_sparse_moe.experts.2.w2.weight" },
	    { "mlp.experts.3.gate", "block_sparse_moe.experts.3.w1.weight" },
	    { "mlp.experts.3.up", "block_sparse_moe.experts.3.w3.weight" },
	    { "mlp.experts.3.down", "block_sparse_moe.experts.3.w2.weight" } } },
	{ "mixtral_memory",
	  "model.layers.0.",
	  { { "attn.q", "self_attn.q_proj.weight" },
	    { "attn.k", "self_attn.k_proj.weight" },
	    { "attn.v", "self_attn.v_proj.weight" },
	    { "attn.o", "self_attn.o_proj.weight" },
	    { "mlp.router", "mlp.gate.weight" },
	    { "mlp.experts.0.gate_up", "mlp.experts.gate_up_proj[0]" },
	    { "mlp.experts.0.down", "mlp.experts.down_proj[0]" },
	    { "mlp.experts.1.gate_up", "mlp.experts.gate_up_proj[1]" },
	    { "mlp.experts.1.down", "mlp.experts.down_proj[1]" },
	    { "mlp.experts.2.gate_up", "mlp.experts.gate_up_proj[2]" },
	    { "mlp.experts.2.down", "mlp.experts.down_proj[2]" },
	    { "mlp.experts.3.gate_up", "mlp.experts.gate_up_proj[3]" },
	    { "mlp.experts.3.down", "mlp.experts.down_proj[3]" } } },
	{ "qwen2_moe_sparse", /* a dense block first */
	  "model.layers.0.",
	  { { "attn.q", "self_attn.q_proj.weight" },
	    { "attn.k", "self_attn.k_proj.weight" },
	    { "attn.v", "self_attn.v_proj.weight" },
	    { "attn.o", "self_attn.o_proj.weight" },
	    { "mlp.gate", "mlp.gate_proj.weight" },
	    { "mlp.up", "mlp.up_proj.weight" },
	    { "mlp.down", "mlp.down_proj.weight" } } },
	{ "qwen2_moe_sliding",
	  "model.layers.0.",
	  { { "attn.q", "self_attn.q_proj.weight" },
	    { "attn.k", "self_attn.k_proj.weight" },
	    { "attn.v", "self_attn.v_proj.weight" },
	    { "attn.o", "self_attn.o_proj.weight" },
	    { "mlp.router", "mlp.gate.weight" },
	    { "mlp.shared.router", "mlp.shared_expert_gate.weight" },
	    { "mlp.shared.gate", "mlp.shared_expert.gate_proj.weight" },
	    { "mlp.shared.up", "mlp.shared_expert.up_proj.weight" },
	    { "mlp.shared.down", "mlp.shared_expert.down_proj.weight" },
	    { "mlp.experts.0.gate", "mlp.experts.0.gate_proj.weight" },
	    { "mlp.experts.0.up", "mlp.experts.0.up_proj.weight" },
	    { "mlp.experts.0.down", "mlp.experts.0.down_proj.weight" },
	    { "mlp.experts.1.gate", "mlp.experts.1.gate_proj.weight" },
	    { "mlp.experts.1.up", "mlp.experts.1.up_proj.weight" },
	    { "mlp.experts.1.down", "mlp.experts.1.down_proj.weight" },
	    { "mlp.experts.2.gate", "mlp.experts.2.gate_proj.weight" },
	    { "mlp.experts.2.up", "mlp.experts.2.up_proj.weight" },
	    { "mlp.experts.2.down", "mlp.experts.2.down_proj.weight" },
	    { "mlp.experts.3.gate", "mlp.experts.3.gate_proj.weight" },
	    { "mlp.experts.3.up", "mlp.experts.3.up_proj.weight" },
	    { "mlp.experts.3.down", "mlp.experts.3.down_proj.weight" } } },
	{ "phi",
	  "model.layers.0.",
	  { { "attn.q", "self_attn.q_proj.weight" },
	    { "attn.k", "self_attn.k_proj.weight" },
	    { "attn.v", "self_attn.v_proj.weight" },
	    { "attn.o", "self_attn.dense.weight" },
	    { "mlp.up", "mlp.fc1.weight" },
	    { "mlp.down", "mlp.fc2.weight" } } },
	{ "phi3",
	  "model.layers.0.",
	  { { "attn.qkv", "self_attn.qkv_proj.weight" },
	    { "attn.o", "self_attn.o_proj.weight" },
	    { "mlp.gate_up", "mlp.gate_up_proj.weight" },
	    { "mlp.down", "mlp.down_proj.weight" } } },
	{ "gpt2",
	  "transformer.h.0.",
	  { { "attn.qkv", "attn.c_attn.weight" },
	    { "attn.o", "attn.c_proj.weight" },
	    { "mlp.up", "mlp.c_fc.weight" },
	    { "mlp.down", "mlp.c_proj.weight" } } },
	{ "gpt2_hub",
	  "h.0.",
	  { { "attn.qkv", "attn.c_attn.weight" },
	    { "attn.o", "attn.c_proj.weight" },
	    { "mlp.up", "mlp.c_fc.weight" },
	    { "mlp.down", "mlp.c_proj.weight" } } },
	{ "gpt_neo",
	  "transformer.h.0.",
	  { { "attn.q", "attn.attention.q_proj.weight" },
	    { "attn.k", "attn.attention.k_proj.weight" },
	    { "attn.v", "attn.attention.v_proj.weight" },
	    { "attn.o", "attn.attention.out_proj.weight" },
	    { "mlp.up", "mlp.c_fc.weight" },
	    { "mlp.down", "mlp.c_proj.weight" } } },
	{ "gpt_neox",
	  "gpt_neox.layers.0.",
	  { { "attn.qkv", "attention.query_key_value.weight" },
	    { "attn.o", "attention.dense.weight" },
	    { "mlp.up", "mlp.dense_h_to_4h.weight" },
	    { "mlp.down", "mlp.dense_4h_to_h.weight" } } },
	{ "opt_projected",
	  "model.decoder.layers.0.",
	  { { "attn.q", "self_attn.q_proj.weight" },
	    { "attn.k", "self_attn.k_proj.weight" },
	    { "attn.v", "self_attn.v_proj.weight" },
	    { "attn.o", "self_attn.out_proj.weight" },
	    { "mlp.up", "fc1.weight" },
	    { "mlp.down", "fc2.weight" } } },
	{ "falcon",
	  "transformer.h.0.",
	  { { "attn.qkv", "self_attention.query_key_value.weight" },
	    { "attn.o", "self_attention.dense.weight" },
	    { "mlp.up", "mlp.dense_h_to_4h.weight" },
	    { "mlp.down", "mlp.dense_4h_to_h.weight" } } },
	{ "starcoder2",
	  "model.layers.0.",
	  { { "attn.q", "self_attn.q_proj.weight" },
	    { "attn.k", "self_attn.k_proj.weight" },
	    { "attn.v", "self_attn.v_proj.weight" },
	    { "attn.o", "self_attn.o_proj.weight" },
	    { "mlp.up", "mlp.c_fc.weight" },
	    { "mlp.down", "mlp.c_proj.weight" } } },
	{ "gemma3_wrapped",
	  "language_model.model.layers.0.",
	  { { "attn.q", "self_attn.q_proj.weight" },
	    { "attn.k", "self_attn.k_proj.weight" },
	    { "attn.v", "self_attn.v_proj.weight" },
	    { "attn.o", "self_attn.o_proj.weight" },
	    { "mlp.gate", "mlp.gate_proj.weight" },
	    { "mlp.up", "mlp.up_proj.weight" },
	    { "mlp.down", "mlp.down_proj.weight" } } },
};

/* Outside the blocks. NULL: the embedding stands for it. */
static const struct {
	const char *fixture, *name, *tensor;
} outside[] = {
	{ "llama", "embed", "model.embed_tokens.weight" },
	{ "llama", "head", "lm_head.weight" },
	{ "gpt2", "embed", "transformer.wte.weight" },
	{ "gpt2", "head", NULL },
	{ "gpt2_hub", "embed", "wte.weight" },
	{ "gpt_neox", "embed", "gpt_neox.embed_in.weight" },
	{ "gpt_neox", "head", "embed_out.weight" },
	{ "gpt_neox_memory", "head", "lm_head.weight" },
	{ "bloom", "embed", "transformer.word_embeddings.weight" },
	{ "opt_projected", "embed", "model.decoder.embed_tokens.weight" },
	{ "opt_projected", "embed.project", "model.decoder.project_in.weight" },
	{ "opt_projected", "head.project", "model.decoder.project_out.weight" },
	{ "gemma3_wrapped", "embed", "language_model.model.embed_tokens.weight" },
	{ "llava_mistral", "head", "lm_head.weight" },
};

static struct model *
open_fixture(const char *name)
{
	struct model *model;
	char path[256];

	snprintf(path, sizeof(path), "tests/core/fixtures/families/%s", name);
	assert_ok(model_open(&model, support_source(path)));
	return model;
}

/* Both names are one layer's. */
static void
assert_layer(const struct model *model, const char *name, const char *tensor)
{
	int layer = model_find_layer(model, name);

	if (layer < 0)
		fail_msg("%s has no %s", model->path, name);
	assert_string_equal(model->layers[layer].tensor_name, tensor);
	assert_int_equal(model_find_layer(model, tensor), layer);
}

static void
test_family_names__layers_of_a_block_are_called_alike_everywhere(void **state)
{
	(void)state;
	for (size_t f = 0; f < sizeof(fixtures) / sizeof(fixtures[0]); f++) {
		struct model *model = open_fixture(fixtures[f].name);
		const struct model_block *block = &model->blocks[0];
		int count = 0;

		for (; count < LAYERS_MAX && fixtures[f].layers[count][0]; count++) {
			const char *const *names = fixtures[f].layers[count];
			char name[NAME_SIZE], tensor[NAME_SIZE];

			snprintf(name, sizeof(name), "layers.0.%s", names[0]);
			snprintf(tensor, sizeof(tensor), "%s%s", fixtures[f].block, names[1]);
			assert_layer(model, name, tensor);
			assert_int_equal(model_find_layer(model, name), block->first_layer + count);
		}
		if (count != block->layer_count)
			fail_msg("%s: %d layers in block 0, %d expected", fixtures[f].name,
				 block->layer_count, count);
		model_free(model);
	}
}

static void
test_family_names__so_are_those_outside_the_blocks(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(outside) / sizeof(outside[0]); i++) {
		struct model *model = open_fixture(outside[i].fixture);

		if (outside[i].tensor)
			assert_layer(model, outside[i].name, outside[i].tensor);
		else
			assert_int_equal(model_find_layer(model, outside[i].name), model->embed);
		model_free(model);
	}
}

/* Rows are outputs and columns inputs, also where the file has it the other way round. */
static void
test_family_names__matrices_have_outputs_as_rows(void **state)
{
	static const struct {
		const char *fixture, *name;
		size_t rows, columns;
	} all[] = { { "gpt2", "layers.0.attn.qkv", 54, 18 },
		    { "gpt2", "layers.0.mlp.down", 18, 72 },
		    { "phi3", "layers.0.mlp.gate_up", 42, 18 },
		    { "falcon", "layers.0.attn.qkv", 30, 18 },
		    { "opt_projected", "embed.project", 20, 14 },
		    { "opt_projected", "head.project", 14, 20 },
		    { "mixtral_memory", "layers.0.mlp.experts.2.gate_up", 30, 12 },
		    { "mixtral_memory", "layers.0.mlp.experts.2.down", 12, 15 } };

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct model *model = open_fixture(all[i].fixture);
		int layer = model_find_layer(model, all[i].name);

		assert_true(layer >= 0);
		assert_int_equal(model->layers[layer].rows, all[i].rows);
		assert_int_equal(model->layers[layer].columns, all[i].columns);
		model_free(model);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_family_names__layers_of_a_block_are_called_alike_everywhere),
		cmocka_unit_test(test_family_names__so_are_those_outside_the_blocks),
		cmocka_unit_test(test_family_names__matrices_have_outputs_as_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
