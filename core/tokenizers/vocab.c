#include "core/tokenizers/vocab.h"

#include "core/buf.h"

#include <stdbool.h>
#include <string.h>

#include <xxhash.h>

struct entry {
	size_t start, length; /* in text; length SIZE_MAX: no piece has this id */
};

struct vocab {
	char *text;
	size_t text_length, text_capacity;
	struct entry *entries; /* by id */
	size_t size, entry_capacity;
	int32_t *table; /* id + 1 by hash, 0 is free; a power of two, at most half full */
	size_t table_size, count, longest, limit;
};

enum err
vocab_create(struct vocab **out, size_t limit)
{
	*out = buf_alloc(1, sizeof(**out));
	if (!*out)
		return ERR_NOMEM;
	(*out)->limit = limit < INT32_MAX ? limit : INT32_MAX;
	return OK;
}

void
vocab_free(struct vocab *vocab)
{
	if (!vocab)
		return;
	buf_free(vocab->text);
	buf_free(vocab->entries);
	buf_free(vocab->table);
	buf_free(vocab);
}

/* The slot that holds the piece, or the free one where it belongs. */
static int32_t *
slot_of(const struct vocab *vocab, const char *piece, size_t length)
{
	size_t mask = vocab->table_size - 1;
	size_t at = (size_t)XXH3_64bits(piece, length) & mask;

	for (;; at = (at + 1) & mask) {
		int32_t *slot = &vocab->table[at];
		const struct entry *entry;

		if (!*slot)
			return slot;
		entry = &vocab->entries[*slot - 1];
		if (entry->length == length && !memcmp(vocab->text + entry->start, piece, length))
			return slot;
	}
}

static enum err
grow_table(struct vocab *vocab)
{
	size_t old_size = vocab->table_size, size = old_size ? old_size * 2 : 1024;
	int32_t *old = vocab->table, *table = buf_alloc(size, sizeof(*table));

	if (!table)
		return ERR_NOMEM;
	vocab->table = table;
	vocab->table_size = size;
	/* Of ids that show the same piece the one that is found stays so. */
	for (size_t i = 0; i < old_size; i++) {
		const struct entry *entry = old[i] ? &vocab->entries[old[i] - 1] : NULL;

		if (entry)
			*slot_of(vocab, vocab->text + entry->start, entry->length) = old[i];
	}
	buf_free(old);
	return OK;
}

static bool
holds(const struct vocab *vocab, int64_t id)
{
	return (size_t)id < vocab->size && vocab->entries[id].length != SIZE_MAX;
}

static enum err
reserve_id(struct vocab *vocab, size_t id)
{
	if (id < vocab->size)
		return OK;
	if (buf_grow(&vocab->entries, &vocab->entry_capacity, id + 1, sizeof(*vocab->entries)))
		return ERR_NOMEM;
	for (; vocab->size <= id; vocab->size++)
		vocab->entries[vocab->size].length = SIZE_MAX;
	return OK;
}

static enum err
store(struct vocab *vocab, const char *piece, size_t length, size_t id)
{
	if (reserve_id(vocab, id))
		return ERR_NOMEM;
	if (buf_grow(&vocab->text, &vocab->text_capacity, vocab->text_length + length + 1, 1))
		return ERR_NOMEM;
	memcpy(vocab->text + vocab->text_length, piece, length);
	vocab->text[vocab->text_length + length] = '\0';
	vocab->entries[id] = (struct entry){ vocab->text_length, length };
	vocab->text_length += length + 1;
	vocab->count++;
	vocab->longest = length > vocab->longest ? length : vocab->longest;
	return OK;
}

static enum err
check_id(const struct vocab *vocab, const char *piece, size_t length, int64_t id)
{
	if (id < 0 || (uint64_t)id >= vocab->limit)
		return err_at(ERR_FORMAT, NULL, "vocab",
			      "the piece \"%.*s\" has the id %lld, which is outside 0 to %zu",
			      (int)(length < 64 ? length : 64), piece, (long long)id,
			      vocab->limit - 1);
	if (holds(vocab, id))
		return err_at(ERR_FORMAT, NULL, "vocab",
			      "two pieces have the id %lld, \"%.*s\" is the second", (long long)id,
			      (int)(length < 64 ? length : 64), piece);
	return OK;
}

enum err
vocab_replace(struct vocab *vocab, const char *piece, size_t length, int64_t id)
{
	enum err code = check_id(vocab, piece, length, id);

	if (code)
		return code;
	if (vocab->count * 2 >= vocab->table_size && grow_table(vocab))
		return ERR_NOMEM;
	if (store(vocab, piece, length, (size_t)id))
		return ERR_NOMEM;
	*slot_of(vocab, piece, length) = (int32_t)id + 1;
	return OK;
}

enum err
vocab_add(struct vocab *vocab, const char *piece, size_t length, int64_t id)
{
	enum err code = check_id(vocab, piece, length, id);

	if (!code && vocab_find(vocab, piece, length) >= 0)
		code = err_at(ERR_FORMAT, NULL, "vocab", "the piece \"%.*s\" occurs twice",
			      (int)(length < 64 ? length : 64), piece);
	return code ? code : vocab_replace(vocab, piece, length, id);
}

int32_t
vocab_find(const struct vocab *vocab, const char *piece, size_t length)
{
	if (!vocab->count || length > vocab->longest)
		return -1;
	return *slot_of(vocab, piece, length) - 1;
}

const char *
vocab_piece(const struct vocab *vocab, int32_t id, size_t *length)
{
	if (id < 0 || !holds(vocab, id))
		return NULL;
	*length = vocab->entries[id].length;
	return vocab->text + vocab->entries[id].start;
}

size_t
vocab_size(const struct vocab *vocab)
{
	return vocab->size;
}
