#ifndef CORE_TEXT_H
#define CORE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The one function that makes a string from outside fit for a terminal: C0, DEL, C1 (raw and as
 * UTF-8), bidi and zero-width controls and bytes that are not UTF-8 become visible (^[, \x9b,
 * <U+202E>). Always ends `out` with NUL, cuts between characters, returns its length. */
size_t text_visible(char *out, size_t capacity, const char *text, size_t length);

/* Decode one code point at text[*at] and advance; -1 for a byte that starts no valid sequence (then
 * *at advances by one). Overlong forms, surrogates and values above U+10FFFF are invalid. */
int32_t text_decode(const char *text, size_t length, size_t *at);

/* Write `code` as UTF-8 into out (at least 4 bytes); returns 1 to 4. */
size_t text_encode(char *out, int32_t code);

bool text_is_utf8(const char *text, size_t length);

/* The entry of `names` (ends with NULL) nearest to `name`, for "did you mean"; NULL if none is
 * near. */
const char *text_nearest(const char *name, const char *const *names);

/* Shell-like pattern on dotted names: * stays within one component, ** crosses. */
bool text_match(const char *pattern, const char *name);

#endif
