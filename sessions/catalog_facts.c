/* What the headers of one model say. */
#include "core/architecture.h"
#include "core/buf.h"
#include "core/checkpoint.h"
#include "core/file.h"
#include "core/folder.h"
#include "core/formats/huggingface.h"
#include "core/json.h"
#include "core/text.h"
#include "sessions/catalog.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum {
	FILES_MAX = 10000,      /* of a folder, whose sizes are added */
	PARTS_MAX = 1000,       /* of a split GGUF file, likewise */
	HEADER_LIMIT = 8 << 20, /* bytes of headers: with more, the config has to do */
};

/* ------------------------------------------------------------------------ size */

/* "NAME-00001-of-00003.gguf": with the parts that follow it. */
static uint64_t
size_of_parts(const char *path, uint64_t first)
{
	static const char form[] = "-00001-of-00000.gguf";
	size_t length = strlen(path), n = sizeof(form) - 1;
	const char *end = path + length - n;
	unsigned count = 0;
	uint64_t bytes = first;

	if (length <= n || sscanf(end, "-00001-of-%5u.gguf", &count) != 1 || count > PARTS_MAX)
		return first;
	for (unsigned i = 2; i <= count; i++) {
		char *part =
			buf_printf("%.*s-%05u-of-%05u.gguf", (int)(length - n), path, i, count);
		struct stat st;

		if (part && !stat(part, &st) && S_ISREG(st.st_mode))
			bytes += (uint64_t)st.st_size;
		buf_free(part);
	}
	return bytes;
}

/* Links may lead to one file twice; whoever counts them so sees it twice, as `du -L` does. */
static uint64_t
size_on_disk(const char *path)
{
	struct folder names = { 0 };
	struct stat st;
	uint64_t bytes = 0;

	if (stat(path, &st))
		return 0;
	if (!S_ISDIR(st.st_mode))
		return size_of_parts(path, (uint64_t)st.st_size);
	if (folder_read(&names, path, FILES_MAX))
		return 0;
	for (size_t i = 0; i < names.count; i++) {
		char *file = file_join(path, names.names[i]);

		if (file && !stat(file, &st) && S_ISREG(st.st_mode))
			bytes += (uint64_t)st.st_size;
		buf_free(file);
	}
	folder_clear(&names);
	return bytes;
}

char *
catalog_size(char out[16], uint64_t bytes)
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB", "PB" };
	double value = (double)bytes;
	size_t unit = 0;

	while (value >= 999.5 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		value /= 1000;
		unit++;
	}
	snprintf(out, 16, unit && value < 9.95 ? "%.1f %s" : "%.0f %s", value, units[unit]);
	return out;
}

/* ------------------------------------------------------------------------ from the config */

/* A text of the config as visible text; NULL when it has none. */
static const char *
config_text(const struct json *root, const char *key, struct arena *arena)
{
	const struct json *value = json_get(root, key);
	char visible[64];

	if (!value || value->type != JSON_STRING || !value->length)
		return NULL;
	text_visible(visible, sizeof(visible), value->string, value->length);
	return arena_strndup(arena, visible, strlen(visible));
}

static const char *
dtype_of_config(const struct json *root, struct arena *arena)
{
	static const char *const names[][2] = { { "bfloat16", "BF16" },
						{ "float16", "F16" },
						{ "float32", "F32" } };
	const char *text = config_text(root, "dtype", arena);

	if (!text)
		text = config_text(root, "torch_dtype", arena);
	for (size_t i = 0; text && i < 3; i++)
		if (!strcmp(text, names[i][0]))
			return names[i][1];
	return text;
}

/* What an entry that did not open still tells. */
static void
ask_config(struct catalog_entry *entry, struct arena *arena)
{
	struct json_document *config = NULL;
	char *path = file_join(entry->path, "config.json");

	if (path && file_is_folder(entry->path) && file_exists(path) &&
	    !huggingface_check_link(entry->path, path) &&
	    !json_read(&config, path, HUGGINGFACE_CONFIG_MAX)) {
		if (!entry->architecture)
			entry->architecture = config_text(json_root(config), "model_type", arena);
		if (!entry->dtype)
			entry->dtype = dtype_of_config(json_root(config), arena);
	}
	json_free(config);
	buf_free(path);
}

/* ------------------------------------------------------------------------ from the headers */

static const char *
main_dtype(const struct checkpoint *checkpoint)
{
	uint64_t bytes[DTYPE_COUNT] = { 0 };
	int most = 0;

	for (size_t i = 0; i < checkpoint->count; i++)
		bytes[checkpoint->tensors[i].dtype] += checkpoint->tensors[i].bytes;
	for (int i = 1; i < DTYPE_COUNT; i++)
		if (bytes[i] > bytes[most])
			most = i;
	return bytes[most] ? dtype_name((enum dtype)most) : NULL;
}

/* The error recorded last, without the path that stands beside it. */
static const char *
reason(const struct catalog_entry *entry, struct arena *arena)
{
	struct err_detail detail = *err_last();
	size_t n = entry->path ? strlen(entry->path) : 0;
	const char *file = detail.file;

	if (n && !strncmp(file, entry->path, n) && (file[n] == '/' || !file[n]))
		file += n + (file[n] == '/');
	return arena_printf(arena, "%s%s%s%s%s", file, file[0] ? ": " : "", detail.item,
			    detail.item[0] ? ": " : "", detail.message);
}

static enum err
open_headers(struct catalog_entry *entry)
{
	struct model_description *description = buf_alloc(1, sizeof(*description));
	struct checkpoint *checkpoint = NULL;
	enum err code = description ? checkpoint_open(&checkpoint, entry->path) : ERR_NOMEM;

	if (!code) {
		entry->dtype = main_dtype(checkpoint);
		code = checkpoint->format->describe(description, checkpoint);
	}
	if (!code)
		entry->architecture = description->architecture->name;
	checkpoint_free(checkpoint);
	buf_free(description);
	return code;
}

enum err
catalog_facts(struct catalog_entry *entry, struct arena *arena)
{
	enum err code = OK;

	entry->bytes = size_on_disk(entry->path);
	if (!file_is_folder(entry->path) || huggingface_header_bytes(entry->path) <= HEADER_LIMIT)
		code = open_headers(entry);
	if (code == ERR_NOMEM)
		return code;
	entry->refused = code;
	if (code && !(entry->why = reason(entry, arena)))
		return ERR_NOMEM;
	ask_config(entry, arena);
	return OK;
}
