#include "core/tokenizers/byte_chars.h"

enum { SHIFTED = 256, CONTROLS = 33, AFTER_TILDE = 127, LATIN_FIRST = 161, SOFT_HYPHEN = 173 };

/* The others are 0 to 32, then 127 to 160, then 173. */
int32_t
byte_chars_of(unsigned char byte)
{
	if (byte < CONTROLS)
		return SHIFTED + byte;
	if (byte >= AFTER_TILDE && byte < LATIN_FIRST)
		return SHIFTED + CONTROLS + byte - AFTER_TILDE;
	if (byte == SOFT_HYPHEN)
		return SHIFTED + CONTROLS + LATIN_FIRST - AFTER_TILDE;
	return byte;
}

int
byte_chars_back(int32_t code)
{
	enum { MIDDLE = SHIFTED + CONTROLS, LAST = MIDDLE + LATIN_FIRST - AFTER_TILDE };

	if (code == LAST)
		return SOFT_HYPHEN;
	if (code >= MIDDLE && code < LAST)
		return code - MIDDLE + AFTER_TILDE;
	if (code >= SHIFTED && code < MIDDLE)
		return code - SHIFTED;
	if (code >= 0 && code < SHIFTED && byte_chars_of((unsigned char)code) == code)
		return code;
	return -1;
}
