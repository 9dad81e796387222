#ifndef SESSIONS_WORDS_H
#define SESSIONS_WORDS_H

#include <stdbool.h>
#include <stddef.h>

/* Text that grows. Start from { 0 }; a failure of memory sticks and words_take returns NULL. */
struct words {
	char *text;
	size_t length, capacity;
	bool failed;
};

void words_add(struct words *words, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void words_append(struct words *words, const char *bytes, size_t length);
char *words_take(struct words *words); /* owned by the caller; `words` is empty again */
void words_drop(struct words *words);

#endif
