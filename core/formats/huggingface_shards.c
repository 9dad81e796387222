/* Weights in several files: model.safetensors.index.json, whose "weight_map" says which tensor lies
 * in which shard. */
#include "core/formats/huggingface.h"

#include "core/buf.h"
#include "core/file.h"
#include "core/folder.h"
#include "core/hub.h"
#include "core/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The shards that an index names, each once, in the order of their names. */
struct shards {
	struct json_document *index;
	const struct json *map;
	const char **names;
	size_t count;
};

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
collect_names(struct shards *shards, const char *index_path)
{
	size_t count = 0;

	shards->names = buf_alloc(shards->map->length, sizeof(*shards->names));
	if (!shards->names)
		return ERR_NOMEM;
	for (const struct json *m = shards->map->first; m; m = m->next) {
		char brief[80];

		if (m->type != JSON_STRING || !is_shard_name(m->string, m->length))
			return err_at(
				ERR_FORMAT, index_path, m->key,
				"names the shard %s, which is no .safetensors file of this folder",
				json_brief(brief, sizeof(brief), m));
		shards->names[count++] = m->string;
	}
	qsort(shards->names, count, sizeof(*shards->names), compare_names);
	for (size_t i = 0; i < count; i++)
		if (!i || strcmp(shards->names[i - 1], shards->names[i]))
			shards->names[shards->count++] = shards->names[i];
	return OK;
}

static void
shards_clear(struct shards *shards)
{
	buf_free(shards->names);
	json_free(shards->index);
	memset(shards, 0, sizeof(*shards));
}

/* From { 0 }; to be cleared, also after a failure. */
static enum err
shards_read(struct shards *out, const char *folder, const char *index_path, size_t limit)
{
	enum err code = huggingface_check_link(folder, index_path);

	if (!code)
		code = checkpoint_check_pointer(index_path);
	if (!code)
		code = json_read(&out->index, index_path, limit);
	if (code)
		return code;
	out->map = json_get(json_root(out->index), "weight_map");
	if (!out->map || out->map->type != JSON_OBJECT || !out->map->length)
		return err_at(ERR_FORMAT, index_path, "weight_map",
			      "is missing or empty; fetch the index again");
	return collect_names(out, index_path);
}

/* ------------------------------------------------------------------------ what is there */

/* The first shard that is not there, and how many are not. A link that leads nowhere is there: to
 * open it says so. */
static enum err
count_missing(const char **first, size_t *missing, const struct shards *shards, const char *folder)
{
	*first = NULL;
	*missing = 0;
	for (size_t i = 0; i < shards->count; i++) {
		char *path = file_join(folder, shards->names[i]);
		struct stat st;

		if (!path)
			return ERR_NOMEM;
		if (lstat(path, &st)) {
			*first = *first ? *first : shards->names[i];
			++*missing;
		}
		buf_free(path);
	}
	return OK;
}

enum err
huggingface_missing_shard(char **out, const char *folder, const char *index_path, size_t limit)
{
	struct shards shards = { 0 };
	const char *first = NULL;
	size_t missing;
	enum err code = shards_read(&shards, folder, index_path, limit);

	*out = NULL;
	if (!code)
		code = count_missing(&first, &missing, &shards, folder);
	if (!code && first && !(*out = buf_strdup(first)))
		code = ERR_NOMEM;
	shards_clear(&shards);
	return code;
}

static enum err
check_all_there(const struct shards *shards, const char *folder)
{
	char *path, advice[HUB_ADVICE];
	const char *first;
	size_t missing;
	enum err code = count_missing(&first, &missing, shards, folder);

	if (code || !first)
		return code;
	if (!(path = file_join(folder, first)))
		return ERR_NOMEM;
	code = err_at(ERR_IO, path, NULL,
		      "is missing: %zu of the %zu shards that the index names are not there; %s",
		      missing, shards->count, hub_advice(advice, folder));
	buf_free(path);
	return code;
}

/* "model-00001-of-00003.safetensors": the bytes before its number; 0: it is not named so. */
static size_t
numbered(const char *name)
{
	static const char form[] = "-00000-of-00000.safetensors";
	size_t n = sizeof(form) - 1, length = strlen(name);
	const char *end = name + length - n;

	if (length <= n)
		return 0;
	for (size_t i = 0; i < n; i++)
		if (form[i] == '0' ? end[i] < '0' || end[i] > '9' : end[i] != form[i])
			return 0;
	return length - n + 1;
}

/* Two shards of one set: equal but for their number. */
static bool
is_sibling(const char *a, const char *b)
{
	size_t before = numbered(a);

	return before && numbered(b) == before && !memcmp(a, b, before) &&
	       !strcmp(a + before + 5, b + before + 5);
}

/* A shard of the same set that the index passes over: its tensors would be missed in silence. */
static enum err
check_all_named(const struct shards *shards, const char *folder, const char *index_path)
{
	enum { NAMES_MAX = 100000 };
	struct folder names = { 0 };
	enum err code = folder_read(&names, folder, NAMES_MAX);

	for (size_t i = 0; i < names.count && !code; i++) {
		const char *name = names.names[i];

		if (is_sibling(shards->names[0], name) &&
		    !bsearch(&name, shards->names, shards->count, sizeof(*shards->names),
			     compare_names))
			code = err_at(ERR_FORMAT, index_path, name,
				      "lies beside its shards, but the index does not name it; "
				      "fetch the index again");
	}
	folder_clear(&names);
	return code;
}

/* ------------------------------------------------------------------------ reading */

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
read_all(struct checkpoint *checkpoint, const struct shards *shards, const char *index_path)
{
	enum err code = OK;

	for (size_t i = 0; i < shards->count && !code; i++) {
		char *path = file_join(checkpoint->path, shards->names[i]);

		code = path ? huggingface_read_file(checkpoint, path) : ERR_NOMEM;
		buf_free(path);
	}
	if (!code)
		code = checkpoint_sort(checkpoint);
	for (const struct json *m = shards->map->first; m && !code; m = m->next)
		code = check_promise(checkpoint, m, index_path);
	return code;
}

enum err
huggingface_read_shards(struct checkpoint *checkpoint, const char *index_path)
{
	struct shards shards = { 0 };
	enum err code = shards_read(&shards, checkpoint->path, index_path, HUGGINGFACE_INDEX_MAX);

	if (!code)
		code = check_all_there(&shards, checkpoint->path);
	if (!code)
		code = check_all_named(&shards, checkpoint->path, index_path);
	if (!code)
		code = read_all(checkpoint, &shards, index_path);
	shards_clear(&shards);
	return code;
}
