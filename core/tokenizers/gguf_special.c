/* User-defined tokens are found in the text first: all places of the longest token, in what is left
 * all of the next, and so on (llama-vocab.cpp, tokenizer_st_partition). */
#include "core/buf.h"
#include "core/tokenizers/gguf_vocab.h"
#include "core/tokenizers/kinds.h"
#include "core/tokenizers/sequence.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Tokens of one length. */
struct group {
	size_t length;
	bool starts[256]; /* some token of the group starts with this byte */
};

struct special {
	const struct vocab *vocab; /* the model's */
	unsigned char *found;      /* by id: 0, or FOUND and perhaps STRIPS */
	size_t count;
	struct group *groups; /* the longest first */
	size_t group_count, group_capacity;
};

enum { FOUND = 1, STRIPS = 2 /* the white space behind it */ };

struct place {
	size_t start, end;
	int32_t id; /* -1: text */
};

struct places {
	struct place *list;
	size_t count, capacity;
};

static void
destroy(void *state)
{
	struct special *special = state;

	buf_free(special->found);
	buf_free(special->groups);
}

static enum err
add_place(struct places *places, size_t start, size_t end, int32_t id)
{
	if (start == end)
		return OK;
	if (buf_grow(&places->list, &places->capacity, places->count + 1, sizeof(*places->list)))
		return ERR_NOMEM;
	places->list[places->count++] = (struct place){ start, end, id };
	return OK;
}

static int32_t
token_at(const struct special *special, const struct group *group, const char *text)
{
	int32_t id;

	if (!group->starts[(unsigned char)*text])
		return -1;
	id = vocab_find(special->vocab, text, group->length);
	return id >= 0 && special->found[id] ? id : -1;
}

/* White space is what isspace says of bytes in the C locale. */
static bool
is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static enum err
cut_place(struct places *out, const struct special *special, const struct group *group,
	  const char *text, const struct place *place)
{
	size_t start = place->start, at = start;
	enum err code = OK;

	while (at + group->length <= place->end && !code) {
		int32_t id = token_at(special, group, text + at);

		if (id < 0) {
			at++;
			continue;
		}
		code = add_place(out, start, at, -1);
		start = at + group->length;
		while ((special->found[id] & STRIPS) && start < place->end && is_blank(text[start]))
			start++;
		code = code ? code : add_place(out, at, start, id);
		at = start;
	}
	return code ? code : add_place(out, start, place->end, -1);
}

static enum err
cut_group(struct places *out, const struct special *special, const struct group *group,
	  const char *text, const struct places *in)
{
	enum err code = OK;

	out->count = 0;
	for (size_t i = 0; i < in->count && !code; i++) {
		const struct place *place = &in->list[i];

		code = place->id >= 0 ? add_place(out, place->start, place->end, place->id)
				      : cut_place(out, special, group, text, place);
	}
	return code;
}

static enum err
cut(struct cuts *out, const void *state, const char *text, size_t length, bool at_start)
{
	const struct special *special = state;
	struct places now = { 0 }, next = { 0 };
	enum err code = add_place(&now, 0, length, -1);

	for (size_t i = 0; i < special->group_count && !code; i++) {
		struct places other = now;

		code = cut_group(&next, special, &special->groups[i], text, &now);
		now = next;
		next = other;
	}
	for (size_t i = 0; i < now.count && !code; i++) {
		const struct place *place = &now.list[i];

		code = bytes_add(&out->text, text + place->start, place->end - place->start);
		code = code ? code : cuts_end(out, place->id, at_start && !place->start);
	}
	buf_free(now.list);
	buf_free(next.list);
	return code;
}

static const struct part_kind kind = {
	.type = "gguf", .size = sizeof(struct special), .destroy = destroy, .cut = cut
};

static enum err
add_to_group(struct special *special, const char *token, size_t length)
{
	size_t i = 0;

	while (i < special->group_count && special->groups[i].length != length)
		i++;
	if (i == special->group_count) {
		if (buf_grow(&special->groups, &special->group_capacity, i + 1,
			     sizeof(*special->groups)))
			return ERR_NOMEM;
		special->groups[special->group_count++] = (struct group){ .length = length };
	}
	special->groups[i].starts[(unsigned char)*token] = true;
	return OK;
}

static int
longest_first(const void *a, const void *b)
{
	size_t x = ((const struct group *)a)->length, y = ((const struct group *)b)->length;

	return (x < y) - (x > y);
}

/* Phi 3's tokens take the blanks behind them, which its file has no place to say. */
static enum err
is_phi3(bool *out, const struct gguf *gguf)
{
	const char *name = "";
	enum err code = gguf_get_string(&name, gguf, "general.name");
	size_t length = strlen(name);

	*out = false;
	for (size_t i = 0; i + 4 <= length; i++) {
		const char *number = name + i + 3 + (name[i + 3] == '-');

		if ((name[i] | 0x20) == 'p' && (name[i + 1] | 0x20) == 'h' &&
		    (name[i + 2] | 0x20) == 'i' && *number == '3')
			*out = true;
	}
	return code;
}

static bool
keeps_blanks(const char *token)
{
	return !strcmp(token, "<unk>") || !strcmp(token, "<s>") || !strcmp(token, "<|endoftext|>");
}

static enum err
fill(struct special *special, const struct gguf_vocab *vocab)
{
	bool strips;
	enum err code = is_phi3(&strips, vocab->gguf);

	special->vocab = vocab->vocab;
	special->found = buf_alloc(vocab->count + 1, 1);
	if (!special->found)
		return ERR_NOMEM;
	for (size_t id = 0; id < vocab->count && !code; id++) {
		size_t length = 0;
		const char *token = vocab_piece(vocab->vocab, (int32_t)id, &length);

		if (vocab->kinds[id] != PIECE_USER_DEFINED || !token)
			continue;
		special->found[id] =
			(unsigned char)(FOUND | (strips && !keeps_blanks(token) ? STRIPS : 0));
		code = add_to_group(special, token, length);
	}
	if (special->group_count)
		qsort(special->groups, special->group_count, sizeof(*special->groups),
		      longest_first);
	return code;
}

enum err
gguf_add_special(struct tokenizer *out, const struct gguf_vocab *vocab)
{
	struct special *special = buf_alloc(1, sizeof(*special));
	struct part part = { &kind, special };
	enum err code;

	if (!special)
		return ERR_NOMEM;
	code = fill(special, vocab);
	if (!code)
		return sequence_add(&out->pre_tokenizer, &pre_tokenizer_sequence, &part);
	part_free(&part);
	return code;
}
