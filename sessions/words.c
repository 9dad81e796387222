#include "sessions/words.h"

#include "core/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void
words_append(struct words *words, const char *bytes, size_t length)
{
	if (words->failed ||
	    buf_grow(&words->text, &words->capacity, words->length + length + 1, 1)) {
		words->failed = true;
		return;
	}
	memcpy(words->text + words->length, bytes, length);
	words->length += length;
	words->text[words->length] = '\0';
}

void
words_add(struct words *words, const char *fmt, ...)
{
	char small[512], *large = NULL;
	va_list ap, again;
	int length;

	va_start(ap, fmt);
	va_copy(again, ap);
	length = vsnprintf(small, sizeof(small), fmt, ap);
	if (length >= (int)sizeof(small) && (large = buf_alloc((size_t)length + 1, 1)))
		vsnprintf(large, (size_t)length + 1, fmt, again);
	va_end(again);
	va_end(ap);
	if (length < 0 || (length >= (int)sizeof(small) && !large))
		words->failed = true;
	else
		words_append(words, large ? large : small, (size_t)length);
	buf_free(large);
}

char *
words_take(struct words *words)
{
	char *text;

	words_append(words, "", 0);
	text = words->failed ? NULL : words->text;
	if (words->failed)
		buf_free(words->text);
	*words = (struct words){ 0 };
	return text;
}

void
words_drop(struct words *words)
{
	buf_free(words->text);
	*words = (struct words){ 0 };
}
