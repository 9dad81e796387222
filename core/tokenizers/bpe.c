/* Byte-pair encoding (Sennrich et al. 2016) as the Hugging Face library runs it. */
#include "core/tokenizers/bpe.h"

#include "core/buf.h"
#include "core/text.h"
#include "core/tokenizers/kinds.h"

#include <string.h>

static uint64_t
pair_of(int32_t left, int32_t right)
{
	return (uint64_t)(uint32_t)left << 32 | (uint32_t)right;
}

/* The place of the pair, or the free one where it belongs. */
static struct bpe_rule *
place_of(const struct bpe *bpe, uint64_t pair)
{
	size_t mask = bpe->rule_places - 1;
	uint64_t mixed = pair * 0x9e3779b97f4a7c15u;
	size_t at = (size_t)(mixed ^ mixed >> 32) & mask;

	while (bpe->rules[at].id >= 0 && bpe->rules[at].pair != pair)
		at = (at + 1) & mask;
	return &bpe->rules[at];
}

static enum err
grow_rules(struct bpe *bpe)
{
	struct bpe_rule *old = bpe->rules;
	size_t places = bpe->rule_places, more = places ? places * 2 : 1024;
	struct bpe_rule *rules = buf_alloc(more, sizeof(*rules));

	if (!rules)
		return ERR_NOMEM;
	for (size_t i = 0; i < more; i++)
		rules[i].id = -1;
	bpe->rules = rules;
	bpe->rule_places = more;
	for (size_t i = 0; i < places; i++)
		if (old[i].id >= 0)
			*place_of(bpe, old[i].pair) = old[i];
	buf_free(old);
	return OK;
}

enum err
bpe_add_rule(struct bpe *bpe, int32_t left, int32_t right, uint32_t rank, int32_t id)
{
	struct bpe_rule *place;

	if (bpe->rule_count * 2 >= bpe->rule_places && grow_rules(bpe))
		return ERR_NOMEM;
	place = place_of(bpe, pair_of(left, right));
	bpe->rule_count += place->id < 0;
	*place = (struct bpe_rule){ pair_of(left, right), rank, id };
	return OK;
}

const struct bpe_rule *
bpe_find_rule(const struct bpe *bpe, int32_t left, int32_t right)
{
	const struct bpe_rule *rule = bpe->rule_count ? place_of(bpe, pair_of(left, right)) : NULL;

	return rule && rule->id >= 0 ? rule : NULL;
}

static bool
find(struct merge *out, const struct merge_rules *rules, const char *word,
     const struct symbol *left, const struct symbol *right)
{
	const struct bpe_rule *rule = bpe_find_rule(rules->state, left->id, right->id);

	(void)word;
	if (rule)
		*out = (struct merge){ rule->rank, rule->id };
	return rule != NULL;
}

/* Characters on their way to symbols; an unknown one waits, for it may be fused with the next. */
struct reading {
	const struct bpe *bpe;
	struct merger *merger;
	const char *word;
	size_t length;
	size_t unk_start, unk_length;
};

static enum err
flush_unknown(struct reading *reading)
{
	enum err code = OK;

	if (reading->unk_length)
		code = merger_add(reading->merger, reading->bpe->unk_id, reading->unk_start,
				  reading->unk_length);
	reading->unk_length = 0;
	return code;
}

/* The id of a character with its prefix and suffix. */
static int32_t
find_character(const struct reading *reading, size_t start, size_t end)
{
	const struct bpe *bpe = reading->bpe;
	const struct affix *before = start ? &bpe->prefix : &(struct affix){ 0 };
	const struct affix *after = end == reading->length ? &bpe->suffix : &(struct affix){ 0 };
	size_t length = before->length + end - start + after->length;
	char text[256];

	if (!before->length && !after->length)
		return vocab_find(bpe->vocab, reading->word + start, end - start);
	if (length > sizeof(text))
		return -1;
	memcpy(text, before->text ? before->text : "", before->length);
	memcpy(text + before->length, reading->word + start, end - start);
	memcpy(text + length - after->length, after->text ? after->text : "", after->length);
	return vocab_find(bpe->vocab, text, length);
}

/* A character as its bytes, if the vocabulary has a piece for each (affixes count too). */
static enum err
add_as_bytes(bool *done, struct reading *reading, size_t start, size_t end)
{
	const unsigned char *word = (const unsigned char *)reading->word;
	const int32_t *ids = reading->bpe->byte_ids;
	enum err code = OK;

	*done = false;
	for (size_t i = start; i < end; i++)
		if (ids[word[i]] < 0)
			return OK;
	for (size_t i = start; i < end && !code; i++)
		code = merger_add(reading->merger, ids[word[i]], i, 1);
	*done = true;
	return code;
}

static enum err
read_character(struct reading *reading, size_t start, size_t end)
{
	const struct bpe *bpe = reading->bpe;
	int32_t id = find_character(reading, start, end);
	enum err code = OK;
	bool done = false;

	if (id >= 0) {
		code = flush_unknown(reading);
		return code ? code : merger_add(reading->merger, id, start, end - start);
	}
	if (bpe->byte_fallback)
		code = add_as_bytes(&done, reading, start, end);
	if (!code && !done && bpe->keep_unknown)
		return merger_add(reading->merger, -1, start, end - start);
	if (code || done || bpe->unk_id < 0)
		return code;
	if (!bpe->fuse_unk)
		code = flush_unknown(reading);
	if (!reading->unk_length)
		reading->unk_start = start;
	reading->unk_length += end - start;
	return code;
}

static enum err
encode(struct ids *out, const void *model, struct merger *scratch, const char *text, size_t length)
{
	const struct bpe *bpe = model;
	struct reading reading = { bpe, scratch, text, length, 0, 0 };
	const struct merge_rules rules = { .find = find, .state = bpe };
	bool as_whole = bpe->ignore_merges || (bpe->whole_lines && text[0] == '\n');
	int32_t whole = as_whole ? vocab_find(bpe->vocab, text, length) : -1;
	enum err code = OK;

	if (whole >= 0)
		return ids_add(out, whole);
	merger_clear(scratch);
	for (size_t at = 0; at < length && !code;) {
		size_t start = at;

		text_decode(text, length, &at);
		code = read_character(&reading, start, at);
	}
	code = code ? code : flush_unknown(&reading);
	code = code ? code : merger_run(scratch, &rules, text);
	return code ? code : merger_ids(out, scratch);
}

static const struct vocab *
vocab_of(const void *model)
{
	return ((const struct bpe *)model)->vocab;
}

static const char *
describe(const void *model, bool byte_level)
{
	if (byte_level)
		return "bpe_byte_level";
	return ((const struct bpe *)model)->byte_fallback ? "bpe_byte_fallback" : "bpe";
}

static bool
claims(const struct json *spec)
{
	return spec_get(spec, "merges") != NULL;
}

const struct model_kind model_bpe = {
	.type = "BPE",
	.claims = claims,
	.create = bpe_create,
	.destroy = bpe_destroy,
	.encode = encode,
	.vocab = vocab_of,
	.describe = describe,
};
