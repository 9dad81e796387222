/* Tokens of a GGUF vocabulary back to text. */
#include "core/buf.h"
#include "core/text.h"
#include "core/tokenizers/byte_chars.h"
#include "core/tokenizers/byte_piece.h"
#include "core/tokenizers/gguf_vocab.h"
#include "core/tokenizers/lossy.h"

#include <string.h>

struct decoder {
	struct gguf_decoding decoding;
	unsigned char *kinds; /* by id */
	size_t count;
};

static void
destroy(void *state)
{
	buf_free(((struct decoder *)state)->kinds);
}

/* Characters that are no stand-ins stay as they are. */
static enum err
add_stand_ins(struct bytes *out, const char *piece, size_t length)
{
	enum err code = OK;

	for (size_t at = 0; at < length && !code;) {
		size_t start = at;
		int byte = byte_chars_back(text_decode(piece, length, &at));
		char c = (char)byte;

		code = byte < 0 ? bytes_add(out, piece + start, at - start) : bytes_add(out, &c, 1);
	}
	return code;
}

static enum err
add_marks(struct bytes *out, const char *piece, size_t length)
{
	enum err code = OK;

	for (size_t at = 0; at < length && !code;) {
		bool mark = length - at >= 3 && !memcmp(piece + at, "\xe2\x96\x81", 3);

		code = bytes_add(out, mark ? " " : piece + at, 1);
		at += mark ? 3 : 1;
	}
	return code;
}

static enum err
add_piece(struct bytes *out, const struct decoder *decoder, const char *piece, size_t length,
	  int32_t id)
{
	unsigned char kind =
		id >= 0 && (size_t)id < decoder->count ? decoder->kinds[id] : PIECE_NORMAL;
	int byte = kind == PIECE_BYTE ? byte_piece_value(piece, length) : -1;
	char c = (char)byte;

	if (byte >= 0)
		return bytes_add(out, &c, 1);
	if (kind == PIECE_CONTROL || kind == PIECE_UNKNOWN || kind == PIECE_USER_DEFINED)
		return bytes_add(out, piece, length);
	return decoder->decoding.stand_ins ? add_stand_ins(out, piece, length)
					   : add_marks(out, piece, length);
}

static enum err
decode(struct cuts *out, const void *state, const struct cuts *in)
{
	const struct decoder *decoder = state;
	struct bytes raw = { 0 };
	size_t skip = 0;
	enum err code = OK;

	for (size_t i = 0; i < in->count && !code; i++) {
		const struct cut *cut = &in->list[i];

		code = add_piece(&raw, decoder, in->text.data + cut->start, cut->length, cut->id);
		if (!i && raw.length && decoder->decoding.prefix)
			skip = raw.data[0] == ' ';
	}
	if (!code && raw.length)
		code = lossy_add(&out->text, raw.data + skip, raw.length - skip);
	code = code ? code : cuts_keep(out);
	buf_free(raw.data);
	return code;
}

static const struct part_kind kind = {
	.type = "gguf", .size = sizeof(struct decoder), .destroy = destroy, .decode = decode
};

enum err
gguf_set_decoder(struct tokenizer *out, const struct gguf_vocab *vocab,
		 const struct gguf_decoding *decoding)
{
	struct decoder *decoder = buf_alloc(1, sizeof(*decoder));

	if (!decoder)
		return ERR_NOMEM;
	out->decoder = (struct part){ &kind, decoder };
	decoder->decoding = *decoding;
	if (!(decoder->kinds = buf_alloc(vocab->count + 1, 1)))
		return ERR_NOMEM;
	memcpy(decoder->kinds, vocab->kinds, vocab->count);
	decoder->count = vocab->count;
	return OK;
}
