#include "core/words.h"

#include <string.h>

const char *
words_next(const char *words)
{
	const char *bar = strchr(words, '|');

	return bar ? bar + 1 : NULL;
}

bool
words_have(const char *words, const char *word, size_t length)
{
	for (; words; words = words_next(words))
		if (strcspn(words, "|") == length && !memcmp(words, word, length))
			return true;
	return false;
}

char *
words_copy(char *out, size_t capacity, const char *words)
{
	size_t n = strcspn(words, "|");

	n = n < capacity - 1 ? n : capacity - 1;
	memcpy(out, words, n);
	out[n] = '\0';
	return out;
}
