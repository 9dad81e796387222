#include "core/tokenizers/sp_text.h"

#include "core/buf.h"
#include "core/text.h"
#include "core/tokenizers/charsmap.h"
#include "core/tokenizers/trie.h"

#include <string.h>

/* How one text becomes another; also of decoded text. */
struct rules {
	struct charsmap *map; /* NULL: none */
	struct trie *whole;   /* user-defined pieces, which are left as they are; NULL: none */
	bool dummy_prefix, remove_extra_spaces, escape_spaces, space_behind, first_only;
};

static void
rules_destroy(void *state)
{
	struct rules *rules = state;

	charsmap_free(rules->map);
	trie_free(rules->whole);
}

static const char *
space_of(const struct rules *rules)
{
	return rules->escape_spaces ? "\xe2\x96\x81" : " ";
}

static enum err
add_space(struct bytes *out, const struct rules *rules)
{
	const char *space = space_of(rules);

	return bytes_add(out, space, strlen(space));
}

/* The end of the longest user-defined piece at text[at]; `at` for none. */
static size_t
whole_end(const struct rules *rules, const char *text, size_t length, size_t at)
{
	uint32_t node = TRIE_ROOT;
	size_t end = at;

	for (size_t i = at; rules->whole && i < length;) {
		node = trie_step(rules->whole, node, text[i++]);
		if (node == TRIE_NONE)
			break;
		if (trie_value(rules->whole, node) >= 0)
			end = i;
	}
	return end;
}

/* What the text from *at becomes, up to the next place; *at moves there. */
static struct sp_text
next_part(const struct rules *rules, const char *text, size_t length, size_t *at)
{
	struct charsmap_match match;
	size_t start = *at;

	*at = whole_end(rules, text, length, start);
	if (*at > start)
		return (struct sp_text){ text + start, *at - start };
	if (rules->map && charsmap_longest(&match, rules->map, text + start, length - start)) {
		*at = start + match.length;
		return (struct sp_text){ match.replacement, match.replacement_length };
	}
	if (text_decode(text, length, at) < 0)
		return (struct sp_text){ "\xef\xbf\xbd", 3 };
	return (struct sp_text){ text + start, *at - start };
}

/* Where the text starts once spaces before it are gone. */
static size_t
skip_spaces(const struct rules *rules, const char *text, size_t length)
{
	size_t at = 0;

	while (at < length && rules->remove_extra_spaces) {
		size_t next = at;
		struct sp_text part = next_part(rules, text, length, &next);

		if (part.size != 1 || *part.data != ' ')
			break;
		at = next;
	}
	return at;
}

/* A part without the spaces that follow another, if those go. *spaced: the text ends in one. */
static enum err
add_part(struct bytes *out, bool *spaced, const struct rules *rules, struct sp_text part)
{
	enum err code = OK;

	while (*spaced && part.size && *part.data == ' ') {
		part.data++;
		part.size--;
	}
	for (size_t i = 0; i < part.size && !code; i++)
		code = part.data[i] == ' ' ? add_space(out, rules)
					   : bytes_add(out, part.data + i, 1);
	if (part.size)
		*spaced = part.data[part.size - 1] == ' ';
	*spaced = *spaced && rules->remove_extra_spaces;
	return code;
}

static void
drop_spaces(struct bytes *out, const struct rules *rules, size_t from)
{
	const char *space = space_of(rules);
	size_t size = strlen(space);

	while (rules->remove_extra_spaces && out->length >= from + size &&
	       !memcmp(out->data + out->length - size, space, size))
		out->length -= size;
}

static enum err
normalize(struct bytes *out, const struct rules *rules, const char *text, size_t length,
	  bool at_start)
{
	bool spaced = rules->remove_extra_spaces;
	bool prefix = rules->dummy_prefix && (at_start || !rules->first_only);
	size_t at = skip_spaces(rules, text, length), from = out->length;
	enum err code = OK;

	if (at == length)
		return OK;
	if (prefix && !rules->space_behind)
		code = add_space(out, rules);
	while (at < length && !code) {
		struct sp_text part = next_part(rules, text, length, &at);

		code = add_part(out, &spaced, rules, part);
	}
	drop_spaces(out, rules, from);
	return !code && prefix && rules->space_behind ? add_space(out, rules) : code;
}

static enum err
cut(struct cuts *out, const void *state, const char *text, size_t length, bool at_start)
{
	enum err code = normalize(&out->text, state, text, length, at_start);

	return code ? code : cuts_end(out, -1, at_start);
}

static const struct part_kind cutter = {
	.type = "sentencepiece", .size = sizeof(struct rules), .destroy = rules_destroy, .cut = cut
};

static enum err
add_whole(struct rules *rules, const struct sp_piece *piece)
{
	enum err code = rules->whole ? OK : trie_create(&rules->whole);

	return code ? code : trie_add(rules->whole, piece->text.data, piece->text.size, 0);
}

static enum err
read_map(struct charsmap **out, const struct sp_text *map)
{
	return map->size ? charsmap_create(out, map->data, map->size) : OK;
}

enum err
sp_text_set_cutter(struct tokenizer *out, const struct sp_model *model, bool first_only)
{
	struct rules *rules = buf_alloc(1, sizeof(*rules));
	enum err code;

	if (!rules)
		return ERR_NOMEM;
	*rules = (struct rules){ .dummy_prefix = model->dummy_prefix,
				 .remove_extra_spaces = model->remove_extra_spaces,
				 .escape_spaces = model->escape_spaces,
				 .space_behind = model->space_behind,
				 .first_only = first_only };
	out->pre_tokenizer = (struct part){ &cutter, rules };
	code = read_map(&rules->map, &model->charsmap);
	for (size_t i = 0; i < model->count && !code; i++)
		if (model->pieces[i].kind == PIECE_USER_DEFINED)
			code = add_whole(rules, &model->pieces[i]);
	return code;
}
