#include "core/tokenizers/added.h"

#include "core/buf.h"
#include "core/tokenizers/finder.h"

#include <string.h>

enum { TOKENS_MAX = 1 << 20 };

void
added_free(struct added *added)
{
	finder_free(&added->raw);
	finder_free(&added->normalized);
	for (size_t i = 0; i < added->count; i++)
		buf_free(added->tokens[i].shown.data);
	vocab_free(added->names);
	buf_free(added->tokens);
	buf_free(added->index);
	*added = (struct added){ 0 };
}

static enum err
read_flags(struct added_token *out, const struct json *spec)
{
	enum err code = spec_bool(&out->special, spec, "special", false);

	code = code ? code : spec_bool(&out->normalized, spec, "normalized", !out->special);
	code = code ? code : spec_bool(&out->lstrip, spec, "lstrip", false);
	code = code ? code : spec_bool(&out->rstrip, spec, "rstrip", false);
	return code ? code : spec_bool(&out->single_word, spec, "single_word", false);
}

/* The library numbers tokens itself: as the vocabulary does, else next after all that is known. */
static enum err
check_id(const struct added *added, const struct vocab *vocab, const struct json *content,
	 int64_t id)
{
	size_t next = added_size(added) > vocab_size(vocab) ? added_size(added) : vocab_size(vocab);
	int64_t expected = vocab_find(vocab, content->string, content->length);

	if (expected < 0)
		expected = (int64_t)next;
	if (id != expected)
		return err_at(ERR_FORMAT, NULL, "added_tokens",
			      "\"%s\" claims the id %lld where %lld is its place", content->string,
			      (long long)id, (long long)expected);
	return OK;
}

static enum err
add_token(struct added *added, const struct json *spec, const struct vocab *vocab)
{
	struct added_token token = { 0 };
	const struct json *content;
	int64_t id;
	enum err code = spec_string(&content, spec, "content");

	code = code ? code : spec_integer(&id, spec, "id", -1);
	code = code ? code : read_flags(&token, spec);
	if (code)
		return code;
	if (!content || !content->length)
		return err_at(ERR_FORMAT, NULL, "added_tokens", "an entry has no content");
	code = check_id(added, vocab, content, id);
	token.id = (int32_t)id;
	return code ? code : added_put(added, &token, content->string, content->length);
}

enum err
added_start(struct added *out, size_t limit)
{
	*out = (struct added){ 0 };
	return vocab_create(&out->names, limit);
}

enum err
added_put(struct added *added, const struct added_token *token, const char *content, size_t length)
{
	enum err code = vocab_add(added->names, content, length, token->id);

	if (code)
		return code;
	if (buf_grow(&added->tokens, &added->capacity, added->count + 1, sizeof(*token)))
		return ERR_NOMEM;
	added->tokens[added->count++] = *token;
	return OK;
}

/* Names moved while they were added; now they stay. */
static enum err
make_index(struct added *added)
{
	added->index = buf_alloc(added_size(added) + 1, sizeof(*added->index));
	if (!added->index)
		return ERR_NOMEM;
	for (size_t i = 0; i < added->count; i++) {
		struct added_token *token = &added->tokens[i];

		token->content = vocab_piece(added->names, token->id, &token->length);
		added->index[token->id] = (int32_t)i + 1;
	}
	return OK;
}

static enum err
make_finders(struct added *added, const struct part *normalizer)
{
	const struct part none = { 0 };
	enum err code = OK;

	for (size_t i = 0; i < added->count && !code; i++) {
		struct added_token *token = &added->tokens[i];

		code = part_normalize(&token->shown, token->normalized ? normalizer : &none,
				      token->content, token->length);
		if (!code && !token->hidden)
			code = finder_add(token->normalized ? &added->normalized : &added->raw,
					  token);
	}
	finder_seal(&added->raw);
	finder_seal(&added->normalized);
	return code;
}

enum err
added_finish(struct added *added, const struct part *normalizer)
{
	enum err code = make_index(added);

	return code ? code : make_finders(added, normalizer);
}

enum err
added_create(struct added *out, const struct json *list, const struct vocab *vocab,
	     const struct part *normalizer)
{
	size_t count = 0;
	enum err code;

	*out = (struct added){ 0 };
	for (const struct json *item = list ? list->first : NULL; item; item = item->next)
		count++;
	if (count > TOKENS_MAX)
		return err_at(ERR_RANGE, NULL, "added_tokens", "%zu entries, at most %d are read",
			      count, TOKENS_MAX);
	code = vocab_create(&out->names, vocab_size(vocab) + count);
	for (const struct json *item = list ? list->first : NULL; item && !code; item = item->next)
		code = add_token(out, item, vocab);
	return code ? code : added_finish(out, normalizer);
}

const struct added_token *
added_by_id(const struct added *added, int32_t id)
{
	if (id < 0 || (size_t)id >= added_size(added) || !added->index[id])
		return NULL;
	return &added->tokens[added->index[id] - 1];
}

bool
added_is_special(const struct added *added, const char *text, size_t length)
{
	int32_t id = added->names ? vocab_find(added->names, text, length) : -1;
	const struct added_token *token = added_by_id(added, id);

	return token && token->special;
}

size_t
added_size(const struct added *added)
{
	return added->names ? vocab_size(added->names) : 0;
}

/* Text between tokens that stand in the raw text: normalized, then searched again. */
static enum err
cut_normalized(struct cuts *out, const struct added *added, const struct part *normalizer,
	       struct bytes *scratch, const char *text, const struct found *piece)
{
	enum err code;

	if (piece->token) {
		code = bytes_add(&out->text, text + piece->start, piece->end - piece->start);
		return code ? code : cuts_end(out, piece->token->id, !piece->start);
	}
	scratch->length = 0;
	code = part_normalize(scratch, normalizer, text + piece->start, piece->end - piece->start);
	for (struct found at = { 0 };
	     !code && finder_next(&at, &added->normalized, scratch->data, scratch->length);) {
		code = bytes_add(&out->text, scratch->data + at.start, at.end - at.start);
		code = code ? code
			    : cuts_end(out, at.token ? at.token->id : -1,
				       !piece->start && !at.start);
	}
	return code;
}

enum err
added_cut(struct cuts *out, const struct added *added, const struct part *normalizer,
	  const char *text, size_t length)
{
	struct bytes scratch = { 0 };
	enum err code = OK;

	for (struct found at = { 0 }; !code && finder_next(&at, &added->raw, text, length);)
		code = cut_normalized(out, added, normalizer, &scratch, text, &at);
	buf_free(scratch.data);
	return code;
}
