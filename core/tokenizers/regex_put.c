/* What an expression is rewritten to: syntax, and sets of characters in it. */
#include "core/buf.h"
#include "core/tokenizers/regex_parser.h"

#include <stdio.h>
#include <string.h>

enum { SETS_MAX = 512 };

enum err
regex_put(struct regex_parser *p, const char *text)
{
	return bytes_add(&p->out->code, text, strlen(text));
}

/* The number of an equal set, or of this one, which is taken over. */
static enum err
keep_set(size_t *out, struct regex *regex, struct charset *set)
{
	charset_settle(set);
	for (size_t i = 0; i < regex->set_count; i++)
		if (charset_equal(&regex->sets[i], set)) {
			charset_free(set);
			*out = i;
			return OK;
		}
	if (buf_grow(&regex->sets, &regex->set_capacity, regex->set_count + 1,
		     sizeof(*regex->sets)))
		return ERR_NOMEM;
	*out = regex->set_count;
	regex->sets[regex->set_count++] = *set;
	*set = (struct charset){ 0 };
	return OK;
}

/* Takes the set over. */
enum err
regex_put_set(struct regex_parser *p, struct charset *set)
{
	size_t number = 0;
	enum err code = OK;
	char mark[REGEX_SET_BYTES];

	if (p->out->set_count == SETS_MAX)
		code = regex_refuse(&p->reader, "more than 512 sets of characters");
	code = code ? code : keep_set(&number, p->out, set);
	charset_free(set);
	if (code)
		return code;
	mark[0] = REGEX_SET_MARK;
	mark[1] = (char)(number >> 8);
	mark[2] = (char)(number & 0xff);
	return bytes_add(&p->out->code, mark, sizeof(mark));
}

enum err
regex_put_characters(struct regex_parser *p, int32_t first, int32_t last)
{
	struct charset set = { 0 };
	enum err code = charset_add(&set, first, last);

	if (!code)
		return regex_put_set(p, &set);
	charset_free(&set);
	return code;
}

static enum err
put_classes(struct regex_parser *p, uint64_t classes)
{
	struct charset set = { 0 };
	enum err code = charset_add_classes(&set, classes, false);

	if (!code)
		return regex_put_set(p, &set);
	charset_free(&set);
	return code;
}

enum err
regex_put_around(struct regex_parser *p, const char *text, uint64_t classes)
{
	enum err code = OK;

	for (; *text && !code; text++)
		code = *text != '%' ? bytes_add(&p->out->code, text, 1)
		       : classes    ? put_classes(p, classes)
				    : regex_put_characters(p, '\n', '\n');
	return code;
}

void
regex_free(struct regex *regex)
{
	for (size_t i = 0; i < regex->set_count; i++)
		charset_free(&regex->sets[i]);
	buf_free(regex->sets);
	buf_free(regex->code.data);
	*regex = (struct regex){ 0 };
}

/* A class of bytes; one that is empty never matches. */
static enum err
spell_set(struct bytes *out, const struct alphabet *alphabet, size_t set)
{
	size_t letters = alphabet_size(alphabet), members = 0;
	enum err code = bytes_add(out, "[", 1);

	for (size_t first = 0; first < letters && !code; first++) {
		size_t end = first;
		char text[16];
		int n;

		while (end < letters && alphabet_has(alphabet, end, set))
			end++;
		if (end == first)
			continue;
		n = snprintf(text, sizeof(text), "\\x%02zx-\\x%02zx", first, end - 1);
		code = bytes_add(out, text, (size_t)n);
		members += end - first;
		first = end;
	}
	if (!code && !members)
		code = bytes_add(out, "^\\x00-\\xff", 10);
	return code ? code : bytes_add(out, "]", 1);
}

enum err
regex_spell(struct bytes *out, const struct regex *regex, const struct alphabet *alphabet)
{
	const struct bytes *from = &regex->code;
	enum err code = bytes_add(out, "", 0);

	for (size_t at = 0; at < from->length && !code;) {
		const unsigned char *byte = (const unsigned char *)from->data + at;

		if (*byte == REGEX_SET_MARK) {
			code = spell_set(out, alphabet, (size_t)byte[1] << 8 | byte[2]);
			at += REGEX_SET_BYTES;
		} else {
			code = bytes_add(out, from->data + at, 1);
			at++;
		}
	}
	return code;
}
