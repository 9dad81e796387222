/* Steps of gguf_steps.def that are quicker, or only possible, without a pattern. */
#include "core/text.h"
#include "core/tokenizers/gguf_vocab.h"
#include "core/tokenizers/gpt2.h"
#include "core/tokenizers/unicode.h"

static enum err
cut_gpt2(struct cuts *out, const void *state, const char *text, size_t length, bool at_start)
{
	enum err code = OK;

	(void)state;
	for (size_t at = 0; at < length && !code;) {
		size_t end = gpt2_next(text, length, at);

		code = cuts_add(out, text + at, end - at, at_start && !at);
		at = end;
	}
	return code;
}

const struct part_kind gguf_scan_gpt2 = { .type = "gguf", .cut = cut_gpt2 };

/* Runs of newlines, and of all else. */
static enum err
cut_lines(struct cuts *out, const void *state, const char *text, size_t length, bool at_start)
{
	enum err code = OK;

	(void)state;
	for (size_t at = 0; at < length && !code;) {
		size_t end = at;

		while (end < length && (text[end] == '\n') == (text[at] == '\n'))
			end++;
		code = cuts_add(out, text + at, end - at, at_start && !at);
		at = end;
	}
	return code;
}

const struct part_kind gguf_scan_lines = { .type = "gguf", .cut = cut_lines };

/* Whether the character at text[*at] counts; *at moves behind it. */
static bool
is_number(const char *text, size_t length, size_t *at)
{
	return (unicode_classes(text_decode(text, length, at)) & UNICODE_NUMBER) != 0;
}

static bool
is_ascii_digit(const char *text, size_t length, size_t *at)
{
	char c = text[*at];

	text_decode(text, length, at);
	return c >= '0' && c <= '9';
}

/* How many digits stand from text[at] on. */
static size_t
count_digits(const char *text, size_t length, size_t at,
	     bool (*is_digit)(const char *text, size_t length, size_t *at))
{
	size_t count = 0;

	while (at < length && is_digit(text, length, &at))
		count++;
	return count;
}

/* Numbers in groups of three counted from their end. A piece ends behind each group, so that the
 * first group has the text before it in its piece: as in llama.cpp, where the pattern that follows
 * parts them. */
static enum err
cut_threes(struct cuts *out, const void *state, const char *text, size_t length, bool at_start)
{
	size_t start = 0;
	enum err code = OK;

	(void)state;
	for (size_t at = 0; at < length && !code;) {
		size_t left = count_digits(text, length, at, is_number);

		if (!left)
			text_decode(text, length, &at);
		while (left && !code) {
			do
				text_decode(text, length, &at);
			while (--left % 3);
			code = cuts_add(out, text + start, at - start, at_start && !start);
			start = at;
		}
	}
	return code ? code : cuts_add(out, text + start, length - start, at_start && !start);
}

const struct part_kind gguf_scan_threes = { .type = "gguf", .cut = cut_threes };

/* A piece starts before each group of three, counted from the end of a run of ASCII digits. */
static enum err
cut_ascii_threes(struct cuts *out, const void *state, const char *text, size_t length,
		 bool at_start)
{
	size_t start = 0;
	enum err code = OK;

	(void)state;
	for (size_t at = 0; at < length && !code;) {
		size_t left = count_digits(text, length, at, is_ascii_digit);

		if (!left)
			text_decode(text, length, &at);
		for (; left && !code; left--, at++) {
			if (left % 3)
				continue;
			code = cuts_add(out, text + start, at - start, at_start && !start);
			start = at;
		}
	}
	return code ? code : cuts_add(out, text + start, length - start, at_start && !start);
}

const struct part_kind gguf_scan_ascii_threes = { .type = "gguf", .cut = cut_ascii_threes };
