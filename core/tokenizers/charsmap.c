#include "core/tokenizers/charsmap.h"

#include "core/buf.h"
#include "core/text.h"

#include <stdint.h>
#include <string.h>

struct charsmap {
	uint32_t *units;
	size_t unit_count;
	char *strings; /* NUL-terminated */
	size_t strings_length;
};

enum { UNIT = 4 };

static uint32_t
read_u32(const char *p)
{
	const unsigned char *b = (const unsigned char *)p;

	return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static bool
has_leaf(uint32_t unit)
{
	return unit >> 8 & 1;
}

static uint32_t
value_of(uint32_t unit)
{
	return unit & 0x7fffffffu;
}

/* A label that is no byte marks a leaf. */
static uint32_t
label_of(uint32_t unit)
{
	return unit & 0x800000ffu;
}

static uint32_t
offset_of(uint32_t unit)
{
	return (unit >> 10) << ((unit & 1u << 9) >> 6);
}

void
charsmap_free(struct charsmap *map)
{
	if (!map)
		return;
	buf_free(map->units);
	buf_free(map->strings);
	buf_free(map);
}

static enum err
fill(struct charsmap *map, const char *data, size_t trie, size_t size)
{
	map->unit_count = trie / UNIT;
	map->units = buf_alloc(map->unit_count + 1, sizeof(*map->units));
	map->strings_length = size - trie;
	map->strings = buf_strndup(data + trie, map->strings_length);
	if (!map->units || !map->strings)
		return ERR_NOMEM;
	for (size_t i = 0; i < map->unit_count; i++)
		map->units[i] = read_u32(data + i * UNIT);
	if (!text_is_utf8(map->strings, map->strings_length))
		return err_at(ERR_FORMAT, NULL, "precompiled_charsmap",
			      "its replacements are not UTF-8");
	return OK;
}

enum err
charsmap_create(struct charsmap **out, const char *data, size_t size)
{
	struct charsmap *map;
	size_t trie = size >= UNIT ? read_u32(data) : 0;
	enum err code;

	*out = NULL;
	if (size < UNIT || trie % UNIT || trie > size - UNIT || !trie)
		return err_at(ERR_FORMAT, NULL, "precompiled_charsmap",
			      "it has %zu bytes, and claims %zu for its trie", size, trie);
	if (!(map = buf_alloc(1, sizeof(*map))))
		return ERR_NOMEM;
	code = fill(map, data + UNIT, trie, size - UNIT);
	if (code)
		charsmap_free(map);
	else
		*out = map;
	return code;
}

/* One step of the walk over the array. */
struct walk {
	uint32_t position;
	bool leaf; /* a string ends here */
	uint32_t value;
};

static bool
step(struct walk *walk, const struct charsmap *map, char byte)
{
	uint32_t at = walk->position ^ (unsigned char)byte, unit;

	/* NUL is what leaves are labelled with. */
	if (!byte || at >= map->unit_count)
		return false;
	unit = map->units[at];
	if (label_of(unit) != (unsigned char)byte)
		return false;
	walk->position = at ^ offset_of(unit);
	walk->leaf = has_leaf(unit) && walk->position < map->unit_count;
	if (walk->leaf)
		walk->value = value_of(map->units[walk->position]);
	return true;
}

/* A leaf that points outside the strings, or into a character, counts as none. */
static bool
read_match(struct charsmap_match *out, const struct charsmap *map, uint32_t value, size_t length)
{
	if (value > map->strings_length || ((unsigned char)map->strings[value] & 0xc0) == 0x80)
		return false;
	out->length = length;
	out->replacement = map->strings + value;
	out->replacement_length = strlen(out->replacement);
	return true;
}

static bool
search(struct charsmap_match *out, const struct charsmap *map, const char *text, size_t length,
       bool longest)
{
	struct walk walk = { offset_of(map->units[0]), false, 0 };
	bool found = false;

	for (size_t i = 0; i < length && step(&walk, map, text[i]); i++) {
		if (!walk.leaf || !read_match(out, map, walk.value, i + 1))
			continue;
		found = true;
		if (!longest)
			break;
	}
	return found;
}

bool
charsmap_shortest(struct charsmap_match *out, const struct charsmap *map, const char *text,
		  size_t length)
{
	return search(out, map, text, length, false);
}

bool
charsmap_longest(struct charsmap_match *out, const struct charsmap *map, const char *text,
		 size_t length)
{
	return search(out, map, text, length, true);
}
