/* A folder as Hugging Face lays it out: config.json beside model.safetensors, or beside several
 * shards that model.safetensors.index.json names ("weight_map": tensor name to shard). */
#include "core/formats/huggingface.h"

#include "core/buf.h"
#include "core/config.h"
#include "core/file.h"
#include "core/formats/safetensors.h"
#include "core/json.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { CONFIG_MAX = 16 << 20 };

/* One path component that ends in .safetensors: nothing that climbs out of the folder. */
static bool
is_shard_name(const char *name, size_t length)
{
	static const char ending[] = ".safetensors";
	size_t n = sizeof(ending) - 1;

	return length > n && length <= 255 && strlen(name) == length && !strchr(name, '/') &&
	       !strchr(name, '\\') && name[0] != '.' && !strcmp(name + length - n, ending);
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static enum err
shard_names(const char **out, const struct json *map, const char *index_path)
{
	size_t count = 0;

	for (const struct json *m = map->first; m; m = m->next) {
		char brief[80];

		if (m->type != JSON_STRING || !is_shard_name(m->string, m->length))
			return err_at(
				ERR_FORMAT, index_path, m->key,
				"names the shard %s, which is no .safetensors file of this folder",
				json_brief(brief, sizeof(brief), m));
		out[count++] = m->string;
	}
	qsort(out, count, sizeof(*out), compare_names);
	return OK;
}

/* Every tensor the index promises lies in the shard it names. */
static enum err
check_promise(const struct checkpoint *checkpoint, const struct json *promise,
	      const char *index_path)
{
	const struct tensor *tensor = checkpoint_find(checkpoint, promise->key);
	const char *file;

	if (!tensor)
		return err_at(ERR_FORMAT, index_path, promise->key,
			      "is promised by the index, but %s does not hold it; fetch it again",
			      promise->string);
	file = strrchr(file_map_path(tensor->map), '/');
	if (file && strcmp(file + 1, promise->string))
		return err_at(ERR_FORMAT, index_path, promise->key,
			      "lies in %s, not in %s as the index says", file + 1, promise->string);
	return OK;
}

static enum err
read_linked(struct checkpoint *checkpoint, const char *path)
{
	enum err code = huggingface_check_link(checkpoint->path, path);

	return code ? code : safetensors_read(checkpoint, path);
}

static enum err
read_shards(struct checkpoint *checkpoint, const struct json *map, const char *index_path)
{
	const char **names = buf_alloc(map->length, sizeof(*names));
	enum err code = names ? shard_names(names, map, index_path) : ERR_NOMEM;

	for (size_t i = 0; i < map->length && !code; i++) {
		char *path;

		if (i && !strcmp(names[i - 1], names[i]))
			continue;
		path = file_join(checkpoint->path, names[i]);
		code = path ? read_linked(checkpoint, path) : ERR_NOMEM;
		buf_free(path);
	}
	buf_free(names);
	if (!code)
		code = checkpoint_sort(checkpoint);
	for (const struct json *m = map->first; m && !code; m = m->next)
		code = check_promise(checkpoint, m, index_path);
	return code;
}

static enum err
read_index(struct checkpoint *checkpoint, const char *index_path)
{
	struct json_document *index;
	const struct json *map;
	enum err code = json_read(&index, index_path, HUGGINGFACE_INDEX_MAX);

	if (code)
		return code;
	map = json_get(json_root(index), "weight_map");
	if (!map || map->type != JSON_OBJECT || !map->length)
		code = err_at(ERR_FORMAT, index_path, "weight_map",
			      "is missing or empty; fetch the index again");
	else
		code = read_shards(checkpoint, map, index_path);
	json_free(index);
	return code;
}

static enum err
read_config(struct checkpoint *checkpoint)
{
	char *path = file_join(checkpoint->path, "config.json");
	struct json_document *config = NULL;
	enum err code = path ? OK : ERR_NOMEM;

	if (!code && !file_exists(path))
		code = err_at(ERR_IO, path, NULL,
			      "is missing; a model folder needs its config.json");
	if (!code)
		code = huggingface_check_link(checkpoint->path, path);
	if (!code)
		code = json_read(&config, path, CONFIG_MAX);
	checkpoint->config = config;
	buf_free(path);
	return code;
}

static enum err
recognise(bool *out, const char *path)
{
	*out = file_is_folder(path);
	return OK;
}

/* The files of weights that a folder may hold, the first found is read. */
enum weights { SINGLE, INDEX, PICKLE, PICKLE_INDEX, NO_WEIGHTS };
static const char *const weights_names[NO_WEIGHTS] = {
	[SINGLE] = HUGGINGFACE_SINGLE,
	[INDEX] = HUGGINGFACE_INDEX,
	[PICKLE] = "pytorch_model.bin",
	[PICKLE_INDEX] = "pytorch_model.bin.index.json",
};

/* *path is the caller's. */
static enum err
find_weights(enum weights *out, char **path, const char *folder)
{
	for (int i = 0; i < NO_WEIGHTS; i++) {
		if (!(*path = file_join(folder, weights_names[i])))
			return ERR_NOMEM;
		*out = (enum weights)i;
		if (file_exists(*path))
			return OK;
		buf_free(*path);
	}
	*out = NO_WEIGHTS;
	*path = NULL;
	return OK;
}

static enum err
open_folder(struct checkpoint *checkpoint, const char *folder)
{
	enum weights weights;
	char *path;
	enum err code = find_weights(&weights, &path, folder);

	if (code)
		return code;
	if (weights == NO_WEIGHTS)
		code = err_at(ERR_IO, folder, NULL,
			      "holds no model.safetensors and no model.safetensors.index.json; "
			      "give the folder that does");
	else if (weights == PICKLE || weights == PICKLE_INDEX)
		code = err_at(ERR_UNSUPPORTED, path, NULL,
			      "holds its weights as " CHECKPOINT_PICKLE);
	else if (!(code = read_config(checkpoint)))
		code = weights == SINGLE ? read_linked(checkpoint, path)
					 : read_index(checkpoint, path);
	buf_free(path);
	return code;
}

static enum err
describe(struct model_description *out, const struct checkpoint *checkpoint)
{
	return config_describe(out, checkpoint->config);
}

const struct format format_huggingface = {
	.name = "safetensors",
	.recognise = recognise,
	.open = open_folder,
	.describe = describe,
	.write = huggingface_write,
};
