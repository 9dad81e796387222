/* Statistics of experts: each has its own, of the tokens that chose it, and the same bits come out
 * in any batches. */
#include "core/calibration.h"

#include "core/buf.h"
#include "core/file.h"
#include "core/moments.h"
#include "support/models.h"
#include "support/support.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { HIDDEN = 24, INNER = 20, EXPERTS = 5, PER_TOKEN = 2, VOCAB = 40 };

/* A safetensors file in the making: float32 tensors of random values. */
struct making {
	char header[16384];
	size_t length;
	float data[1 << 16];
	size_t count;
	uint64_t seed;
};

static void
add(struct making *m, const char *name, size_t rows, size_t columns)
{
	size_t values = rows * (columns ? columns : 1);
	int n = snprintf(
		m->header + m->length, sizeof(m->header) - m->length,
		"%c\"%s\":{\"dtype\":\"F32\",\"shape\":[%zu%s%.0zu],\"data_offsets\":[%zu,%zu]}",
		m->length ? ',' : '{', name, rows, columns ? "," : "", columns, m->count * 4,
		(m->count + values) * 4);

	m->length += (size_t)n;
	for (size_t i = 0; i < values; i++)
		m->data[m->count++] = columns ? support_normal(&m->seed) * 0.2f
					      : 1.0f + support_normal(&m->seed) * 0.2f;
}

static void
add_block(struct making *m, int block)
{
	static const char *const names[] = { "w1", "w3", "w2" };
	char name[128];

	for (int i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), "model.layers.%d.self_attn.%c_proj.weight", block,
			 "qkvo"[i]);
		add(m, name, HIDDEN, HIDDEN);
	}
	snprintf(name, sizeof(name), "model.layers.%d.input_layernorm.weight", block);
	add(m, name, HIDDEN, 0);
	snprintf(name, sizeof(name), "model.layers.%d.post_attention_layernorm.weight", block);
	add(m, name, HIDDEN, 0);
	snprintf(name, sizeof(name), "model.layers.%d.block_sparse_moe.gate.weight", block);
	add(m, name, EXPERTS, HIDDEN);
	for (int e = 0; e < EXPERTS; e++)
		for (int i = 0; i < 3; i++) {
			snprintf(name, sizeof(name),
				 "model.layers.%d.block_sparse_moe.experts.%d.%s.weight", block, e,
				 names[i]);
			add(m, name, i == 2 ? HIDDEN : INNER, i == 2 ? INNER : HIDDEN);
		}
}

static struct model *
open_experts(void)
{
	static const char config[] =
		"{\"model_type\":\"mixtral\",\"architectures\":[\"MixtralForCausalLM\"],"
		"\"hidden_size\":24,\"intermediate_size\":20,\"num_hidden_layers\":2,"
		"\"num_attention_heads\":4,\"num_key_value_heads\":4,\"vocab_size\":40,"
		"\"num_local_experts\":5,\"num_experts_per_tok\":2,"
		"\"max_position_embeddings\":600}";
	struct making *m = buf_alloc(1, sizeof(*m));
	struct model *model;
	struct file_writer *writer;
	const char *path;
	char folder[1024];
	uint64_t length;

	assert_non_null(m);
	support_clean();
	snprintf(folder, sizeof(folder), "%s", support_folder());
	m->seed = 11;
	add(m, "model.embed_tokens.weight", VOCAB, HIDDEN);
	add_block(m, 0);
	add_block(m, 1);
	add(m, "model.norm.weight", HIDDEN, 0);
	add(m, "lm_head.weight", VOCAB, HIDDEN);
	m->header[m->length++] = '}';
	length = m->length;
	support_file("config.json", config, strlen(config));
	path = support_file("model.safetensors", "", 0);
	assert_ok(file_writer_open(&writer, path));
	assert_ok(file_writer_add(writer, &length, 8));
	assert_ok(file_writer_add(writer, m->header, m->length));
	assert_ok(file_writer_add(writer, m->data, m->count * 4));
	assert_ok(file_writer_commit(writer, false));
	assert_ok(model_open(&model, folder));
	buf_free(m);
	return model;
}

enum { SEQUENCES = 5, INPUTS = 64, LONGEST = 300 };

static void
make_sequences(struct sequence sequences[SEQUENCES], int32_t ids[SEQUENCES][LONGEST])
{
	static const size_t counts[SEQUENCES] = { LONGEST, 3, 1, 40, 270 };
	uint64_t seed = 5;

	for (int s = 0; s < SEQUENCES; s++) {
		for (int i = 0; i < LONGEST; i++)
			ids[s][i] = (int32_t)(support_uniform(&seed) * VOCAB);
		sequences[s] = (struct sequence){ ids[s], counts[s] };
	}
}

/* Rows as the tap gives them, sequence by sequence: what the sums must be made of. */
struct gathered {
	struct moments moments[INPUTS];
	size_t columns[INPUTS];
};

static enum err
gather(void *ctx, int input, size_t sequence, size_t first, const float *x, size_t tokens,
       size_t columns)
{
	struct gathered *g = ctx;
	size_t start[] = { 0, tokens };
	struct rows rows = { x, start, 1 };

	(void)sequence;
	(void)first;
	if (!g->columns[input])
		assert_ok(moments_create(&g->moments[input], columns, false));
	g->columns[input] = columns;
	for (size_t part = 0; part < moments_parts(&g->moments[input]); part++)
		moments_add_part(&g->moments[input], part, &rows);
	moments_count(&g->moments[input], &rows);
	return OK;
}

static void
test_experts__each_is_known_by_the_tokens_that_chose_it(void **state)
{
	struct model *model = open_experts();
	static int32_t ids[SEQUENCES][LONGEST];
	struct sequence sequences[SEQUENCES];
	struct gathered gathered = { 0 };
	struct forward_tap tap = { gather, &gathered };
	struct statistics *got[INPUTS];
	struct calibration_request request = {
		.model = model, .sequences = sequences, .sequence_count = SEQUENCES, .gram = true
	};
	struct hidden *hidden;
	uint64_t tokens = 0, all = LONGEST + 3 + 1 + 40 + 270;

	(void)state;
	assert_true(model->input_count <= INPUTS);
	make_sequences(sequences, ids);
	assert_ok(calibration_run(got, &request, NULL));
	assert_ok(hidden_create(&hidden, sequences, SEQUENCES, HIDDEN));
	assert_ok(forward_embed(hidden, model, NULL, sequences, NULL));
	for (int b = 0; b < 2; b++)
		assert_ok(forward_block(hidden, model, b, NULL, &tap, NULL));
	for (size_t i = 0; i < model->input_count; i++) {
		struct statistics *expected;

		if (!gathered.columns[i])
			continue; /* the head's */
		assert_ok(moments_finish(&expected, &gathered.moments[i], NULL));
		assert_int_equal(got[i]->tokens, expected->tokens);
		assert_memory_equal(got[i]->mean_abs, expected->mean_abs,
				    expected->columns * sizeof(float));
		assert_memory_equal(got[i]->mean_sq, expected->mean_sq,
				    expected->columns * sizeof(float));
		if (model->layers[model->inputs[i].layers[0]].expert >= 0 &&
		    model->inputs[i].columns == INNER)
			tokens += got[i]->tokens;
		statistics_free(expected);
	}
	assert_int_equal(tokens, 2 * PER_TOKEN * all); /* of both blocks */
	for (size_t i = 0; i < model->input_count; i++)
		statistics_free(got[i]);
	hidden_free(hidden);
	model_free(model);
}

static void
test_experts__batches_do_not_change_the_bits(void **state)
{
	struct model *model = open_experts();
	static int32_t ids[SEQUENCES][LONGEST];
	struct sequence sequences[SEQUENCES];
	struct statistics *expected[INPUTS], *got[INPUTS];
	struct calibration_request request = {
		.model = model, .sequences = sequences, .sequence_count = SEQUENCES, .gram = true
	};

	(void)state;
	make_sequences(sequences, ids);
	assert_ok(calibration_run(expected, &request, NULL));
	request.memory = request.sums = 1;
	assert_ok(calibration_run(got, &request, NULL));
	for (size_t i = 0; i < model->input_count; i++) {
		size_t n = expected[i]->columns;

		assert_int_equal(expected[i]->tokens, got[i]->tokens);
		assert_memory_equal(expected[i]->gram, got[i]->gram, n * n * sizeof(float));
		statistics_free(expected[i]);
		statistics_free(got[i]);
	}
	model_free(model);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_experts__each_is_known_by_the_tokens_that_chose_it),
		cmocka_unit_test(test_experts__batches_do_not_change_the_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
