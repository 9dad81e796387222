/* "UnicodeScripts": cut where the script changes. Blanks and characters that the library's table,
 * older than its regular expressions', has no script for belong to what stands before them; before
 * all else they are lost. Kana count as Han. */
#include "core/text.h"
#include "core/tokenizers/kinds.h"
#include "core/tokenizers/unicode.h"

#include <string.h>

struct numbers {
	uint8_t common, han, hiragana, katakana, devanagari;
};

static uint8_t
number_of(const char *name)
{
	return unicode_script(name, strlen(name));
}

static enum err
create(void *state, const struct json *spec)
{
	(void)spec;
	*(struct numbers *)state = (struct numbers){
		.common = number_of("common"),
		.han = number_of("han"),
		.hiragana = number_of("hiragana"),
		.katakana = number_of("katakana"),
		.devanagari = number_of("devanagari"),
	};
	return OK;
}

/* 0: any script. Scripts of a few characters have changed since the library's table. */
static uint8_t
script_of(const struct numbers *numbers, int32_t code)
{
	uint8_t script;

	if (!(unicode_classes(code) & UNICODE_SCRIPTED))
		return 0;
	if (code == 0x589 || code == 0x61c)
		return numbers->common;
	if (code == 0x953 || code == 0x954)
		return numbers->devanagari;
	script = unicode_script_of(code);
	if (code == 0x30fc || script == numbers->hiragana || script == numbers->katakana)
		return numbers->han;
	return script;
}

static enum err
cut(struct cuts *out, const void *state, const char *text, size_t length, bool at_start)
{
	uint8_t before = 0;
	size_t from = 0;
	enum err code = OK;

	for (size_t at = 0; at < length && !code;) {
		size_t start = at;
		uint8_t script = script_of(state, text_decode(text, length, &at));

		if (!script || script == before)
			continue;
		if (before)
			code = cuts_add(out, text + from, start - from, at_start && !from);
		before = script;
		from = start;
	}
	return code || !before ? code
			       : cuts_add(out, text + from, length - from, at_start && !from);
}

const struct part_kind pre_tokenizer_unicode_scripts = {
	.type = "UnicodeScripts",
	.size = sizeof(struct numbers),
	.create = create,
	.cut = cut,
};
