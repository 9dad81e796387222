#include "core/tokenizers/byte_piece.h"

#include <string.h>

void
byte_piece_write(char out[BYTE_PIECE_LENGTH], unsigned char byte)
{
	static const char digits[] = "0123456789ABCDEF";

	memcpy(out, "<0x00>", BYTE_PIECE_LENGTH);
	out[3] = digits[byte >> 4];
	out[4] = digits[byte & 15];
}

static int
digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int
byte_piece_value(const char *piece, size_t length)
{
	int high, low;

	if (length != BYTE_PIECE_LENGTH || memcmp(piece, "<0x", 3) || piece[5] != '>')
		return -1;
	high = digit(piece[3]);
	low = digit(piece[4]);
	return high < 0 || low < 0 ? -1 : high << 4 | low;
}

void
byte_piece_ids(int32_t out[256], const struct vocab *vocab)
{
	for (int byte = 0; byte < 256; byte++) {
		char piece[BYTE_PIECE_LENGTH];

		byte_piece_write(piece, (unsigned char)byte);
		out[byte] = vocab_find(vocab, piece, sizeof(piece));
	}
}
