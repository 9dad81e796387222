#include "core/tokenizers/wordpiece.h"

#include "core/tokenizers/vocab_read.h"

#include <string.h>

enum { MAX_CHARACTERS = 100 }; /* the library's default */

static enum err
read_settings(struct wordpiece_settings *out, const struct json *spec)
{
	const struct json *prefix;
	int64_t most;
	enum err code = spec_string(&prefix, spec, "continuing_subword_prefix");

	code = code ? code : spec_integer(&most, spec, "max_input_chars_per_word", MAX_CHARACTERS);
	if (code)
		return code;
	if (most < 0)
		return err_at(ERR_FORMAT, NULL, "model.max_input_chars_per_word",
			      "%lld is negative", (long long)most);
	*out = (struct wordpiece_settings){
		.unk_id = -1,
		.first_prefix = "",
		.next_prefix = prefix ? prefix->string : "##",
		.next_length = prefix ? prefix->length : strlen("##"),
		.max_characters = (size_t)most,
	};
	return OK;
}

enum err
wordpiece_load(void **out, const struct json *spec)
{
	struct wordpiece_settings settings;
	struct vocab *vocab = NULL;
	enum err code = read_settings(&settings, spec);

	*out = NULL;
	code = code ? code : vocab_read(&vocab, spec_get(spec, "vocab"));
	/* One that the vocabulary lacks is an error only for a text that needs it. */
	code = code ? code : vocab_find_unknown(&settings.unk_id, vocab, spec);
	if (code) {
		vocab_free(vocab);
		return code;
	}
	return wordpiece_create(out, vocab, &settings);
}
