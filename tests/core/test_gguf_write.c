/* GGUF models written again: the same file with other values. */
#include "core/buf.h"
#include "core/checkpoint.h"
#include "core/file.h"
#include "core/formats/gguf.h"
#include "core/forward.h"
#include "core/model_write.h"
#include "support/support.h"

#include "support/gguf_edit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_SIZE = 4200 };

/* A path for output, gone at first. */
static const char *
target(void)
{
	static char path[PATH_SIZE];
	char command[PATH_SIZE + 16];

	snprintf(path, sizeof(path), "%s/out", support_folder());
	snprintf(command, sizeof(command), "rm -rf '%s'", path);
	assert_int_equal(system(command), 0);
	return path;
}

static const char *
written(const char *folder, const char *name)
{
	static char path[PATH_SIZE + 64];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void
write_model(const struct model *model, const struct overlay *overlay, const char *folder,
	    enum write_dtype dtype)
{
	struct model_files files;

	assert_ok(model_write(&files, model, overlay, folder, dtype, NULL));
	model_files_clear(&files);
}

static const char *
file_name(const char *fixture)
{
	static char name[80];

	snprintf(name, sizeof(name), "%.64s.gguf", fixture);
	return name;
}

static void
assert_same_bytes(const char *one, const char *other)
{
	char *a, *b;
	size_t m, n;

	assert_ok(file_read(&a, &m, one, 1 << 24));
	assert_ok(file_read(&b, &n, other, 1 << 24));
	assert_int_equal(m, n);
	assert_memory_equal(a, b, m);
	buf_free(a);
	buf_free(b);
}

static void
test_gguf_write__what_is_not_changed_comes_out_byte_for_byte(void **state)
{
	(void)state;
	for (int i = 0; i < gguf_fixture_count; i++) {
		const char *path = gguf_fixture(gguf_fixtures[i], ".gguf"), *folder = target();
		struct model *model;

		assert_ok(model_open(&model, path));
		write_model(model, NULL, folder, WRITE_SOURCE);
		model_free(model);
		assert_same_bytes(path, written(folder, file_name(gguf_fixtures[i])));
	}
}

/* Every third layer of a model with other values. */
struct change {
	struct replacement *layers;
	struct overlay overlay;
	float **values;
	size_t count;
};

static void
change_make(struct change *c, const struct model *model)
{
	c->count = model->layer_count;
	c->layers = buf_alloc(c->count, sizeof(*c->layers));
	c->values = buf_alloc(c->count, sizeof(*c->values));
	assert_true(c->layers && c->values);
	c->overlay = (struct overlay){ .layers = c->layers };
	for (size_t i = 0; i < c->count; i++) {
		const struct layer *l = &model->layers[i];
		size_t size = l->rows * l->columns;

		c->values[i] = buf_alloc(size, sizeof(float));
		assert_non_null(c->values[i]);
		assert_ok(model_read_layer(c->values[i], model, (int)i));
		for (size_t k = 0; k < size && i % 3 == 0; k++)
			c->values[i][k] = c->values[i][k] / 3 + (float)i / 1024;
		if (i % 3 == 0)
			c->layers[i].weight = c->values[i];
	}
}

static void
change_free(struct change *c)
{
	for (size_t i = 0; i < c->count; i++)
		buf_free(c->values[i]);
	buf_free(c->values);
	buf_free(c->layers);
}

static float *
logits_of(const struct model *model, const struct overlay *overlay)
{
	static const int32_t ids[] = { 1, 5, 2, 19, 3, 3, 11 };
	struct sequence sequence = { ids, sizeof(ids) / sizeof(ids[0]) };
	float *logits = buf_alloc(sequence.count * model->shape.vocab, sizeof(*logits));

	assert_non_null(logits);
	assert_ok(forward_logits(logits, model, overlay, sequence, NULL));
	return logits;
}

static void
assert_same_metadata(const char *one, const char *other)
{
	struct gguf *a, *b;

	assert_ok(gguf_open(&a, one));
	assert_ok(gguf_open(&b, other));
	assert_int_equal(a->value_count, b->value_count);
	assert_int_equal(a->tensor_count, b->tensor_count);
	assert_int_equal(a->alignment, b->alignment);
	for (size_t i = 0; i < a->value_count; i++) {
		assert_string_equal(a->values[i].key, b->values[i].key);
		assert_int_equal(a->values[i].size, b->values[i].size);
		if (strcmp(a->values[i].key, "general.file_type") != 0)
			assert_memory_equal(a->values[i].data, b->values[i].data,
					    a->values[i].size);
	}
	for (size_t i = 0; i < a->tensor_count; i++) {
		assert_string_equal(a->tensors[i].name, b->tensors[i].name);
		assert_int_equal(a->tensors[i].rank, b->tensors[i].rank);
		assert_memory_equal(a->tensors[i].shape, b->tensors[i].shape,
				    (size_t)a->tensors[i].rank * sizeof(uint64_t));
	}
	gguf_free(a);
	gguf_free(b);
}

/* Experts among them, which are parts of one tensor. */
static void
test_gguf_write__changed_layers_are_exact_in_float32(void **state)
{
	(void)state;
	for (int i = 0; i < gguf_fixture_count; i++) {
		const char *path = gguf_fixture(gguf_fixtures[i], ".gguf"), *folder = target();
		const char *again_path = written(folder, file_name(gguf_fixtures[i]));
		struct model *model, *again;
		struct change change;
		float *before, *after;

		assert_ok(model_open(&model, path));
		change_make(&change, model);
		write_model(model, &change.overlay, folder, WRITE_FLOAT32);
		assert_same_metadata(path, again_path);
		assert_ok(model_open(&again, again_path));
		before = logits_of(model, &change.overlay);
		after = logits_of(again, NULL);
		assert_memory_equal(before, after, 7 * model->shape.vocab * sizeof(*before));
		for (size_t l = 0; l < model->layer_count; l++) {
			size_t size = model->layers[l].rows * model->layers[l].columns;
			float *values = buf_alloc(size, sizeof(*values));

			assert_ok(model_read_layer(values, again, (int)l));
			assert_memory_equal(values, change.values[l], size * sizeof(*values));
			buf_free(values);
		}
		buf_free(before);
		buf_free(after);
		change_free(&change);
		model_free(again);
		model_free(model);
	}
}

/* As llama.cpp's converter has them: what its operators want in float32 stays so. */
static void
test_gguf_write__halves_are_matrices_alone(void **state)
{
	static const struct {
		enum write_dtype dtype;
		enum dtype stored;
		uint32_t file_type;
	} cases[] = { { WRITE_F16, DTYPE_F16, 1 }, { WRITE_BF16, DTYPE_BF16, 32 } };
	const char *path = gguf_fixture("qwen2_moe", ".gguf");

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *folder = target();
		const struct gguf_value *type;
		struct model *model;
		struct gguf *gguf;

		assert_ok(model_open(&model, path));
		write_model(model, NULL, folder, cases[i].dtype);
		model_free(model);
		assert_ok(gguf_open(&gguf, written(folder, "qwen2_moe.gguf")));
		for (size_t t = 0; t < gguf->tensor_count; t++) {
			const struct gguf_tensor *tensor = &gguf->tensors[t];
			bool router = strstr(tensor->name, "ffn_gate_inp");

			assert_int_equal(tensor->type->dtype,
					 tensor->rank < 2 || router ? DTYPE_F32 : cases[i].stored);
		}
		type = gguf_find(gguf, "general.file_type");
		assert_true(gguf_number_at(type, 0) == cases[i].file_type);
		gguf_free(gguf);
	}
}

static void
test_gguf_write__all_parts_of_a_split_model_are_written(void **state)
{
	char first[PATH_SIZE + 64];
	const char *path, *folder;
	struct model *model, *again;
	struct change change;
	float *before, *after;

	(void)state;
	path = gguf_split_in_two(gguf_fixture("mixtral", ".gguf"));
	folder = target();
	assert_ok(model_open(&model, path));
	assert_int_equal(model->checkpoint->map_count, 2);
	change_make(&change, model);
	write_model(model, &change.overlay, folder, WRITE_FLOAT32);
	snprintf(first, sizeof(first), "%s", written(folder, "m-00001-of-00002.gguf"));
	assert_same_metadata(path, first);
	assert_ok(model_open(&again, first));
	assert_int_equal(again->checkpoint->map_count, 2);
	before = logits_of(model, &change.overlay);
	after = logits_of(again, NULL);
	assert_memory_equal(before, after, 7 * model->shape.vocab * sizeof(*before));
	buf_free(before);
	buf_free(after);
	change_free(&change);
	model_free(again);
	model_free(model);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gguf_write__what_is_not_changed_comes_out_byte_for_byte),
		cmocka_unit_test(test_gguf_write__changed_layers_are_exact_in_float32),
		cmocka_unit_test(test_gguf_write__halves_are_matrices_alone),
		cmocka_unit_test(test_gguf_write__all_parts_of_a_split_model_are_written),
	};

	return cmocka_run_group_tests(tests, gguf_fixtures_find, NULL);
}
