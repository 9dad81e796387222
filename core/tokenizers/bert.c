/* "BertPreTokenizer": white space goes, each punctuation character stands alone.
 * "BertProcessing", "RobertaProcessing": one token before the text and one behind it. */
#include "core/buf.h"
#include "core/tokenizers/kinds.h"
#include "core/tokenizers/split.h"
#include "core/tokenizers/unicode.h"

static enum err
cut(struct cuts *out, const void *state, const char *text, size_t length, bool at_start)
{
	struct cuts words = { 0 };
	enum err code =
		split_at_classes(&words, UNICODE_SPACE, &split_removed, text, length, at_start);

	(void)state;
	for (size_t i = 0; i < words.count && !code; i++)
		code = split_at_classes(out, UNICODE_BERT_PUNCTUATION, &split_isolated,
					words.text.data + words.list[i].start, words.list[i].length,
					words.list[i].at_start);
	cuts_free(&words);
	return code;
}

const struct part_kind pre_tokenizer_bert = { .type = "BertPreTokenizer", .cut = cut };

struct processing {
	int32_t first, last;
};

/* ["[CLS]", 101]: only the id counts. */
static enum err
read_token(int32_t *out, const struct json *spec, const char *key)
{
	const struct json *pair = spec_get(spec, key);

	if (!pair || pair->type != JSON_ARRAY || pair->length != 2 ||
	    !spec_id(out, pair->first->next))
		return err_at(ERR_FORMAT, NULL, "post_processor",
			      "\"%s\" is no pair of a token and its id", key);
	return OK;
}

static enum err
create(void *state, const struct json *spec)
{
	struct processing *processing = state;
	enum err code = read_token(&processing->first, spec, "cls");

	return code ? code : read_token(&processing->last, spec, "sep");
}

static enum err
process(struct ids *out, const void *state, const int32_t *ids, size_t count)
{
	const struct processing *processing = state;
	enum err code = ids_add(out, processing->first);

	code = code ? code : ids_append(out, ids, count);
	return code ? code : ids_add(out, processing->last);
}

const struct part_kind post_processor_bert = {
	.type = "BertProcessing",
	.size = sizeof(struct processing),
	.create = create,
	.process = process,
};

const struct part_kind post_processor_roberta = {
	.type = "RobertaProcessing",
	.size = sizeof(struct processing),
	.create = create,
	.process = process,
};
