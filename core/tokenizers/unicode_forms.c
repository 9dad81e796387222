/* "NFC", "NFD", "NFKC", "NFKD": Unicode normalization forms (Unicode Standard Annex 15). */
#include "core/tokenizers/kinds.h"

#include <stdlib.h>

#include <utf8proc.h>

static enum err
map(struct bytes *out, const char *text, size_t length, unsigned options)
{
	utf8proc_uint8_t *mapped = NULL;
	utf8proc_ssize_t n = utf8proc_map((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)length,
					  &mapped, (utf8proc_option_t)options);
	enum err code;

	if (n < 0)
		return n == UTF8PROC_ERROR_NOMEM
			       ? err_set(ERR_NOMEM, "out of memory for a text")
			       : err_set(ERR_FORMAT, "a text cannot be normalized: %s",
					 utf8proc_errmsg(n));
	code = bytes_add(out, (const char *)mapped, (size_t)n);
	free(mapped);
	return code;
}

static enum err
nfc(struct bytes *out, const void *state, const char *text, size_t length)
{
	(void)state;
	return map(out, text, length, UTF8PROC_STABLE | UTF8PROC_COMPOSE);
}

static enum err
nfd(struct bytes *out, const void *state, const char *text, size_t length)
{
	(void)state;
	return map(out, text, length, UTF8PROC_STABLE | UTF8PROC_DECOMPOSE);
}

static enum err
nfkc(struct bytes *out, const void *state, const char *text, size_t length)
{
	(void)state;
	return map(out, text, length, UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT);
}

static enum err
nfkd(struct bytes *out, const void *state, const char *text, size_t length)
{
	(void)state;
	return map(out, text, length, UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT);
}

const struct part_kind normalizer_nfc = { .type = "NFC", .normalize = nfc };
const struct part_kind normalizer_nfd = { .type = "NFD", .normalize = nfd };
const struct part_kind normalizer_nfkc = { .type = "NFKC", .normalize = nfkc };
const struct part_kind normalizer_nfkd = { .type = "NFKD", .normalize = nfkd };
