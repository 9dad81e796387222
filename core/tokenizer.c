#include "core/tokenizer.h"

#include "core/buf.h"
#include "core/file.h"
#include "core/formats/gguf.h"
#include "core/text.h"
#include "core/tokenizers/tokenizer_internal.h"

#include <string.h>

enum { TEXT_MAX = INT32_MAX / 4 };

static bool
ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n >= m && !strcmp(text + n - m, end);
}

void
tokenizer_free(struct tokenizer *tokenizer)
{
	if (!tokenizer)
		return;
	if (tokenizer->kind)
		tokenizer->kind->destroy(tokenizer->model);
	part_free(&tokenizer->normalizer);
	part_free(&tokenizer->pre_tokenizer);
	part_free(&tokenizer->post_processor);
	part_free(&tokenizer->decoder);
	added_free(&tokenizer->added);
	buf_free(tokenizer);
}

/* Without the tokens added to it: published models have some that no row was made for, such as Code
 * Llama 34B's <PRE> or Gemma 3 1B's <image_soft_token>. */
static size_t
own_vocab(const struct tokenizer *tokenizer)
{
	return vocab_size(tokenizer->kind->vocab(tokenizer->model));
}

bool
tokenizer_is_file(const char *path)
{
	return file_exists(path) && !file_is_folder(path) &&
	       (ends_with(path, ".json") || ends_with(path, ".model") || gguf_is(path));
}

enum err
tokenizer_open(struct tokenizer **out, const char *path, size_t vocab)
{
	struct tokenizer *tokenizer = buf_alloc(1, sizeof(*tokenizer));
	enum err code;

	*out = NULL;
	if (!tokenizer)
		return ERR_NOMEM;
	tokenizer->bos = tokenizer->eos = -1;
	if (ends_with(path, ".json"))
		code = tokenizer_json_open(tokenizer, path);
	else if (ends_with(path, ".model"))
		code = sp_tokenizer_open(tokenizer, path);
	else if (gguf_is(path))
		code = gguf_tokenizer_open(tokenizer, path);
	else
		code = llama2c_tokenizer_open(tokenizer, path);
	if (!code && vocab && own_vocab(tokenizer) > vocab)
		code = err_at(ERR_FORMAT, path, NULL,
			      "the tokenizer has %zu tokens but the model's embedding %zu rows; "
			      "they do not belong together",
			      own_vocab(tokenizer), vocab);
	if (code) {
		tokenizer_free(tokenizer);
		return err_in_file(code, path);
	}
	*out = tokenizer;
	return OK;
}

/* What a folder may hold, the first found is taken. *out is the caller's, NULL when there is none.
 */
static enum err
find_in_folder(char **out, const char *folder)
{
	static const char *const names[] = { "tokenizer.json", "tokenizer.model", "spiece.model" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!(*out = file_join(folder, names[i])))
			return ERR_NOMEM;
		if (file_exists(*out))
			return OK;
		buf_free(*out);
	}
	*out = NULL;
	return OK;
}

/* A GGUF file's own vocabulary, or what lies in its folder. */
static enum err
find_for_gguf(char **out, const char *path)
{
	const char *slash = strrchr(path, '/');
	bool has = false;
	enum err code = gguf_tokenizer_has(&has, path);
	char *folder;

	if (!code && has)
		return (*out = buf_strdup(path)) ? OK : ERR_NOMEM;
	folder = slash ? buf_strndup(path, (size_t)(slash - path) + 1) : buf_strdup(".");
	if (!code)
		code = folder ? find_in_folder(out, folder) : ERR_NOMEM;
	buf_free(folder);
	return code;
}

/* The path stays if it is that of a vocabulary, too. */
static enum err
keep_with_vocabulary(char **path)
{
	bool has = false;
	enum err code = gguf_tokenizer_has(&has, *path);

	if (!code && has)
		return OK;
	buf_free(*path);
	*path = NULL;
	return code;
}

/* A GGUF file's own vocabulary; a folder's tokenizer; else the tok*.bin beside a llama2.c file.
 * *out is the caller's. */
static enum err
find_beside(char **out, const char *model_path, size_t vocab)
{
	bool folder = file_is_folder(model_path);
	char *path;
	enum err code;

	*out = NULL;
	if (!folder && gguf_is(model_path))
		return find_for_gguf(out, model_path);
	if (folder && ((code = find_in_folder(out, model_path)) || *out))
		return code;
	if (folder && ((code = gguf_in_folder(out, model_path)) || *out))
		return code ? code : keep_with_vocabulary(out);
	/* The name behind the last slash does not matter, only the folder before it. */
	if (!(path = file_join(model_path, "")))
		return ERR_NOMEM;
	code = llama2c_tokenizer_find(out, folder ? path : model_path, vocab);
	buf_free(path);
	return code;
}

enum err
tokenizer_open_beside(struct tokenizer **out, const char *model_path, size_t vocab)
{
	char *path;
	enum err code = find_beside(&path, model_path, vocab);

	*out = NULL;
	if (!code && path)
		code = tokenizer_open(out, path, vocab);
	buf_free(path);
	return code;
}

const char *
tokenizer_kind(const struct tokenizer *tokenizer)
{
	return tokenizer->name;
}

const char *
tokenizer_warning(const struct tokenizer *tokenizer)
{
	return tokenizer->warning;
}

size_t
tokenizer_vocab(const struct tokenizer *tokenizer)
{
	size_t model = own_vocab(tokenizer);
	size_t added = added_size(&tokenizer->added);

	return added > model ? added : model;
}

int32_t
tokenizer_bos(const struct tokenizer *tokenizer)
{
	return tokenizer->bos;
}

int32_t
tokenizer_eos(const struct tokenizer *tokenizer)
{
	return tokenizer->eos;
}

bool
tokenizer_adds_bos(const struct tokenizer *tokenizer)
{
	return tokenizer->adds_bos;
}

const char *
tokenizer_piece(const struct tokenizer *tokenizer, int32_t id, size_t *length)
{
	const struct added_token *token = added_by_id(&tokenizer->added, id);

	if (!token)
		return vocab_piece(tokenizer->kind->vocab(tokenizer->model), id, length);
	*length = token->length;
	return token->content;
}

static enum err
check_text(const char *text, size_t length)
{
	if (length > TEXT_MAX)
		return err_set(ERR_RANGE, "a text of %zu bytes is too long, at most %d are read",
			       length, TEXT_MAX);
	for (size_t at = 0; at < length;) {
		size_t start = at;

		if (text_decode(text, length, &at) < 0)
			return err_set(ERR_FORMAT,
				       "the text is not UTF-8 at byte %zu (0x%02x); convert it, "
				       "for example with iconv -t UTF-8",
				       start, (unsigned char)text[start]);
	}
	return OK;
}

static enum err
encode_pieces(struct ids *out, const struct tokenizer *tokenizer, const struct cuts *pieces)
{
	struct merger scratch = { 0 };
	enum err code = OK;

	for (size_t i = 0; i < pieces->count && !code; i++) {
		const struct cut *cut = &pieces->list[i];

		code = cut->id >= 0 ? ids_add(out, cut->id)
				    : tokenizer->kind->encode(out, tokenizer->model, &scratch,
							      pieces->text.data + cut->start,
							      cut->length);
	}
	merger_free(&scratch);
	return code;
}

/* The caller owns what `ids` holds, and gets memory even for none. */
static enum err
give_ids(int32_t **out, size_t *count, struct ids *ids)
{
	if (!ids->data && !(ids->data = buf_alloc(1, sizeof(*ids->data))))
		return ERR_NOMEM;
	*out = ids->data;
	*count = ids->count;
	ids->data = NULL;
	return OK;
}

enum err
tokenizer_encode(int32_t **out, size_t *count, const struct tokenizer *tokenizer, const char *text,
		 size_t length, bool special)
{
	struct cuts raw = { 0 }, pieces = { 0 };
	struct ids plain = { 0 }, processed = { 0 };
	enum err code = check_text(text, length);

	*out = NULL;
	*count = 0;
	code = code ? code
		    : added_cut(&raw, &tokenizer->added, &tokenizer->normalizer, text, length);
	code = code ? code : part_cut(&pieces, &tokenizer->pre_tokenizer, &raw);
	code = code ? code : encode_pieces(&plain, tokenizer, &pieces);
	if (!code && special) {
		code = part_process(&processed, &tokenizer->post_processor, plain.data,
				    plain.count);
		code = code ? code : give_ids(out, count, &processed);
	} else if (!code) {
		code = give_ids(out, count, &plain);
	}
	cuts_free(&raw);
	cuts_free(&pieces);
	buf_free(plain.data);
	buf_free(processed.data);
	return code;
}

static enum err
collect_pieces(struct cuts *out, const struct tokenizer *tokenizer, const int32_t *ids,
	       size_t count, bool skip_special)
{
	for (size_t i = 0; i < count; i++) {
		const struct added_token *token = added_by_id(&tokenizer->added, ids[i]);
		size_t length = 0;
		const char *piece = tokenizer_piece(tokenizer, ids[i], &length);

		if (!piece)
			return err_set(ERR_RANGE,
				       "the token id %d is not in the tokenizer, which has %zu",
				       ids[i], tokenizer_vocab(tokenizer));
		if (token) {
			piece = token->shown.data;
			length = token->shown.length;
		}
		if (skip_special && added_is_special(&tokenizer->added, piece, length))
			continue;
		if (bytes_add(&out->text, piece, length) || cuts_keep(out))
			return ERR_NOMEM;
		out->list[out->count - 1].id = ids[i];
	}
	return OK;
}

/* Pieces stand side by side; without a decoder the library puts blanks between them. */
static enum err
join_pieces(struct bytes *out, const struct cuts *pieces, bool blanks)
{
	enum err code = bytes_add(out, "", 0);

	for (size_t i = 0; i < pieces->count && !code; i++) {
		if (i && blanks)
			code = bytes_add(out, " ", 1);
		code = code ? code
			    : bytes_add(out, pieces->text.data + pieces->list[i].start,
					pieces->list[i].length);
	}
	return code;
}

enum err
tokenizer_decode(char **out, size_t *length, const struct tokenizer *tokenizer, const int32_t *ids,
		 size_t count, bool skip_special)
{
	struct cuts pieces = { 0 }, decoded = { 0 };
	struct bytes text = { 0 };
	enum err code = collect_pieces(&pieces, tokenizer, ids, count, skip_special);

	*out = NULL;
	*length = 0;
	code = code ? code : part_decode(&decoded, &tokenizer->decoder, &pieces);
	code = code ? code : join_pieces(&text, &decoded, !tokenizer->decoder.kind);
	cuts_free(&pieces);
	cuts_free(&decoded);
	if (code) {
		buf_free(text.data);
		return code;
	}
	text.data[text.length] = '\0';
	*out = text.data;
	*length = text.length;
	return OK;
}
