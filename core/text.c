#include "core/text.h"

#include <stdio.h>
#include <string.h>

/* Smallest code point that a sequence of 2, 3 or 4 bytes may hold; less is an overlong form. */
static const int32_t smallest[5] = { 0, 0, 0x80, 0x800, 0x10000 };

static size_t
sequence_length(unsigned char lead)
{
	if (lead < 0x80)
		return 1;
	if (lead >= 0xc2 && lead < 0xe0)
		return 2;
	if ((lead & 0xf0) == 0xe0)
		return 3;
	if (lead >= 0xf0 && lead < 0xf5)
		return 4;
	return 0;
}

int32_t
text_decode(const char *text, size_t length, size_t *at)
{
	const unsigned char *p = (const unsigned char *)text + *at;
	size_t n = sequence_length(*p);
	int32_t code;

	if (n == 0 || n > length - *at)
		goto invalid;
	if (n == 1) {
		++*at;
		return *p;
	}
	code = *p & (0xff >> (n + 1));
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			goto invalid;
		code = code << 6 | (p[i] & 0x3f);
	}
	if (code < smallest[n] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		goto invalid;
	*at += n;
	return code;
invalid:
	++*at;
	return -1;
}

size_t
text_encode(char *out, int32_t code)
{
	if (code < 0x80) {
		out[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		out[0] = (char)(0xc0 | code >> 6);
		out[1] = (char)(0x80 | (code & 0x3f));
		return 2;
	}
	if (code < 0x10000) {
		out[0] = (char)(0xe0 | code >> 12);
		out[1] = (char)(0x80 | (code >> 6 & 0x3f));
		out[2] = (char)(0x80 | (code & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | code >> 18);
	out[1] = (char)(0x80 | (code >> 12 & 0x3f));
	out[2] = (char)(0x80 | (code >> 6 & 0x3f));
	out[3] = (char)(0x80 | (code & 0x3f));
	return 4;
}

bool
text_is_utf8(const char *text, size_t length)
{
	for (size_t at = 0; at < length;)
		if (text_decode(text, length, &at) < 0)
			return false;
	return true;
}

/* Format controls that reorder or hide what stands beside them. */
static bool
deceives(int32_t code)
{
	return (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
	       (code >= 0x2060 && code <= 0x206f) || code == 0xfeff || code == 0x061c ||
	       (code >= 0xfff9 && code <= 0xfffb) || (code >= 0xe0000 && code <= 0xe007f) ||
	       code == 0x00ad || code == 0x180e;
}

/* One character, or what stands for it, in out[16]; returns its length. */
static size_t
visible(char out[16], const char *text, size_t length, size_t *at)
{
	size_t start = *at;
	int32_t code = text_decode(text, length, at);

	if (code < 0)
		return (size_t)snprintf(out, 16, "\\x%02x", (unsigned char)text[start]);
	if (code < 0x20)
		return (size_t)snprintf(out, 16, "^%c", (char)(code + '@'));
	if (code == 0x7f)
		return (size_t)snprintf(out, 16, "^?");
	if (code >= 0x80 && code < 0xa0)
		return (size_t)snprintf(out, 16, "\\x%02x", (unsigned)code);
	if (deceives(code))
		return (size_t)snprintf(out, 16, "<U+%04X>", (unsigned)code);
	memcpy(out, text + start, *at - start);
	return *at - start;
}

size_t
text_visible(char *out, size_t capacity, const char *text, size_t length)
{
	size_t used = 0;

	for (size_t at = 0; at < length && capacity;) {
		char piece[16];
		size_t n = visible(piece, text, length, &at);

		if (used + n >= capacity)
			break;
		memcpy(out + used, piece, n);
		used += n;
	}
	if (capacity)
		out[used] = '\0';
	return used;
}

enum { NEAREST_MAX = 63 };

/* Levenshtein distance, one row at a time. */
static size_t
distance(const char *a, const char *b)
{
	size_t row[NEAREST_MAX + 1], m = strlen(a), n = strlen(b);

	if (m > NEAREST_MAX || n > NEAREST_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= n; j++)
		row[j] = j;
	for (size_t i = 1; i <= m; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= n; j++) {
			size_t change = diagonal + (a[i - 1] != b[j - 1]);
			size_t least = row[j] < row[j - 1] ? row[j] + 1 : row[j - 1] + 1;

			diagonal = row[j];
			row[j] = change < least ? change : least;
		}
	}
	return row[n];
}

const char *
text_nearest(const char *name, const char *const *names)
{
	const char *best = NULL;
	size_t limit = strlen(name) / 2 + 1;

	for (; *names; names++) {
		size_t d = distance(name, *names);

		if (d <= limit) {
			limit = d ? d - 1 : 0;
			best = *names;
			if (!d)
				break;
		}
	}
	return best;
}

enum { PATTERN_MAX = 255 };

static bool
is_double(const char *pattern, size_t i)
{
	return pattern[i] == '*' && pattern[i + 1] == '*';
}

/* Add state i and those reached without eating a character: a star may match nothing. */
static void
enter(bool *states, const char *pattern, size_t i)
{
	while (!states[i]) {
		states[i] = true;
		if (pattern[i] != '*')
			return;
		i += is_double(pattern, i) ? 2 : 1;
	}
}

/* A simulation of the automaton whose states are positions in the pattern: linear in the name for
 * any pattern, hostile ones included. */
bool
text_match(const char *pattern, const char *name)
{
	bool now[PATTERN_MAX + 1] = { false }, next[PATTERN_MAX + 1];
	size_t length = strlen(pattern);

	if (length > PATTERN_MAX)
		return false;
	enter(now, pattern, 0);
	for (; *name; name++) {
		memset(next, 0, sizeof(next));
		for (size_t i = 0; i < length; i++) {
			if (!now[i])
				continue;
			if (pattern[i] != '*' && pattern[i] == *name)
				enter(next, pattern, i + 1);
			if (pattern[i] == '*' && (is_double(pattern, i) || *name != '.'))
				enter(next, pattern, i);
		}
		memcpy(now, next, sizeof(now));
	}
	return now[length];
}
