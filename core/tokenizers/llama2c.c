/* tok*.bin of llama2.c: uint32 length of the longest piece, then to the end of the file for each
 * token float32 score, int32 length, bytes. Little-endian. The visible space (U+2581) of
 * SentencePiece stands as an ordinary space; ids 0, 1, 2 are unknown, BOS, EOS. */
#include "core/buf.h"
#include "core/file.h"
#include "core/tokenizers/byte_piece.h"
#include "core/tokenizers/lossy.h"
#include "core/tokenizers/sp_model.h"
#include "core/tokenizers/tokenizer_internal.h"

#include <dirent.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { UNKNOWN, BOS, EOS, SPECIAL_COUNT };
enum { HEADER = 4, ENTRY = 8, FILE_MAX = 64 << 20 };

#define MARK "\xe2\x96\x81"

static uint32_t
read_u32(const char *p)
{
	const unsigned char *b = (const unsigned char *)p;

	return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

struct entry {
	float score;
	const char *piece;
	size_t length;
};

/* The entry at data[*at]; *at moves behind it. */
static enum err
read_entry(struct entry *out, const char *data, size_t size, size_t *at, size_t index)
{
	uint32_t bits, length;

	if (size - *at < ENTRY)
		return err_set(ERR_FORMAT, "it ends inside token %zu", index);
	bits = read_u32(data + *at);
	length = read_u32(data + *at + 4);
	memcpy(&out->score, &bits, sizeof(bits));
	if (length > size - *at - ENTRY)
		return err_set(ERR_FORMAT, "token %zu claims %u bytes, %zu are left", index, length,
			       size - *at - ENTRY);
	if (!isfinite(out->score))
		return err_set(ERR_FORMAT, "the score of token %zu is not finite", index);
	out->piece = data + *at + ENTRY;
	out->length = length;
	*at += ENTRY + length;
	return OK;
}

static enum err
count_entries(size_t *out, const char *data, size_t size)
{
	size_t at = HEADER, count = 0;
	enum err code = OK;
	struct entry entry;

	if (size < HEADER + SPECIAL_COUNT * ENTRY)
		return err_set(ERR_FORMAT, "%zu bytes are too few for a llama2.c tokenizer", size);
	for (; at < size && !code; count++)
		code = read_entry(&entry, data, size, &at, count);
	if (!code && count < SPECIAL_COUNT)
		code = err_set(ERR_FORMAT, "it has only %zu tokens", count);
	*out = count;
	return code;
}

/* A piece that occurs twice is found under its first id alone, as in SentencePiece, and both ids
 * show it: so the last are added first. */
static enum err
add_entry(struct vocab *vocab, const struct entry *entry, size_t id)
{
	static const char *const specials[] = { "<unk>", "<s>", "</s>" };

	if (id < SPECIAL_COUNT)
		return vocab_replace(vocab, specials[id], strlen(specials[id]), (int64_t)id);
	return vocab_replace(vocab, entry->piece, entry->length, (int64_t)id);
}

static unsigned char
kind_of(const struct entry *entry, size_t id)
{
	if (id < SPECIAL_COUNT)
		return id == UNKNOWN ? PIECE_UNKNOWN : PIECE_CONTROL;
	return byte_piece_value(entry->piece, entry->length) >= 0 ? PIECE_BYTE : PIECE_NORMAL;
}

struct table {
	struct entry *entries;
	float *scores;
	unsigned char *kinds;
	size_t count;
};

static enum err
read_table(struct table *table, const char *data, size_t size)
{
	size_t at = HEADER;
	enum err code = count_entries(&table->count, data, size);

	if (code)
		return code;
	table->entries = buf_alloc(table->count, sizeof(*table->entries));
	table->scores = buf_alloc(table->count, sizeof(*table->scores));
	table->kinds = buf_alloc(table->count, sizeof(*table->kinds));
	if (!table->entries || !table->scores || !table->kinds)
		return ERR_NOMEM;
	for (size_t id = 0; id < table->count && !code; id++) {
		code = read_entry(&table->entries[id], data, size, &at, id);
		table->scores[id] = table->entries[id].score;
		table->kinds[id] = kind_of(&table->entries[id], id);
	}
	return code;
}

static enum err
read_model(struct tokenizer *out, const char *data, size_t size)
{
	struct table table = { 0 };
	struct vocab *vocab = NULL;
	enum err code = read_table(&table, data, size);
	struct bpe_scored_settings settings = { .scores = table.scores,
						.kinds = table.kinds,
						.unk_id = UNKNOWN,
						.byte_fallback = true };

	code = code ? code : vocab_create(&vocab, table.count);
	for (size_t id = table.count; id-- && !code;)
		code = add_entry(vocab, &table.entries[id], id);
	if (code)
		vocab_free(vocab);
	else if (!(code = bpe_scored_create(&out->model, vocab, &settings)))
		out->kind = &model_bpe_scored;
	buf_free(table.entries);
	buf_free(table.scores);
	buf_free(table.kinds);
	return code;
}

/* What the .bin leaves out. */
struct settings {
	bool dummy_prefix, remove_extra_spaces;
	char unknown[32]; /* what decoding gives for the unknown token */
	size_t unknown_length;
};

/* One character as a space or itself. Extra spaces go, those of the text and not the visible ones,
 * as in SentencePiece's normalizer.cc: at the start, and behind a space. */
static enum err
add_character(struct bytes *out, bool *spaced, const struct settings *settings, const char *text,
	      size_t *at, size_t end)
{
	bool mark = end - *at >= 3 && !memcmp(text + *at, MARK, 3);
	bool space = text[*at] == ' ';
	const char *from = mark ? " " : text + *at;

	*at += mark ? 3 : 1;
	if (space && *spaced)
		return OK;
	*spaced = space && settings->remove_extra_spaces;
	return bytes_add(out, from, 1);
}

/* A space before any text that is not empty; a visible space is a space. */
static enum err
normalize(struct bytes *out, const void *state, const char *text, size_t length)
{
	const struct settings *settings = state;
	bool spaced = settings->remove_extra_spaces;
	size_t at = 0, before = out->length;
	enum err code = OK;

	while (spaced && at < length && text[at] == ' ')
		at++;
	if (at < length && settings->dummy_prefix)
		code = bytes_add(out, " ", 1);
	while (at < length && !code)
		code = add_character(out, &spaced, settings, text, &at, length);
	while (settings->remove_extra_spaces && out->length > before &&
	       out->data[out->length - 1] == ' ')
		out->length--;
	return code;
}

static const struct part_kind normalizer = { .type = "llama2c",
					     .size = sizeof(struct settings),
					     .normalize = normalize };

static enum err
process(struct ids *out, const void *state, const int32_t *ids, size_t count)
{
	enum err code = ids_add(out, BOS);

	(void)state;
	return code ? code : ids_append(out, ids, count);
}

static const struct part_kind post_processor = { .type = "llama2c", .process = process };

/* Bytes spell text together; the space in front of the first piece is the one that encoding added.
 */
static enum err
decode(struct cuts *out, const void *state, const struct cuts *in)
{
	struct bytes raw = { 0 };
	const struct settings *settings = state;
	bool first = settings->dummy_prefix || settings->remove_extra_spaces;
	enum err code = OK;

	for (size_t i = 0; i < in->count && !code; i++) {
		const char *piece = in->text.data + in->list[i].start;
		size_t length = in->list[i].length;
		int byte = byte_piece_value(piece, length);
		char c = (char)byte;

		if (in->list[i].id == BOS || in->list[i].id == EOS)
			continue;
		if (in->list[i].id == UNKNOWN)
			code = bytes_add(&raw, settings->unknown, settings->unknown_length);
		else if (byte >= 0)
			code = bytes_add(&raw, &c, 1);
		else if (first && length && *piece == ' ')
			code = bytes_add(&raw, piece + 1, length - 1);
		else
			code = bytes_add(&raw, piece, length);
		first = false;
	}
	code = code ? code : lossy_add(&out->text, raw.data, raw.length);
	code = code ? code : cuts_keep(out);
	buf_free(raw.data);
	return code;
}

static const struct part_kind decoder = { .type = "llama2c",
					  .size = sizeof(struct settings),
					  .decode = decode };

static void
take_settings(struct settings *out, const struct sp_model *model)
{
	*out = (struct settings){ .dummy_prefix = model->dummy_prefix,
				  .remove_extra_spaces = model->remove_extra_spaces };
	if (model->unknown.size > sizeof(out->unknown))
		return;
	memcpy(out->unknown, model->unknown.data, model->unknown.size);
	out->unknown_length = model->unknown.size;
}

/* The .model of the same name, where there is one, says how spaces are treated. */
static enum err
read_settings(struct settings *out, const char *path)
{
	size_t stem = strlen(path), size = 0;
	char *name, *data = NULL;
	struct sp_model model;
	enum err code = OK;

	sp_model_default(&model);
	stem -= stem > 4 && !strcmp(path + stem - 4, ".bin") ? 4 : 0;
	if (!(name = buf_printf("%.*s.model", (int)stem, path)))
		return ERR_NOMEM;
	if (file_exists(name)) {
		code = file_read(&data, &size, name, FILE_MAX);
		code = code ? code : err_in_file(sp_model_read(&model, data, size), name);
	}
	if (!code)
		take_settings(out, &model);
	sp_model_clear(&model);
	buf_free(data);
	buf_free(name);
	return code;
}

static enum err
make_part(struct part *out, const struct part_kind *kind, const struct settings *settings)
{
	struct settings *copy = buf_alloc(1, sizeof(*copy));

	if (!copy)
		return ERR_NOMEM;
	*copy = *settings;
	*out = (struct part){ kind, copy };
	return OK;
}

enum err
llama2c_tokenizer_open(struct tokenizer *out, const char *path)
{
	struct settings settings;
	char *data = NULL;
	size_t size = 0;
	enum err code = file_read(&data, &size, path, FILE_MAX);

	code = code ? code : err_in_file(read_model(out, data, size), path);
	buf_free(data);
	code = code ? code : read_settings(&settings, path);
	code = code ? code : make_part(&out->normalizer, &normalizer, &settings);
	code = code ? code : make_part(&out->decoder, &decoder, &settings);
	if (code)
		return code;
	out->name = out->kind->describe(out->model, false);
	out->post_processor.kind = &post_processor;
	out->bos = BOS;
	out->eos = EOS;
	out->adds_bos = true;
	return OK;
}

static int
is_candidate(const struct dirent *entry)
{
	size_t n = strlen(entry->d_name);

	return n > 4 && !strncmp(entry->d_name, "tok", 3) && !strcmp(entry->d_name + n - 4, ".bin");
}

static bool
fits(const char *path, size_t vocab)
{
	char *data = NULL;
	size_t size = 0, count = 0;
	bool yes = !file_read(&data, &size, path, FILE_MAX) && !count_entries(&count, data, size) &&
		   (!vocab || count == vocab);

	buf_free(data);
	return yes;
}

enum err
llama2c_tokenizer_find(char **out, const char *model_path, size_t vocab)
{
	const char *slash = strrchr(model_path, '/');
	char *folder =
		slash ? buf_strndup(model_path, (size_t)(slash - model_path) + 1) : buf_strdup(".");
	struct dirent **list = NULL;
	enum err code = OK;
	int count;

	*out = NULL;
	if (!folder)
		return ERR_NOMEM;
	count = scandir(folder, &list, is_candidate, alphasort);
	for (int i = 0; i < count; i++) {
		char *path = *out || code ? NULL : file_join(folder, list[i]->d_name);

		if (path && fits(path, vocab))
			*out = path;
		else
			buf_free(path);
		free(list[i]);
	}
	free(list);
	if (count > 0 && !*out)
		code = err_at(ERR_FORMAT, model_path, NULL,
			      "none of the tok*.bin beside it holds the model's %zu tokens", vocab);
	buf_free(folder);
	return code;
}
