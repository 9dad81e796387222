#ifndef CORE_TOKENIZERS_SP_CONFIG_H
#define CORE_TOKENIZERS_SP_CONFIG_H

#include "core/tokenizers/ends.h"

/* What a Hugging Face folder says beside its tokenizer.model: tokenizer_config.json, and in older
 * ones added_tokens.json ({"<token>": id}). */
struct sp_config {
	struct json_document *tokenizer, *added; /* NULL: not there */
};

enum err sp_config_read(struct sp_config *out, const char *path); /* of the .model */
void sp_config_clear(struct sp_config *config);

/* "legacy": false: the space before a text is not put behind added tokens, too. */
bool sp_config_prefix_once(const struct sp_config *config);

/* Tokens that the folder adds are found in text; control pieces that it does not name are only
 * shown. `kinds` are the model's, by id. */
enum err sp_config_add_tokens(struct tokenizer *out, const struct sp_config *config,
			      const unsigned char *kinds);

/* `ends` comes with the model's ids. BOS is added where there is one and nothing says otherwise,
 * EOS where add_eos_token says so, or the tokenizer is T5's. */
void sp_config_ends(struct ends *ends, const struct tokenizer *tokenizer,
		    const struct sp_config *config);

#endif
