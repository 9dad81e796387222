/* Folders: shards and what an index may say of them, links, missing and foreign files. */
#include "core/checkpoint.h"
#include "core/model.h"
#include "support/support.h"

#include "core/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char config[] = "{\"model_type\":\"llama\"}";

/* A shard with one byte tensor. */
static size_t
shard_bytes(char out[256], const char *tensor)
{
	int n = snprintf(out + 8, 248,
			 "{\"%s\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}",
			 tensor);

	memcpy(out, &(uint64_t){ (uint64_t)n }, 8);
	out[8 + n] = 'x';
	return (size_t)n + 9;
}

static void
put_shard(const char *name, const char *tensor)
{
	char bytes[256];
	size_t size = shard_bytes(bytes, tensor);

	support_file(name, bytes, size);
}

/* A folder with two sound shards and this weight_map. */
static enum err
open_with_map(struct checkpoint **out, const char *map)
{
	char index[1024];

	snprintf(index, sizeof(index), "{\"metadata\":{\"total_size\":2},\"weight_map\":%s}", map);
	support_file("config.json", config, sizeof(config) - 1);
	put_shard("one.safetensors", "a");
	put_shard("two.safetensors", "b");
	support_file("model.safetensors.index.json", index, strlen(index));
	return checkpoint_open(out, support_folder());
}

static void
test_huggingface__shards_are_read_together(void **state)
{
	struct checkpoint *checkpoint;

	(void)state;
	assert_ok(open_with_map(&checkpoint,
				"{\"a\":\"one.safetensors\",\"b\":\"two.safetensors\"}"));
	assert_int_equal(checkpoint->count, 2);
	assert_int_equal(checkpoint->map_count, 2);
	assert_non_null(checkpoint_find(checkpoint, "b"));
	assert_null(checkpoint_find(checkpoint, "c"));
	checkpoint_free(checkpoint);
}

static void
test_huggingface__shard_names_never_leave_the_folder(void **state)
{
	static const char *const names[] = {
		"../one.safetensors",
		"/etc/one.safetensors",
		"a/../one.safetensors",
		"./one.safetensors",
		"..",
		"",
		".safetensors",
		"..\\\\one.safetensors",
		"sub/one.safetensors",
		"one.safetensors/",
		"one.bin",
		"one.safetensors\\u0000",
		"..safetensors",
		"one.safetensors\\u0000.safetensors",
	};
	struct checkpoint *checkpoint;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char map[256];

		snprintf(map, sizeof(map), "{\"a\":\"%s\"}", names[i]);
		assert_err(ERR_FORMAT, "no .safetensors file of this folder",
			   open_with_map(&checkpoint, map));
	}
}

static void
test_huggingface__an_index_that_lies_is_refused_by_name(void **state)
{
	static const struct {
		const char *map, *part;
		enum err code;
	} bad[] = {
		{ "{\"a\":\"three.safetensors\",\"b\":\"two.safetensors\"}",
		  "three.safetensors: is missing: 1 of the 2 shards", ERR_IO },
		{ "{\"a\":\"one.safetensors\",\"c\":\"two.safetensors\"}",
		  "c: is promised by the index", ERR_FORMAT },
		{ "{\"a\":\"two.safetensors\",\"b\":\"one.safetensors\"}", "lies in", ERR_FORMAT },
		{ "{\"a\":\"one.safetensors\",\"a\":\"one.safetensors\"}",
		  "a: this name stands twice", ERR_FORMAT },
		{ "{\"a\":3}", "a: names the shard 3", ERR_FORMAT },
		{ "{}", "weight_map: is missing or empty", ERR_FORMAT },
		{ "[]", "weight_map: is missing or empty", ERR_FORMAT },
	};
	struct checkpoint *checkpoint;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_err(bad[i].code, bad[i].part, open_with_map(&checkpoint, bad[i].map));
	put_shard("two.safetensors", "a");
	support_file("model.safetensors.index.json",
		     "{\"weight_map\":{\"a\":\"one.safetensors\",\"b\":\"two.safetensors\"}}", 60);
	assert_err(ERR_FORMAT, "a: this tensor stands in the model twice",
		   checkpoint_open(&checkpoint, support_folder()));
}

static void
test_huggingface__a_shard_that_the_index_passes_over_is_refused(void **state)
{
	static const char index[] = "{\"weight_map\":{\"a\":\"m-00001-of-00002.safetensors\"}}";
	struct checkpoint *checkpoint;

	(void)state;
	support_clean();
	support_file("config.json", config, sizeof(config) - 1);
	support_file("model.safetensors.index.json", index, sizeof(index) - 1);
	put_shard("m-00001-of-00002.safetensors", "a");
	/* Of another set: what a trainer left behind. */
	put_shard("m-00001-of-00003.safetensors", "b");
	put_shard("n-00002-of-00002.safetensors", "b");
	put_shard("m-2-of-00002.safetensors", "b");
	assert_ok(checkpoint_open(&checkpoint, support_folder()));
	checkpoint_free(checkpoint);
	put_shard("m-00002-of-00002.safetensors", "b");
	assert_err(ERR_FORMAT, "m-00002-of-00002.safetensors: lies beside its shards",
		   checkpoint_open(&checkpoint, support_folder()));
}

static void
test_huggingface__folders_without_their_files_say_what_is_missing(void **state)
{
	struct model *model;

	(void)state;
	support_clean();
	assert_err(ERR_IO, "holds no model.safetensors", model_open(&model, support_folder()));
	put_shard("model.safetensors", "a");
	assert_err(ERR_IO, "config.json: is missing", model_open(&model, support_folder()));
	support_file("config.json", "{", 1);
	assert_err(ERR_FORMAT, "config.json", model_open(&model, support_folder()));
	support_file("config.json", config, sizeof(config) - 1);
	assert_err(ERR_FORMAT, "model.embed_tokens.weight: is missing",
		   model_open(&model, support_folder()));
	support_clean();
	support_file("pytorch_model.bin", "PK\3\4", 4);
	assert_err(ERR_UNSUPPORTED, "convert them to safetensors",
		   model_open(&model, support_folder()));
}

static void
test_huggingface__only_regular_files_are_opened(void **state)
{
	struct checkpoint *checkpoint;
	char path[1024];

	(void)state;
	support_clean();
	support_file("config.json", config, sizeof(config) - 1);
	snprintf(path, sizeof(path), "%s/model.safetensors", support_folder());
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_err(ERR_IO, "no regular file", checkpoint_open(&checkpoint, support_folder()));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_err(ERR_IO, "is a folder", checkpoint_open(&checkpoint, support_folder()));
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(symlink("/dev/zero", path), 0);
	assert_err(ERR_IO, "no regular file", checkpoint_open(&checkpoint, support_folder()));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("model.safetensors", path), 0);
	assert_err(ERR_IO, "is a link that leads nowhere",
		   checkpoint_open(&checkpoint, support_folder()));
}

/* models--x/{blobs,snapshots/1}: a link into blobs is the cache's own, one that leaves is not. */
static void
test_huggingface__links_of_a_cache_stay_inside_it(void **state)
{
	static const char *const folders[] = { "models--x", "models--x/blobs",
					       "models--x/snapshots", "models--x/snapshots/1" };
	struct checkpoint *checkpoint;
	char path[1024], link[1024], snapshot[1024];

	(void)state;
	support_clean();
	for (int i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "%s/%s", support_folder(), folders[i]);
		assert_int_equal(mkdir(path, 0700), 0);
	}
	snprintf(snapshot, sizeof(snapshot), "%s/models--x/snapshots/1", support_folder());
	put_shard("models--x/blobs/weights", "a");
	support_file("models--x/blobs/config", config, sizeof(config) - 1);
	put_shard("outside", "a");
	snprintf(link, sizeof(link), "%.900s/config.json", snapshot);
	assert_int_equal(symlink("../../blobs/config", link), 0);
	snprintf(link, sizeof(link), "%.900s/model.safetensors", snapshot);
	assert_int_equal(symlink("../../blobs/weights", link), 0);
	assert_ok(checkpoint_open(&checkpoint, snapshot));
	checkpoint_free(checkpoint);
	assert_int_equal(unlink(link), 0);
	assert_int_equal(symlink("../../../outside", link), 0);
	assert_err(ERR_FORMAT, "a link out of its cache", checkpoint_open(&checkpoint, snapshot));
	/* In an ordinary folder a link is as good as its file. */
	support_file("config.json", config, sizeof(config) - 1);
	snprintf(link, sizeof(link), "%s/model.safetensors", support_folder());
	assert_int_equal(symlink("outside", link), 0);
	assert_ok(checkpoint_open(&checkpoint, support_folder()));
	checkpoint_free(checkpoint);
}

/* A result of PyTorch is often a file of tensors and nothing else: another model says what they
 * are. */
static void
test_huggingface__tensors_alone_become_a_model_like_another(void **state)
{
	const char *file = support_source("models/shipped/model.safetensors");
	struct model *model, *alone;
	struct checkpoint *checkpoint;
	float a[4], b[4];

	(void)state;
	assert_true(checkpoint_is_tensors(file));
	assert_false(checkpoint_is_tensors(support_source("models/shipped")));
	assert_err(ERR_UNSUPPORTED, "give the folder", model_open(&alone, file));
	assert_ok(model_open(&model, support_source("models/shipped")));
	assert_ok(model_open_like(&alone, file, model));
	assert_ok(model_match(alone, model));
	assert_ok(tensor_read(a, model->layers[3].tensor, 0, 4));
	assert_ok(tensor_read(b, alone->layers[3].tensor, 0, 4));
	assert_memory_equal(a, b, sizeof(a));
	model_free(alone);
	put_shard("model.safetensors", "a");
	assert_true(checkpoint_is_tensors(support_folder()));
	assert_ok(checkpoint_open_tensors(&checkpoint, support_folder()));
	assert_int_equal(checkpoint->count, 1);
	checkpoint_free(checkpoint);
	assert_err(ERR_FORMAT, "model.embed_tokens.weight",
		   model_open_like(&alone, support_folder(), model));
	model_free(model);
	support_clean();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_huggingface__tensors_alone_become_a_model_like_another),
		cmocka_unit_test(test_huggingface__shards_are_read_together),
		cmocka_unit_test(test_huggingface__shard_names_never_leave_the_folder),
		cmocka_unit_test(test_huggingface__an_index_that_lies_is_refused_by_name),
		cmocka_unit_test(test_huggingface__a_shard_that_the_index_passes_over_is_refused),
		cmocka_unit_test(test_huggingface__folders_without_their_files_say_what_is_missing),
		cmocka_unit_test(test_huggingface__only_regular_files_are_opened),
		cmocka_unit_test(test_huggingface__links_of_a_cache_stay_inside_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
