/* "NFC", "NFD", "NFKC", "NFKD". utf8proc says how characters decompose and compose; which of them
 * may change at all is what the library thinks, whose Unicode is older. */
#include "core/tokenizers/unicode_forms.h"

#include "core/buf.h"
#include "core/text.h"
#include "core/tokenizers/kinds.h"
#include "core/tokenizers/unicode.h"

#include <string.h>

#include <utf8proc.h>

struct codes {
	int32_t *data;
	size_t count, capacity;
};

enum { PIECES_MAX = 64, SHORT_RUN = 16 };

static unsigned
class_of(int32_t code)
{
	return (unsigned)utf8proc_get_property(code)->combining_class;
}

static enum err
decompose(struct codes *out, struct unicode_form form, int32_t code)
{
	int32_t pieces[PIECES_MAX];
	int boundary = 0;
	utf8proc_option_t options = UTF8PROC_STABLE | UTF8PROC_DECOMPOSE;
	utf8proc_ssize_t n;

	if (form.compatible)
		options |= UTF8PROC_COMPAT;
	n = utf8proc_decompose_char(code, pieces, PIECES_MAX, options, &boundary);
	if (n < 0 || n > PIECES_MAX)
		return err_set(ERR_FORMAT, "U+%04X cannot be normalized: %s", (unsigned)code,
			       utf8proc_errmsg(n));
	if (buf_grow(&out->data, &out->capacity, out->count + (size_t)n, sizeof(*out->data)))
		return ERR_NOMEM;
	memcpy(out->data + out->count, pieces, (size_t)n * sizeof(*pieces));
	out->count += (size_t)n;
	return OK;
}

static void
insert_sorted(int32_t *run, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		int32_t moving = run[i];
		size_t at = i;

		for (; at && class_of(run[at - 1]) > class_of(moving); at--)
			run[at] = run[at - 1];
		run[at] = moving;
	}
}

/* Marks by their class, equal ones in the order they had: by counting, for a run may be as long as
 * the text. */
static enum err
sort_marks(int32_t *run, size_t count)
{
	size_t starts[257] = { 0 };
	int32_t *copy;

	if (count <= SHORT_RUN) {
		insert_sorted(run, count);
		return OK;
	}
	if (!(copy = buf_alloc_dirty(count, sizeof(*copy))))
		return ERR_NOMEM;
	memcpy(copy, run, count * sizeof(*copy));
	for (size_t i = 0; i < count; i++)
		starts[class_of(copy[i]) % 256 + 1]++;
	for (size_t i = 1; i < 257; i++)
		starts[i] += starts[i - 1];
	for (size_t i = 0; i < count; i++)
		run[starts[class_of(copy[i]) % 256]++] = copy[i];
	buf_free(copy);
	return OK;
}

static enum err
sort_runs(struct codes *codes)
{
	enum err code = OK;

	for (size_t at = 0; at < codes->count && !code; at++) {
		size_t first = at;

		while (at < codes->count && class_of(codes->data[at]))
			at++;
		if (at - first > 1)
			code = sort_marks(codes->data + first, at - first);
	}
	return code;
}

static enum err
add_codes(struct bytes *out, const struct codes *codes)
{
	enum err code = OK;

	for (size_t i = 0; i < codes->count && !code; i++) {
		char text[4];

		code = bytes_add(out, text, text_encode(text, codes->data[i]));
	}
	return code;
}

/* A run of characters that may change; what stands beside it has no say. */
static enum err
normalize_run(struct bytes *out, struct codes *codes, struct unicode_form form, const char *text,
	      size_t length)
{
	enum err code = OK;

	codes->count = 0;
	for (size_t at = 0; at < length && !code;)
		code = decompose(codes, form, text_decode(text, length, &at));
	code = code ? code : sort_runs(codes);
	if (!code && form.compose)
		codes->count = (size_t)utf8proc_normalize_utf32(codes->data,
								(utf8proc_ssize_t)codes->count,
								UTF8PROC_STABLE | UTF8PROC_COMPOSE);
	return code ? code : add_codes(out, codes);
}

/* The end of the run at text[at], of characters that may change or that may not. ASCII may, with
 * what follows it, but a run of nothing else does not. */
static size_t
run_end(bool *changing, const char *text, size_t length, size_t at)
{
	size_t next = at;
	bool first = true, ascii = true;

	*changing = false;
	for (; at < length; at = next, first = false) {
		int32_t code = text_decode(text, length, &next);
		bool may = code < 0x80 || unicode_classes(code) & UNICODE_CHANGING;

		if (!first && may != *changing)
			break;
		*changing = may;
		ascii = ascii && code < 0x80;
	}
	*changing = *changing && !ascii;
	return at;
}

enum err
unicode_normalize(struct bytes *out, struct unicode_form form, const char *text, size_t length)
{
	struct codes codes = { 0 };
	enum err code = OK;

	for (size_t at = 0; at < length && !code;) {
		bool changing;
		size_t end = run_end(&changing, text, length, at);

		if (changing)
			code = normalize_run(out, &codes, form, text + at, end - at);
		else
			code = bytes_add(out, text + at, end - at);
		at = end;
	}
	buf_free(codes.data);
	return code;
}

static enum err
nfc(struct bytes *out, const void *state, const char *text, size_t length)
{
	(void)state;
	return unicode_normalize(out, (struct unicode_form){ true, false }, text, length);
}

static enum err
nfd(struct bytes *out, const void *state, const char *text, size_t length)
{
	(void)state;
	return unicode_normalize(out, (struct unicode_form){ false, false }, text, length);
}

static enum err
nfkc(struct bytes *out, const void *state, const char *text, size_t length)
{
	(void)state;
	return unicode_normalize(out, (struct unicode_form){ true, true }, text, length);
}

static enum err
nfkd(struct bytes *out, const void *state, const char *text, size_t length)
{
	(void)state;
	return unicode_normalize(out, (struct unicode_form){ false, true }, text, length);
}

const struct part_kind normalizer_nfc = { .type = "NFC", .normalize = nfc };
const struct part_kind normalizer_nfd = { .type = "NFD", .normalize = nfd };
const struct part_kind normalizer_nfkc = { .type = "NFKC", .normalize = nfkc };
const struct part_kind normalizer_nfkd = { .type = "NFKD", .normalize = nfkd };
