/* What is written can be opened again, and holds exactly what it was given. */
#include "core/model_write.h"
#include "support/support.h"

#include "core/buf.h"
#include "core/checkpoint.h"
#include "core/file.h"
#include "core/json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A path in this test's folder for output, gone at first. */
static const char *
target(const char *name)
{
	static char path[1024];
	char command[1200];

	snprintf(path, sizeof(path), "%s/%s", support_folder(), name);
	snprintf(command, sizeof(command), "rm -rf '%s'", path);
	assert_int_equal(system(command), 0);
	return path;
}

static float *
layer_values(const struct model *model, int layer)
{
	const struct layer *l = &model->layers[layer];
	float *values = buf_alloc(l->rows * l->columns, sizeof(*values));

	assert_non_null(values);
	assert_ok(model_read_layer(values, model, layer));
	return values;
}

static void
assert_layer_equals(const struct model *model, int layer, const float *expected)
{
	const struct layer *l = &model->layers[layer];
	float *values = layer_values(model, layer);

	assert_memory_equal(values, expected, l->rows * l->columns * sizeof(*values));
	buf_free(values);
}

/* An overlay with two layers changed: one in a block, and the embedding. */
struct change {
	struct replacement *layers;
	struct overlay overlay;
	int q, embed;
	float *q_values, *embed_values;
	bool lazy; /* to be read when it is needed */
};

static enum err
read_values(float *out, const void *source, size_t first, size_t count)
{
	memcpy(out, (const float *)source + first, count * sizeof(*out));
	return OK;
}

static void
replace_layer(struct change *c, int layer, const float *values)
{
	c->layers[layer] = c->lazy ? (struct replacement){ .read = read_values, .source = values }
				   : (struct replacement){ .weight = values };
}

static void
change_make(struct change *c, const struct model *model)
{
	c->layers = buf_alloc(model->layer_count, sizeof(*c->layers));
	c->overlay.layers = c->layers;
	c->q = model_find_layer(model, "layers.1.attn.q");
	c->embed = model->embed;
	c->q_values = layer_values(model, c->q);
	c->embed_values = layer_values(model, c->embed);
	c->q_values[3] = 0.123456789f;
	c->embed_values[5] = -1.0f / 3;
	replace_layer(c, c->q, c->q_values);
	replace_layer(c, c->embed, c->embed_values);
}

static void
change_free(struct change *c)
{
	buf_free(c->layers);
	buf_free(c->q_values);
	buf_free(c->embed_values);
}

/* Write, open, and compare every layer: the changed ones exactly, the others with the source. */
static void
assert_round_trip(const char *source, size_t file_count, bool lazy)
{
	const char *folder = target("out");
	struct model *model, *again;
	struct model_files files;
	struct change change = { .lazy = lazy };

	assert_ok(model_open(&model, source));
	change_make(&change, model);
	assert_ok(model_write(&files, model, &change.overlay, folder, WRITE_FLOAT32, NULL));
	assert_int_equal(files.count, file_count);
	assert_ok(model_open(&again, folder));
	assert_string_equal(again->format, model->format);
	assert_int_equal(again->layer_count, model->layer_count);
	assert_int_equal(again->shape.tied_head, model->shape.tied_head);
	assert_true(again->pattern.rope[0].numbers.theta == model->pattern.rope[0].numbers.theta);
	assert_true(again->shape.norm_eps == model->shape.norm_eps);
	for (size_t i = 0; i < model->layer_count; i++) {
		float *values = layer_values(model, (int)i);

		assert_layer_equals(again, (int)i,
				    (int)i == change.q       ? change.q_values
				    : (int)i == change.embed ? change.embed_values
							     : values);
		assert_int_equal(again->layers[i].tensor->dtype, DTYPE_F32);
		assert_string_equal(again->layers[i].tensor_name, model->layers[i].tensor_name);
		buf_free(values);
	}
	model_files_clear(&files);
	model_free(again);
	model_free(model);
	change_free(&change);
}

static void
test_model_write__the_shipped_model_round_trips_in_float32(void **state)
{
	char path[1200], *text;
	size_t size;

	(void)state;
	/* model, config, generation config, tokenizer, tokenizer config */
	assert_round_trip(support_source("models/shipped"), 5, false);
	assert_round_trip(support_source("models/shipped"), 5, true);
	snprintf(path, sizeof(path), "%s/out/config.json", support_folder());
	assert_ok(file_read(&text, &size, path, 1 << 20));
	assert_true(support_contains(text, "\"dtype\": \"float32\""));
	assert_true(support_contains(text, "\"rms_norm_eps\": 1e-05"));
	assert_true(support_contains(text, "\"rope_theta\": 10000.0"));
	buf_free(text);
}

static void
test_model_write__a_head_stored_alone_keeps_its_name_and_metadata(void **state)
{
	char path[1200], *text;
	size_t size;

	(void)state;
	assert_round_trip(support_need_data("models/tinystories-656k"), 6, false);
	assert_round_trip(support_need_data("models/tinystories-656k"), 6, true);
	snprintf(path, sizeof(path), "%s/out/model.safetensors", support_folder());
	assert_ok(file_read(&text, &size, path, 1 << 26));
	assert_int_equal((text[0] & 7), 0);
	assert_true(support_contains(text + 8, "\"model.embed_tokens.weight\":\"lm_head.weight\""));
	buf_free(text);
	snprintf(path, sizeof(path), "%s/out/config.json", support_folder());
	assert_ok(file_read(&text, &size, path, 1 << 20));
	assert_true(support_contains(text, "\"torch_dtype\": \"float32\""));
	buf_free(text);
}

static void
test_model_write__llama2c_files_round_trip_with_their_tokenizer(void **state)
{
	(void)state;
	assert_round_trip(support_need_data("models/stories260K/stories260K.bin"), 2, false);
	assert_round_trip(support_need_data("models/stories260K/stories260K.bin"), 2, true);
}

static void
test_model_write__unchanged_source_types_give_the_same_bytes(void **state)
{
	static const char *const sources[] = { "models/tinystories-656k",
					       "models/stories260K/stories260K.bin" };
	static const char *const names[] = { "model.safetensors", "stories260K.bin" };

	(void)state;
	for (int i = 0; i < 2; i++) {
		const char *folder = target("same");
		char before[HASH_HEX], after[HASH_HEX];
		struct model *model, *again;
		struct model_files files;

		assert_ok(model_open(&model, support_need_data(sources[i])));
		assert_ok(model_write(&files, model, NULL, folder, WRITE_SOURCE, NULL));
		assert_string_equal(files.names[0], names[i]);
		assert_ok(model_open(&again, folder));
		assert_ok(model_sha256(before, model, NULL));
		assert_ok(model_sha256(after, again, NULL));
		assert_string_equal(before, after);
		model_files_clear(&files);
		model_free(again);
		model_free(model);
	}
}

static void
test_model_write__a_cancel_leaves_no_folder(void **state)
{
	const char *folder = target("cancelled");
	atomic_bool cancel = true;
	struct work work = { .cancel = &cancel };
	struct model_files files;
	struct model *model;

	(void)state;
	assert_ok(model_open(&model, support_source("models/shipped")));
	assert_int_equal(model_write(&files, model, NULL, folder, WRITE_FLOAT32, &work),
			 ERR_CANCELLED);
	assert_false(file_exists(folder));
	model_files_clear(&files);
	model_free(model);
}

static void
test_model_write__halves_are_rounded_to_nearest(void **state)
{
	static const struct {
		enum write_dtype write;
		enum dtype dtype;
	} kinds[] = { { WRITE_BF16, DTYPE_BF16 }, { WRITE_F16, DTYPE_F16 } };

	(void)state;
	for (int k = 0; k < 2; k++) {
		const char *folder = target("half");
		struct model *model, *again;
		struct model_files files;
		struct change change = { 0 };
		float *values;

		assert_ok(model_open(&model, support_source("models/shipped")));
		change_make(&change, model);
		assert_ok(
			model_write(&files, model, &change.overlay, folder, kinds[k].write, NULL));
		assert_ok(model_open(&again, folder));
		values = layer_values(again, change.q);
		assert_int_equal(again->layers[change.q].tensor->dtype, kinds[k].dtype);
		assert_true(values[3] == (k ? f16_to_f32(f16_from_f32(0.123456789f))
					    : bf16_to_f32(bf16_from_f32(0.123456789f))));
		change.q_values[0] = 1e6f;
		model_files_clear(&files);
		folder = target("overflow");
		if (k) {
			assert_err(ERR_RANGE, "more than f16 can",
				   model_write(&files, model, &change.overlay, folder, WRITE_F16,
					       NULL));
			assert_false(file_exists(folder));
		}
		buf_free(values);
		model_free(again);
		model_free(model);
		change_free(&change);
	}
}

static void
test_model_write__nothing_is_written_over_or_left_behind(void **state)
{
	const char *folder = target("full");
	struct model *model;
	struct model_files files;
	enum err code = ERR_IO;

	(void)state;
	assert_ok(model_open(&model, support_source("models/shipped")));
	assert_err(ERR_USAGE, "not empty",
		   model_write(&files, model, NULL, support_source("models/shipped"), WRITE_SOURCE,
			       NULL));
	assert_err(ERR_IO, "choose another",
		   model_write(&files, model, NULL, support_file("plain", "x", 1), WRITE_SOURCE,
			       NULL));
	for (unsigned long n = 1; code; n = n < 8 ? n + 1 : n * 2) {
		file_fail_at(n, ENOSPC);
		code = model_write(&files, model, NULL, folder, WRITE_SOURCE, NULL);
		file_fail_at(0, 0);
		if (code) {
			assert_int_equal(code, ERR_IO);
			assert_true(support_contains(err_line(), "No space left"));
			assert_false(file_exists(folder));
		}
	}
	model_files_clear(&files);
	model_free(model);
}

static void
test_model_write__llama2c_refuses_half_floats_by_name(void **state)
{
	struct model *model;
	struct model_files files;

	(void)state;
	assert_ok(model_open(&model, support_need_data("models/stories260K/stories260K.bin")));
	assert_err(ERR_UNSUPPORTED, "float32 alone",
		   model_write(&files, model, NULL, target("half2c"), WRITE_BF16, NULL));
	model_free(model);
}

static void
test_model_write__dtypes_have_names(void **state)
{
	enum write_dtype dtype;

	(void)state;
	assert_ok(write_dtype_parse(&dtype, "bf16"));
	assert_string_equal(write_dtype_name(dtype), "bf16");
	assert_err(ERR_RANGE, "float32, source, bf16 or f16", write_dtype_parse(&dtype, "int4"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_model_write__the_shipped_model_round_trips_in_float32),
		cmocka_unit_test(test_model_write__a_head_stored_alone_keeps_its_name_and_metadata),
		cmocka_unit_test(test_model_write__llama2c_files_round_trip_with_their_tokenizer),
		cmocka_unit_test(test_model_write__unchanged_source_types_give_the_same_bytes),
		cmocka_unit_test(test_model_write__a_cancel_leaves_no_folder),
		cmocka_unit_test(test_model_write__halves_are_rounded_to_nearest),
		cmocka_unit_test(test_model_write__nothing_is_written_over_or_left_behind),
		cmocka_unit_test(test_model_write__llama2c_refuses_half_floats_by_name),
		cmocka_unit_test(test_model_write__dtypes_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
