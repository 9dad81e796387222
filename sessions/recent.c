#include "sessions/recent.h"

#include "core/buf.h"
#include "core/file.h"
#include "core/text.h"
#include "sessions/json_in.h"
#include "sessions/json_out.h"
#include "sessions/places.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MAX = 64 << 10 };

static const char schema[] = "qscope.recent/1";

static enum err
read_names(struct recent *out, const struct json_in *root)
{
	struct json_in list;
	enum err code = json_in_array(root, "models", &list);

	for (size_t i = 0; !code && i < json_in_length(&list); i++) {
		struct json_in element = json_in_element(&list, i);
		const char *name;

		if (i == RECENT_MAX)
			return json_in_refuse(&list, ERR_RANGE, "holds more than %d models",
					      RECENT_MAX);
		if (!json_in_is_text(&element, &name) || !name[0] || strlen(name) >= RECENT_NAME)
			return json_in_refuse(&element, ERR_FORMAT, "is no name of a model");
		snprintf(out->names[out->count++], RECENT_NAME, "%s", name);
	}
	return code;
}

enum err
recent_parse(struct recent *out, const char *text, size_t length, const char *path)
{
	static const char *const keys[] = { "schema", "models", NULL };
	char found[64] = "";
	struct json_in root;
	enum err code = json_in_parse(&root, text, length, path);

	out->count = 0;
	if (code)
		return code;
	code = json_in_keys(&root, keys);
	if (!code)
		code = json_in_text(found, sizeof(found), &root, "schema");
	if (!code && strcmp(found, schema))
		code = json_in_refuse(&root, ERR_FORMAT, "schema is \"%s\", not %s", found, schema);
	if (!code)
		code = read_names(out, &root);
	json_in_free(&root);
	if (code)
		out->count = 0;
	return code;
}

enum err
recent_read(struct recent *out)
{
	char path[1024], *text = NULL;
	size_t length;
	enum err code = places_find(path, sizeof(path), "recent.json");

	out->count = 0;
	if (code || !file_exists(path))
		return OK;
	code = file_read(&text, &length, path, FILE_MAX);
	if (!code)
		code = recent_parse(out, text, length, path);
	buf_free(text);
	return code;
}

static enum err
write_list(const struct recent *recent)
{
	struct json_out *json = json_out_start(schema);
	char path[1024], *text;
	enum err code;

	json_out_array(json, "models");
	for (size_t i = 0; i < recent->count; i++)
		json_out_text(json, NULL, recent->names[i]);
	json_out_end(json);
	code = json_out_finish(&text, json, JSON_PRETTY);
	if (!code)
		code = places_state(path, sizeof(path), "recent.json");
	if (!code)
		code = file_write(path, text, strlen(text), false);
	buf_free(text);
	return code;
}

static void
put_first(struct recent *recent, const char *name)
{
	size_t at = 0;

	while (at < recent->count && strcmp(recent->names[at], name))
		at++;
	if (at == recent->count && recent->count < RECENT_MAX)
		recent->count++;
	at = at < RECENT_MAX ? at : RECENT_MAX - 1;
	memmove(recent->names[1], recent->names[0], at * RECENT_NAME);
	snprintf(recent->names[0], RECENT_NAME, "%s", name);
}

enum err
recent_add(const char *name)
{
	char *whole = name && name[0] ? realpath(name, NULL) : NULL;
	const char *kept = whole ? whole : name;
	struct recent *recent;
	enum err code = OK;

	/* JSON could not give other bytes back as they are. */
	if (!kept || !kept[0] || strlen(kept) >= RECENT_NAME || !text_is_utf8(kept, strlen(kept))) {
		free(whole);
		return OK;
	}
	recent = buf_alloc(1, sizeof(*recent));
	if (!recent) {
		code = ERR_NOMEM;
	} else {
		(void)recent_read(recent); /* a broken list is written anew */
		put_first(recent, kept);
		code = write_list(recent);
	}
	buf_free(recent);
	free(whole);
	return code;
}
