/* A thin builder over cJSON: a stack of open containers, and one sticky failure. */
#include "sessions/json_out.h"

#include "core/buf.h"
#include "core/text.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 32, NUMBER_TEXT = 32 };

struct json_out {
	cJSON *open[DEPTH_MAX]; /* open[0] is the root */
	int depth;
	bool failed;
};

struct json_out *
json_out_start(const char *schema)
{
	struct json_out *json = buf_alloc(1, sizeof(*json));

	if (!json)
		return NULL;
	json->open[0] = cJSON_CreateObject();
	json->failed = !json->open[0];
	if (schema)
		json_out_text(json, "schema", schema);
	return json;
}

/* Hand `item` to the innermost container. */
static bool
attach(struct json_out *json, const char *key, cJSON *item)
{
	cJSON *parent = json->open[json->depth];
	bool done = item && (cJSON_IsArray(parent) ? cJSON_AddItemToArray(parent, item)
						   : cJSON_AddItemToObject(parent, key, item));

	if (!done) {
		cJSON_Delete(item);
		json->failed = true;
	}
	return done;
}

static void
open_container(struct json_out *json, const char *key, cJSON *item)
{
	if (!attach(json, key, item))
		return;
	json->open[++json->depth] = item;
}

/* Can another member be added, or another container be opened? */
static bool
usable(struct json_out *json, bool container)
{
	if (json && container && json->depth + 1 >= DEPTH_MAX)
		json->failed = true;
	return json && !json->failed;
}

void
json_out_object(struct json_out *json, const char *key)
{
	if (usable(json, true))
		open_container(json, key, cJSON_CreateObject());
}

void
json_out_array(struct json_out *json, const char *key)
{
	if (usable(json, true))
		open_container(json, key, cJSON_CreateArray());
}

void
json_out_end(struct json_out *json)
{
	if (usable(json, false) && json->depth > 0)
		json->depth--;
}

/* JSON is UTF-8: bytes that are not become visible text. */
static cJSON *
text_item(const char *text)
{
	size_t length = strlen(text), capacity = 8 * length + 1;
	cJSON *item;
	char *visible;

	if (text_is_utf8(text, length))
		return cJSON_CreateString(text);
	visible = buf_alloc(capacity, 1);
	if (!visible)
		return NULL;
	text_visible(visible, capacity, text, length);
	item = cJSON_CreateString(visible);
	buf_free(visible);
	return item;
}

void
json_out_text(struct json_out *json, const char *key, const char *text)
{
	if (usable(json, false))
		attach(json, key, text ? text_item(text) : cJSON_CreateNull());
}

char *
json_number_text(char *out, double value)
{
	if (fabs(value) <= 0x1p53 && value == trunc(value)) {
		snprintf(out, NUMBER_TEXT, "%.0f", value + 0.0); /* + 0.0: no minus zero */
		return out;
	}
	for (int digits = 1; digits <= 17; digits++) {
		snprintf(out, NUMBER_TEXT, "%.*g", digits, value);
		if (strtod(out, NULL) == value)
			break;
	}
	return out;
}

void
json_out_number(struct json_out *json, const char *key, double value)
{
	char text[NUMBER_TEXT];

	if (usable(json, false))
		attach(json, key,
		       isfinite(value) ? cJSON_CreateRaw(json_number_text(text, value))
				       : cJSON_CreateNull());
}

void
json_out_count(struct json_out *json, const char *key, uint64_t value)
{
	char text[NUMBER_TEXT];

	if (!usable(json, false))
		return;
	snprintf(text, sizeof(text), "%" PRIu64, value);
	attach(json, key, cJSON_CreateRaw(text));
}

void
json_out_integer(struct json_out *json, const char *key, int64_t value)
{
	char text[NUMBER_TEXT];

	if (!usable(json, false))
		return;
	snprintf(text, sizeof(text), "%" PRId64, value);
	attach(json, key, cJSON_CreateRaw(text));
}

void
json_out_bool(struct json_out *json, const char *key, bool value)
{
	if (usable(json, false))
		attach(json, key, cJSON_CreateBool(value));
}

void
json_out_null(struct json_out *json, const char *key)
{
	if (usable(json, false))
		attach(json, key, cJSON_CreateNull());
}

void
json_out_embed(struct json_out *json, const char *key, const struct json_out *from,
	       const char *skip)
{
	cJSON *copy;

	if (!usable(json, false))
		return;
	copy = from && !from->failed ? cJSON_Duplicate(from->open[0], true) : NULL;
	if (copy && skip)
		cJSON_DeleteItemFromObjectCaseSensitive(copy, skip);
	attach(json, key, copy);
}

static int
compare_keys(const void *a, const void *b)
{
	return strcmp((*(cJSON *const *)a)->string, (*(cJSON *const *)b)->string);
}

/* Relink an object's members in the order of their keys, and so all below it. */
static enum err
sort_members(cJSON *item)
{
	size_t count = (size_t)cJSON_GetArraySize(item);
	cJSON **members, *member;
	enum err code = OK;

	for (member = item->child; member && !code; member = member->next)
		code = sort_members(member);
	if (code || !cJSON_IsObject(item) || count < 2)
		return code;
	members = buf_alloc(count, sizeof(*members));
	if (!members)
		return ERR_NOMEM;
	for (size_t i = 0; i < count; i++)
		members[i] = cJSON_DetachItemViaPointer(item, item->child);
	qsort(members, count, sizeof(*members), compare_keys);
	for (size_t i = 0; i < count; i++)
		cJSON_AddItemToArray(item, members[i]); /* keeps the member's own key */
	buf_free(members);
	return OK;
}

/* cJSON allocates with malloc; what leaves here is ours to free with buf_free. */
static enum err
print_tree(char **out, const cJSON *root, bool pretty)
{
	char *text = pretty ? cJSON_Print(root) : cJSON_PrintUnformatted(root);

	*out = text ? buf_strdup(text) : NULL;
	if (text)
		cJSON_free(text);
	return *out ? OK : err_set(ERR_NOMEM, "no memory to write JSON; close other programs");
}

enum err
json_out_finish(char **out, struct json_out *json, enum json_style style)
{
	enum err code = OK;

	*out = NULL;
	if (!json || json->failed)
		code = err_set(ERR_NOMEM, "no memory to write JSON; close other programs");
	if (!code && style == JSON_CANONICAL)
		code = sort_members(json->open[0]);
	if (!code)
		code = print_tree(out, json->open[0], style == JSON_PRETTY);
	json_out_drop(json);
	return code;
}

void
json_out_drop(struct json_out *json)
{
	if (!json)
		return;
	cJSON_Delete(json->open[0]);
	buf_free(json);
}
