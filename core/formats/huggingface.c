/* A folder as Hugging Face lays it out: config.json beside model.safetensors, or beside several
 * shards that model.safetensors.index.json names ("weight_map": tensor name to shard). */
#include "core/formats/safetensors.h"

#include "core/buf.h"
#include "core/file.h"
#include "core/json.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INDEX_MAX = 200 * 1000 * 1000, CONFIG_MAX = 16 << 20 };

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
read_shards(struct checkpoint *checkpoint, const struct json *map, const char *index_path)
{
	const char **names = buf_alloc(map->length, sizeof(*names));
	enum err code = names ? shard_names(names, map, index_path) : ERR_NOMEM;

	for (size_t i = 0; i < map->length && !code; i++) {
		char *path;

		if (i && !strcmp(names[i - 1], names[i]))
			continue;
		path = file_join(checkpoint->path, names[i]);
		code = path ? safetensors_read(checkpoint, path) : ERR_NOMEM;
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
	enum err code = json_read(&index, index_path, INDEX_MAX);

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
		code = json_read(&config, path, CONFIG_MAX);
	checkpoint->config = config;
	buf_free(path);
	return code;
}

/* Needs no memory, so that its no is never a lack of it. */
static bool
holds(const char *folder, const char *name)
{
	char path[4096];

	return snprintf(path, sizeof(path), "%s/%s", folder, name) < (int)sizeof(path) &&
	       file_exists(path);
}

static int
recognise(const char *path)
{
	return file_is_folder(path) &&
	       (holds(path, "model.safetensors") || holds(path, "model.safetensors.index.json"));
}

static enum err
open_folder(struct checkpoint *checkpoint, const char *path)
{
	char *single = file_join(path, "model.safetensors");
	char *index = file_join(path, "model.safetensors.index.json");
	enum err code = single && index ? read_config(checkpoint) : ERR_NOMEM;

	if (!code && file_exists(single))
		code = safetensors_read(checkpoint, single);
	else if (!code)
		code = read_index(checkpoint, index);
	buf_free(single);
	buf_free(index);
	return code;
}

const struct format format_huggingface = {
	.name = "safetensors",
	.recognise = recognise,
	.open = open_folder,
};
