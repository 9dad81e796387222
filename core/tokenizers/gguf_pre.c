/* The pre-tokenizers of GGUF vocabularies, and the stages they are made of. */
#include "core/buf.h"
#include "core/text.h"
#include "core/tokenizers/gguf_vocab.h"
#include "core/tokenizers/kinds.h"
#include "core/tokenizers/pattern.h"
#include "core/tokenizers/sequence.h"
#include "core/tokenizers/split.h"

#include <string.h>

#define REGEX(regex)        \
	{                   \
		regex, NULL \
	}
#define SCAN(name)                      \
	{                               \
		NULL, &gguf_scan_##name \
	}
#define STEPS(id, ...) static const struct gguf_step steps_##id[] = { __VA_ARGS__, { NULL, NULL } };
#include "core/tokenizers/gguf_steps.def"
#undef STEPS
#undef SCAN
#undef REGEX

static const struct gguf_pre list[] = {
#define PRE(name, steps, flags) { name, steps_##steps, flags },
#include "core/tokenizers/gguf_pre.def"
#undef PRE
};

const struct gguf_pre *
gguf_pre_find(const char *name)
{
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		if (!strcmp(list[i].name, name))
			return &list[i];
	return NULL;
}

struct isolate {
	struct pattern *pattern;
};

static void
isolate_destroy(void *state)
{
	pattern_free(((struct isolate *)state)->pattern);
}

/* Each match is a piece, and each text between two. */
static enum err
isolate_cut(struct cuts *out, const void *state, const char *text, size_t length, bool at_start)
{
	struct spans spans = { 0 };
	size_t one = 0;
	enum err code;

	if (text_decode(text, length, &one) >= 0 && one == length)
		return cuts_add(out, text, length, at_start); /* one character is one piece */
	code = pattern_cover(&spans, ((const struct isolate *)state)->pattern, text, length);

	for (size_t i = 0; i < spans.count && !code; i++)
		code = cuts_add(out, text + spans.list[i].start,
				spans.list[i].end - spans.list[i].start,
				at_start && !spans.list[i].start);
	spans_free(&spans);
	return code;
}

static const struct part_kind isolate = { .type = "gguf",
					  .size = sizeof(struct isolate),
					  .destroy = isolate_destroy,
					  .cut = isolate_cut };

static enum err
add_step(struct tokenizer *out, const struct gguf_step *step)
{
	struct part part = { step->scan, NULL };
	struct isolate *state;
	enum err code;

	if (!step->regex)
		return sequence_add(&out->pre_tokenizer, &pre_tokenizer_sequence, &part);
	if (!(state = buf_alloc(1, sizeof(*state))))
		return ERR_NOMEM;
	part = (struct part){ &isolate, state };
	code = pattern_create_regex(&state->pattern, step->regex, strlen(step->regex));
	if (!code)
		return sequence_add(&out->pre_tokenizer, &pre_tokenizer_sequence, &part);
	part_free(&part);
	return code;
}

enum err
gguf_add_steps(struct tokenizer *out, const struct gguf_pre *pre)
{
	enum err code = OK;

	for (const struct gguf_step *s = pre->steps; (s->regex || s->scan) && !code; s++)
		code = add_step(out, s);
	return code;
}

static enum err
stand_in_cut(struct cuts *out, const void *state, const char *text, size_t length, bool at_start)
{
	enum err code = normalizer_byte_level.normalize(&out->text, NULL, text, length);

	(void)state;
	return code ? code : cuts_end(out, -1, at_start);
}

static const struct part_kind stand_ins = { .type = "gguf", .cut = stand_in_cut };

enum err
gguf_add_stand_ins(struct tokenizer *out)
{
	const struct part part = { &stand_ins, NULL };

	return sequence_add(&out->pre_tokenizer, &pre_tokenizer_sequence, &part);
}

struct spaces {
	bool prefix;
};

/* A space before every text, which stands at the start or behind a special token. */
static enum err
spaces_cut(struct cuts *out, const void *state, const char *text, size_t length, bool at_start)
{
	static const char mark[] = "\xe2\x96\x81";
	enum err code = OK;

	if (((const struct spaces *)state)->prefix)
		code = bytes_add(&out->text, mark, 3);
	for (size_t at = 0; at < length && !code;) {
		const char *space = memchr(text + at, ' ', length - at);
		size_t end = space ? (size_t)(space - text) : length;

		code = bytes_add(&out->text, text + at, end - at);
		if (!code && space)
			code = bytes_add(&out->text, mark, 3);
		at = end + 1;
	}
	return code ? code : cuts_end(out, -1, at_start);
}

static const struct part_kind spaces = { .type = "gguf",
					 .size = sizeof(struct spaces),
					 .cut = spaces_cut };

enum err
gguf_add_spaces(struct tokenizer *out, bool prefix)
{
	struct spaces *state = buf_alloc(1, sizeof(*state));
	struct part part = { &spaces, state };

	if (!state)
		return ERR_NOMEM;
	state->prefix = prefix;
	return sequence_add(&out->pre_tokenizer, &pre_tokenizer_sequence, &part);
}
