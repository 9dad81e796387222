/* Keys by name, by curses' code and as bytes: one table. */
#include "tui/key.h"

#include "core/text.h"

#include <curses.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const struct {
	const char *name;
	int curses;
	const char *bytes;
} keys[] = {
#define KEYNAME(id, name, curses, bytes) { name, curses, bytes },
#include "tui/keynames.def"
#undef KEYNAME
};

static const struct {
	const char *name;
	int32_t key;
} aliases[] = {
	{ "Tab", '\t' },  { "Enter", '\r' },       { "Return", '\r' },
	{ "Space", ' ' }, { "Plus", '+' },         { "Minus", '-' },
	{ "Colon", ':' }, { "Esc", INPUT_ESCAPE }, { "Hash", '#' },
};

enum { KEY_TOTAL = sizeof(keys) / sizeof(keys[0]), ALIASES = sizeof(aliases) / sizeof(aliases[0]) };

int32_t
key_parse(const char *name)
{
	size_t length = strlen(name), at = 0;
	int32_t code;

	for (size_t i = 0; i < KEY_TOTAL; i++)
		if (!strcasecmp(name, keys[i].name))
			return INPUT_FIRST + 1 + (int32_t)i;
	for (size_t i = 0; i < ALIASES; i++)
		if (!strcasecmp(name, aliases[i].name))
			return aliases[i].key;
	if (name[0] == '^' && length == 2)
		return name[1] & 0x1f;
	if (!length)
		return INPUT_NONE;
	code = text_decode(name, length, &at);
	return code >= ' ' && code != 127 && at == length ? code : INPUT_NONE;
}

char *
key_title(char out[16], int32_t key)
{
	size_t n;

	if (key > INPUT_FIRST && key < INPUT_LAST) {
		snprintf(out, 16, "%s", keys[key - INPUT_FIRST - 1].name);
		return out;
	}
	for (size_t i = 0; i < 4; i++)
		if (aliases[i].key == key) {
			snprintf(out, 16, "%s", aliases[i].name);
			return out;
		}
	if (key < 0 || key > 0x10ffff) {
		out[0] = '\0';
	} else if (key < ' ') {
		snprintf(out, 16, "^%c", (char)(key + '@'));
	} else {
		n = text_encode(out, key);
		out[n] = '\0';
	}
	return out;
}

size_t
key_bytes(char out[16], int32_t key)
{
	size_t n;

	if (key > INPUT_FIRST && key < INPUT_LAST) {
		n = strlen(keys[key - INPUT_FIRST - 1].bytes);
		memcpy(out, keys[key - INPUT_FIRST - 1].bytes, n);
		return n;
	}
	if (key <= 0 || key > 0x10ffff)
		return 0;
	return text_encode(out, key);
}

int32_t
key_from_curses(int code)
{
	if (code == KEY_ENTER)
		return '\r';
	for (size_t i = 0; i < KEY_TOTAL; i++)
		if (keys[i].curses >= 0 && keys[i].curses == code)
			return INPUT_FIRST + 1 + (int32_t)i;
	return INPUT_NONE;
}
