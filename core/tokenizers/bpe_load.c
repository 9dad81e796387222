#include "core/buf.h"
#include "core/tokenizers/bpe.h"
#include "core/tokenizers/byte_piece.h"
#include "core/tokenizers/vocab_read.h"

#include <string.h>

static enum err
read_affix(struct affix *out, const struct json *spec, const char *key)
{
	const struct json *text;
	enum err code = spec_string(&text, spec, key);

	if (code || !text || !text->length)
		return code;
	out->length = text->length;
	out->text = buf_strndup(text->string, text->length);
	return out->text ? OK : ERR_NOMEM;
}

/* The two halves of a rule: "a b", or ["a", "b"]. */
struct halves {
	const char *left, *right;
	size_t left_length, right_length;
};

static bool
read_halves(struct halves *out, const struct json *item)
{
	const struct json *left = item->first;
	const char *blank;

	if (item->type == JSON_ARRAY && item->length == 2 && left->type == JSON_STRING &&
	    left->next->type == JSON_STRING) {
		*out = (struct halves){ left->string, left->next->string, left->length,
					left->next->length };
		return true;
	}
	if (item->type != JSON_STRING || !item->length)
		return false;
	blank = memchr(item->string, ' ', item->length);
	if (!blank || memchr(blank + 1, ' ', item->length - 1 - (size_t)(blank - item->string)))
		return false;
	*out = (struct halves){ item->string, blank + 1, (size_t)(blank - item->string),
				item->length - 1 - (size_t)(blank - item->string) };
	return true;
}

/* The merged piece is the left one and the right one without as many bytes as the continuing
 * prefix has, whatever they are: so does the library. */
static enum err
find_merged(int32_t *out, const struct bpe *bpe, const struct halves *halves, struct bytes *scratch)
{
	size_t cut = bpe->prefix.length;

	*out = -1;
	if (cut > halves->right_length)
		return OK;
	scratch->length = 0;
	if (bytes_add(scratch, halves->left, halves->left_length) ||
	    bytes_add(scratch, halves->right + cut, halves->right_length - cut))
		return ERR_NOMEM;
	*out = vocab_find(bpe->vocab, scratch->data, scratch->length);
	return OK;
}

static enum err
add_merge(struct bpe *bpe, const struct json *item, uint32_t rank, struct bytes *scratch)
{
	struct halves halves;
	int32_t left, right, merged = -1;
	char brief[64];
	enum err code;

	json_brief(brief, sizeof(brief), item);
	if (!read_halves(&halves, item))
		return err_at(ERR_FORMAT, NULL, "model.merges", "rule %u, %s, is no pair of pieces",
			      rank, brief);
	left = vocab_find(bpe->vocab, halves.left, halves.left_length);
	right = vocab_find(bpe->vocab, halves.right, halves.right_length);
	code = find_merged(&merged, bpe, &halves, scratch);
	if (code)
		return code;
	if (left < 0 || right < 0 || merged < 0)
		return err_at(ERR_FORMAT, NULL, "model.merges",
			      "rule %u, %s: the %s is not in the vocabulary", rank,
			      item->type == JSON_STRING ? item->string : brief,
			      left < 0    ? "left piece"
			      : right < 0 ? "right piece"
					  : "merged piece");
	return bpe_add_rule(bpe, left, right, rank, merged);
}

static enum err
read_merges(struct bpe *bpe, const struct json *list)
{
	struct bytes scratch = { 0 };
	uint32_t rank = 0;
	enum err code = OK;

	if (!list || list->type != JSON_ARRAY)
		return err_at(ERR_FORMAT, NULL, "model.merges", "it is missing or no array");
	for (const struct json *item = list->first; item && !code; item = item->next) {
		/* Files made from merges.txt may carry its first line. */
		if (item->type == JSON_STRING && !strncmp(item->string, "#version", 8))
			continue;
		code = add_merge(bpe, item, rank++, &scratch);
	}
	buf_free(scratch.data);
	return code;
}

static enum err
read_flags(struct bpe *bpe, const struct json *spec)
{
	enum err code = spec_bool(&bpe->fuse_unk, spec, "fuse_unk", false);

	code = code ? code : spec_bool(&bpe->byte_fallback, spec, "byte_fallback", false);
	return code ? code : spec_bool(&bpe->ignore_merges, spec, "ignore_merges", false);
}

void
bpe_destroy(void *model)
{
	struct bpe *bpe = model;

	if (!bpe)
		return;
	vocab_free(bpe->vocab);
	buf_free(bpe->rules);
	buf_free(bpe->prefix.text);
	buf_free(bpe->suffix.text);
	buf_free(bpe);
}

enum err
bpe_create(void **out, const struct json *spec)
{
	struct bpe *bpe = buf_alloc(1, sizeof(*bpe));
	enum err code;

	*out = NULL;
	if (!bpe)
		return ERR_NOMEM;
	code = read_flags(bpe, spec);
	code = code ? code : read_affix(&bpe->prefix, spec, "continuing_subword_prefix");
	code = code ? code : read_affix(&bpe->suffix, spec, "end_of_word_suffix");
	code = code ? code : vocab_read(&bpe->vocab, spec_get(spec, "vocab"));
	code = code ? code : vocab_read_unknown(&bpe->unk_id, bpe->vocab, spec);
	code = code ? code : read_merges(bpe, spec_get(spec, "merges"));
	if (code) {
		bpe_destroy(bpe);
		return code;
	}
	byte_piece_ids(bpe->byte_ids, bpe->vocab);
	*out = bpe;
	return OK;
}
