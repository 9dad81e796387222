/* "Sequence": parts of one stage, one after the other; each stage names its list differently. */
#include "core/buf.h"
#include "core/tokenizers/kinds.h"
#include "core/tokenizers/sequence.h"

struct sequence_state {
	struct part *parts;
	size_t count;
};

enum { PARTS_MAX = 64 };

static enum err
create(struct sequence_state *state, enum stage stage, const struct json *list)
{
	size_t count = 0;

	if (!list || list->type != JSON_ARRAY)
		return err_at(ERR_FORMAT, NULL, "Sequence", "its list of parts is missing");
	for (const struct json *item = list->first; item; item = item->next)
		count++;
	if (count > PARTS_MAX)
		return err_at(ERR_RANGE, NULL, "Sequence", "it has %zu parts, at most %d are read",
			      count, PARTS_MAX);
	if (!(state->parts = buf_alloc(count + 1, sizeof(*state->parts))))
		return ERR_NOMEM;
	for (const struct json *item = list->first; item; item = item->next) {
		enum err code = part_create(&state->parts[state->count++], stage, item);

		if (code)
			return code;
	}
	return OK;
}

static void
destroy(void *state)
{
	struct sequence_state *sequence = state;

	for (size_t i = 0; i < sequence->count; i++)
		part_free(&sequence->parts[i]);
	buf_free(sequence->parts);
}

enum err
sequence_add(struct part *sequence, const struct part_kind *kind, const struct part *part)
{
	struct part taken = *part;
	struct sequence_state *state = sequence->state;

	sequence->kind = kind;
	if (!state)
		sequence->state = state = buf_alloc(1, sizeof(*state));
	if (state && !state->parts)
		state->parts = buf_alloc(PARTS_MAX, sizeof(*state->parts));
	if (!state || !state->parts || state->count == PARTS_MAX) {
		part_free(&taken);
		return state && state->parts
			       ? err_set(ERR_RANGE, "more than %d parts in one stage", PARTS_MAX)
			       : ERR_NOMEM;
	}
	state->parts[state->count++] = taken;
	return OK;
}

static enum err
create_normalizer(void *state, const struct json *spec)
{
	return create(state, STAGE_NORMALIZER, spec_get(spec, "normalizers"));
}

static enum err
create_pre_tokenizer(void *state, const struct json *spec)
{
	return create(state, STAGE_PRE_TOKENIZER, spec_get(spec, "pretokenizers"));
}

static enum err
create_post_processor(void *state, const struct json *spec)
{
	return create(state, STAGE_POST_PROCESSOR, spec_get(spec, "processors"));
}

static enum err
create_decoder(void *state, const struct json *spec)
{
	return create(state, STAGE_DECODER, spec_get(spec, "decoders"));
}

static enum err
normalize(struct bytes *out, const void *state, const char *text, size_t length)
{
	const struct sequence_state *sequence = state;
	struct bytes now = { 0 }, next = { 0 };
	enum err code = bytes_add(&now, text, length);

	for (size_t i = 0; i < sequence->count && !code; i++) {
		struct bytes other = now;

		next.length = 0;
		code = part_normalize(&next, &sequence->parts[i], now.data, now.length);
		now = next;
		next = other;
	}
	code = code ? code : bytes_add(out, now.data, now.length);
	buf_free(now.data);
	buf_free(next.data);
	return code;
}

const struct part_kind normalizer_sequence = {
	.type = "Sequence",
	.size = sizeof(struct sequence_state),
	.create = create_normalizer,
	.destroy = destroy,
	.normalize = normalize,
};

/* Run `step` for each part, from `now` to `out` by way of two lists that change places. */
static enum err
run(struct cuts *out, const struct sequence_state *sequence, struct cuts *now,
    enum err (*step)(struct cuts *out, const struct part *part, const struct cuts *in))
{
	struct cuts next = { 0 };
	const struct part none = { 0 };
	enum err code = OK;

	for (size_t i = 0; i < sequence->count && !code; i++) {
		struct cuts other = *now;

		cuts_clear(&next);
		code = step(&next, &sequence->parts[i], now);
		*now = next;
		next = other;
	}
	code = code ? code : step(out, &none, now);
	cuts_free(&next);
	return code;
}

static enum err
cut(struct cuts *out, const void *state, const char *text, size_t length, bool at_start)
{
	struct cuts now = { 0 };
	enum err code = cuts_add(&now, text, length, at_start);

	code = code ? code : run(out, state, &now, part_cut);
	cuts_free(&now);
	return code;
}

const struct part_kind pre_tokenizer_sequence = {
	.type = "Sequence",
	.size = sizeof(struct sequence_state),
	.create = create_pre_tokenizer,
	.destroy = destroy,
	.cut = cut,
};

static enum err
decode(struct cuts *out, const void *state, const struct cuts *in)
{
	const struct part none = { 0 };
	struct cuts now = { 0 };
	enum err code = part_decode(&now, &none, in);

	code = code ? code : run(out, state, &now, part_decode);
	cuts_free(&now);
	return code;
}

const struct part_kind decoder_sequence = {
	.type = "Sequence",
	.size = sizeof(struct sequence_state),
	.create = create_decoder,
	.destroy = destroy,
	.decode = decode,
};

static enum err
process(struct ids *out, const void *state, const int32_t *ids, size_t count)
{
	const struct sequence_state *sequence = state;
	struct ids now = { 0 }, next = { 0 };
	enum err code = ids_append(&now, ids, count);

	for (size_t i = 0; i < sequence->count && !code; i++) {
		struct ids other = now;

		next.count = 0;
		code = part_process(&next, &sequence->parts[i], now.data, now.count);
		now = next;
		next = other;
	}
	code = code ? code : ids_append(out, now.data, now.count);
	buf_free(now.data);
	buf_free(next.data);
	return code;
}

const struct part_kind post_processor_sequence = {
	.type = "Sequence",
	.size = sizeof(struct sequence_state),
	.create = create_post_processor,
	.destroy = destroy,
	.process = process,
};
