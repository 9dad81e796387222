/* Where models may lie, and what lies there. */
#include "sessions/catalog.h"

#include "core/buf.h"
#include "core/checkpoint.h"
#include "core/file.h"
#include "core/folder.h"
#include "core/hub.h"
#include "sessions/locate.h"
#include "sessions/recent.h"
#include "sessions/shipped.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { CACHED_MAX = 4000, HERE_MAX = 4000 };

const char *const catalog_places[] = { "shipped", "cache", "here", "recent" };

struct reader {
	struct catalog *catalog;
	bool facts;
	const struct work *work;
};

static void
note(struct catalog *catalog, const char *line)
{
	const char *kept = arena_strndup(&catalog->arena, line, strlen(line));

	if (kept && catalog->note_count < sizeof(catalog->notes) / sizeof(catalog->notes[0]))
		catalog->notes[catalog->note_count++] = kept;
}

/* `why` is that of an entry without a path. The texts are copied. */
static enum err
add(struct reader *reader, enum catalog_place place, const char *name, const char *path,
    const char *why)
{
	struct catalog *c = reader->catalog;
	struct catalog_entry *entry;
	enum err code = work_check(reader->work);

	if (code)
		return code;
	if (buf_grow(&c->entries, &c->capacity, c->count + 1, sizeof(*c->entries)))
		return ERR_NOMEM;
	entry = &c->entries[c->count];
	*entry = (struct catalog_entry){ .place = place };
	entry->name = arena_strndup(&c->arena, name, strlen(name));
	entry->path = path ? arena_strndup(&c->arena, path, strlen(path)) : NULL;
	entry->why = why ? arena_strndup(&c->arena, why, strlen(why)) : NULL;
	if (!entry->name || (path && !entry->path) || (why && !entry->why))
		return ERR_NOMEM;
	if (path && reader->facts)
		code = catalog_facts(entry, &c->arena);
	c->count += !code;
	return code;
}

static enum err
add_shipped(struct reader *reader)
{
	const char *path;

	if (shipped_model(&path))
		return add(reader, CATALOG_SHIPPED, LOCATE_SHIPPED, NULL, err_last()->message);
	return add(reader, CATALOG_SHIPPED, LOCATE_SHIPPED, path, NULL);
}

/* ------------------------------------------------------------------------ the cache */

/* Nothing of it is there: to look for it says why. */
static enum err
add_nothing(struct reader *reader, const char *name)
{
	struct hub_id id;
	char *path = NULL;
	enum err code;

	if (!hub_parse(&id, name))
		return OK;
	code = hub_find(&path, &id);
	if (code == ERR_NOMEM)
		return code;
	code = add(reader, CATALOG_CACHE, name, path, code ? err_last()->message : NULL);
	buf_free(path);
	return code;
}

static enum err
add_cached(struct reader *reader)
{
	struct hub_list list = { 0 };
	char *cache;
	enum err code = hub_list(&list, CACHED_MAX);

	if (code && code != ERR_NOMEM) {
		note(reader->catalog, err_line());
		code = OK;
	}
	if (!code && !hub_folder(&cache)) {
		reader->catalog->cache =
			arena_strndup(&reader->catalog->arena, cache, strlen(cache));
		buf_free(cache);
	}
	if (list.more)
		note(reader->catalog, "the Hugging Face cache holds more models than are listed");
	for (size_t i = 0; i < list.count && !code; i++)
		code = list.models[i].path ? add(reader, CATALOG_CACHE, list.models[i].name,
						 list.models[i].path, NULL)
					   : add_nothing(reader, list.models[i].name);
	hub_list_clear(&list);
	return code;
}

/* ------------------------------------------------------------------------ the current folder */

/* A folder that is meant to be a model, whether or not it opens. */
static bool
is_model_folder(const char *path)
{
	static const char *const signs[] = { "model.safetensors",   "model.safetensors.index.json",
					     "pytorch_model.bin",   "pytorch_model.bin.index.json",
					     "adapter_config.json", "model_index.json" };
	bool found = false;

	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]) && !found; i++) {
		char *sign = file_join(path, signs[i]);

		found = sign && file_exists(sign);
		buf_free(sign);
	}
	return found;
}

/* "x-00002-of-00003.gguf" belongs to the first of them. */
static bool
is_later_part(const char *name)
{
	return !fnmatch("*-[0-9][0-9][0-9][0-9][0-9]-of-[0-9][0-9][0-9][0-9][0-9].gguf", name, 0) &&
	       fnmatch("*-00001-of-*.gguf", name, 0);
}

/* By its name alone, as far as that goes: any .bin may be llama2.c's. */
static bool
is_model_file(const char *name)
{
	static const char *const others[] = { "tok*.bin",          "pytorch_model*.bin",
					      "training_args.bin", "optimizer*",
					      "scheduler*",        "rng_state*" };
	static const char *const ours[] = { "*.gguf", "*.bin", "*.pt", "*.pth" };
	struct stat st;

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (!fnmatch(others[i], name, 0))
			return false;
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (!fnmatch(ours[i], name, 0))
			return !is_later_part(name) && !stat(name, &st) && S_ISREG(st.st_mode);
	return false;
}

/* Files of other things end in .bin and .pt as well: those that are no model are no entry. */
static bool
is_something_else(const struct catalog_entry *entry)
{
	bool said = entry->refused == ERR_UNSUPPORTED && !fnmatch("*.bin", entry->name, 0);

	return entry->refused && !said && fnmatch("*.gguf", entry->name, 0) &&
	       !checkpoint_is_pickle(entry->path);
}

static enum err
add_file(struct reader *reader, const char *name)
{
	struct catalog *c = reader->catalog;
	enum err code = add(reader, CATALOG_HERE, name, name, NULL);

	if (!code && is_something_else(&c->entries[c->count - 1]))
		c->count--;
	return code;
}

static enum err
add_here(struct reader *reader)
{
	struct folder names = { 0 };
	enum err code = folder_read(&names, ".", HERE_MAX);

	if (code && code != ERR_NOMEM) {
		note(reader->catalog, err_line());
		return OK;
	}
	if (names.more)
		note(reader->catalog, "this folder holds more than is listed");
	if (!code && is_model_folder("."))
		code = add(reader, CATALOG_HERE, ".", ".", NULL);
	for (size_t i = 0; i < names.count && !code; i++) {
		const char *name = names.names[i];

		if (name[0] == '-' || name[0] == '.')
			continue; /* an option; hidden */
		if (file_is_folder(name) && is_model_folder(name))
			code = add(reader, CATALOG_HERE, name, name, NULL);
		else if (is_model_file(name))
			code = add_file(reader, name);
	}
	folder_clear(&names);
	return code;
}

/* ------------------------------------------------------------------------ opened last */

static bool
is_listed(const struct catalog *catalog, const char *path)
{
	char *whole = realpath(path, NULL);
	bool found = false;

	for (size_t i = 0; whole && i < catalog->count && !found; i++) {
		char *other =
			catalog->entries[i].path ? realpath(catalog->entries[i].path, NULL) : NULL;

		found = other && !strcmp(other, whole);
		free(other);
	}
	free(whole);
	return found;
}

static enum err
add_one_recent(struct reader *reader, const char *name)
{
	char *path = NULL;
	enum err code = locate_model(&path, name);

	if (code == ERR_NOMEM)
		return code;
	if (code)
		code = add(reader, CATALOG_RECENT, name, NULL, err_last()->message);
	else if (!is_listed(reader->catalog, path))
		code = add(reader, CATALOG_RECENT, name, path, NULL);
	buf_free(path);
	return code;
}

static enum err
add_recent(struct reader *reader)
{
	struct recent *recent = buf_alloc(1, sizeof(*recent));
	enum err code = recent ? recent_read(recent) : ERR_NOMEM;

	if (code && code != ERR_NOMEM) {
		note(reader->catalog, err_line());
		code = OK;
	}
	for (size_t i = 0; recent && i < recent->count && !code; i++)
		code = add_one_recent(reader, recent->names[i]);
	buf_free(recent);
	return code;
}

/* ------------------------------------------------------------------------ all of them */

enum err
catalog_read(struct catalog **out, bool facts, const struct work *work)
{
	static enum err (*const places[])(struct reader * reader) = { add_shipped, add_cached,
								      add_here, add_recent };
	struct reader reader = { .facts = facts, .work = work };
	enum err code = OK;

	*out = NULL;
	if (!(reader.catalog = buf_alloc(1, sizeof(*reader.catalog))))
		return ERR_NOMEM;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]) && !code; i++)
		code = places[i](&reader);
	if (code)
		catalog_free(reader.catalog);
	else
		*out = reader.catalog;
	return code;
}

void
catalog_free(struct catalog *catalog)
{
	if (!catalog)
		return;
	buf_free(catalog->entries);
	arena_clear(&catalog->arena);
	buf_free(catalog);
}
