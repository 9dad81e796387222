/* Checkpoints that transformers and safetensors wrote (tests/peers/make_checkpoints.py): every
 * tensor has the sum that the peers hold, before and after it was written again. */
#include "core/model_write.h"
#include "support/support.h"

#include "core/buf.h"
#include "core/checkpoint.h"
#include "core/json.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *
fixture(const char *name, const char *file)
{
	char path[256];

	snprintf(path, sizeof(path), "tests/core/fixtures/checkpoints/%s%s%s", name,
		 *file ? "/" : "", file);
	return support_source(path);
}

static double
sum_of(const struct tensor *tensor)
{
	float *values = buf_alloc(tensor->elements, sizeof(*values));
	double sum = 0;

	assert_ok(tensor_read(values, tensor, 0, tensor->elements));
	for (uint64_t i = 0; i < tensor->elements; i++)
		sum += (double)values[i];
	buf_free(values);
	return sum;
}

static void
assert_sums(const struct model *model, const char *name)
{
	struct json_document *expected;

	assert_ok(json_read(&expected, fixture(name, "expected.json"), 1 << 20));
	assert_int_equal(json_root(expected)->length > 10, 1);
	for (const struct json *m = json_root(expected)->first; m; m = m->next) {
		const struct tensor *tensor = checkpoint_find(model->checkpoint, m->key);

		assert_non_null(tensor);
		assert_true(fabs(sum_of(tensor) - m->number) < 1e-9);
	}
	json_free(expected);
}

static struct model *
open_fixture(const char *name)
{
	struct model *model;

	assert_ok(model_open(&model, fixture(name, "")));
	assert_int_equal(model->shape.hidden, 8);
	assert_int_equal(model->shape.head_dim, 4);
	assert_int_equal(model->shape.context, 16);
	assert_int_equal(model->shape.kv_heads, 1);
	return model;
}

static void
test_checkpoints__what_the_peers_saved_is_what_we_read(void **state)
{
	static const struct {
		const char *name;
		enum dtype dtype;
		bool tied;
		double theta;
		size_t warnings, files;
	} all[] = { { "untied_f32", DTYPE_F32, false, 1e4, 0, 1 },
		    { "tied_bf16", DTYPE_BF16, true, 1e4, 0, 1 },
		    { "sharded_f16", DTYPE_F16, false, 5e5, 0, 2 },
		    { "older_spelling", DTYPE_F32, true, 1e4, 0, 1 },
		    { "leftovers", DTYPE_F32, false, 1e4, 1, 1 } };

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct model *model = open_fixture(all[i].name);

		assert_sums(model, all[i].name);
		assert_int_equal(model->layers[0].tensor->dtype, all[i].dtype);
		assert_int_equal(model->shape.tied_head, all[i].tied);
		assert_true(model->pattern.rope[0].numbers.theta == all[i].theta);
		assert_int_equal(model->checkpoint->map_count, all[i].files);
		assert_int_equal(model->warning_count, all[i].warnings);
		if (all[i].warnings)
			assert_true(support_contains(model->warnings[0], "layers.0.surplus"));
		model_free(model);
	}
}

static void
test_checkpoints__shards_are_written_again_with_their_index(void **state)
{
	struct model *model = open_fixture("sharded_f16"), *again;
	struct json_document *index;
	struct model_files files;
	char folder[1024], path[1100];
	uint64_t bytes = 0;

	(void)state;
	snprintf(folder, sizeof(folder), "%s/out", support_folder());
	assert_ok(model_write(&files, model, NULL, folder, WRITE_FLOAT32, NULL));
	assert_int_equal(files.count, 4); /* two shards, index, config */
	assert_ok(model_open(&again, folder));
	assert_sums(again, "sharded_f16");
	assert_int_equal(again->checkpoint->map_count, 2);
	snprintf(path, sizeof(path), "%s/model.safetensors.index.json", folder);
	assert_ok(json_read(&index, path, 1 << 20));
	for (size_t i = 0; i < again->checkpoint->count; i++)
		bytes += again->checkpoint->tensors[i].bytes;
	assert_int_equal(json_get(json_get(json_root(index), "metadata"), "total_size")->magnitude,
			 bytes);
	assert_non_null(json_get(json_get(json_root(index), "metadata"), "total_parameters"));
	json_free(index);
	model_files_clear(&files);
	model_free(again);
	model_free(model);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_checkpoints__what_the_peers_saved_is_what_we_read),
		cmocka_unit_test(test_checkpoints__shards_are_written_again_with_their_index),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
