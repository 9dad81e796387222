#ifndef CORE_TOKENIZERS_BYTE_CHARS_H
#define CORE_TOKENIZERS_BYTE_CHARS_H

#include <stddef.h>
#include <stdint.h>

/* GPT-2's printable stand-ins for bytes (Radford et al. 2019, encoder.py: bytes_to_unicode): the
 * printable bytes of Latin-1 stand for themselves, the 68 others for U+0100 onwards, in order. */
int32_t byte_chars_of(unsigned char byte);
int byte_chars_back(int32_t code); /* the byte, or -1 */

#endif
