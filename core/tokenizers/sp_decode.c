#include "core/buf.h"
#include "core/tokenizers/byte_piece.h"
#include "core/tokenizers/lossy.h"
#include "core/tokenizers/sp_text.h"
#include "core/tokenizers/charsmap.h"
#include "core/text.h"

#include <string.h>

#define MARK "\xe2\x96\x81"

struct decoder {
	unsigned char *kinds; /* by id */
	size_t count;
	char *unknown;
	size_t unknown_length;
	struct charsmap *map; /* for the decoded text; NULL: none */
	bool strips;          /* the first piece's space is not the text's */
	bool strips_all;      /* ... nor that of the next one, as long as there is no text */
};

static void
destroy(void *state)
{
	struct decoder *decoder = state;

	buf_free(decoder->kinds);
	buf_free(decoder->unknown);
	charsmap_free(decoder->map);
}

/* Bytes are collected, and put out as text where they end. */
struct pieces {
	struct bytes text, bytes;
	bool stripped; /* a piece lost its space */
};

static enum err
flush_bytes(struct pieces *pieces)
{
	enum err code = OK;

	/* Each byte that fits nowhere is a replacement character. */
	for (size_t at = 0; at < pieces->bytes.length && !code;) {
		size_t start = at;

		if (text_decode(pieces->bytes.data, pieces->bytes.length, &at) < 0)
			code = bytes_add(&pieces->text, "\xef\xbf\xbd", 3);
		else
			code = bytes_add(&pieces->text, pieces->bytes.data + start, at - start);
	}
	pieces->bytes.length = 0;
	return code;
}

static enum err
add_text(struct pieces *out, const struct decoder *decoder, const char *piece, size_t length)
{
	bool first = !out->stripped && !out->text.length;
	size_t at = 0;
	enum err code = OK;

	if (first && decoder->strips && length >= 3 && !memcmp(piece, MARK, 3)) {
		at = 3;
		out->stripped = !decoder->strips_all;
	}
	while (at < length && !code) {
		bool mark = length - at >= 3 && !memcmp(piece + at, MARK, 3);

		code = bytes_add(&out->text, mark ? " " : piece + at, 1);
		at += mark ? 3 : 1;
	}
	return code;
}

static enum err
add_piece(struct pieces *out, const struct decoder *decoder, const char *piece, size_t length,
	  int32_t id)
{
	unsigned char kind =
		id >= 0 && (size_t)id < decoder->count ? decoder->kinds[id] : PIECE_CONTROL;
	int byte = kind == PIECE_BYTE ? byte_piece_value(piece, length) : -1;
	char c = (char)byte;
	enum err code;

	if (byte >= 0)
		return bytes_add(&out->bytes, &c, 1);
	code = flush_bytes(out);
	if (code)
		return code;
	if (kind == PIECE_UNKNOWN)
		return bytes_add(&out->text, decoder->unknown, decoder->unknown_length);
	if (kind == PIECE_CONTROL) /* shown when it is asked for, or added beside the model */
		return bytes_add(&out->text, piece, length);
	return add_text(out, decoder, piece, length);
}

static enum err
map_back(struct bytes *out, const struct charsmap *map, const struct bytes *text)
{
	enum err code = OK;

	for (size_t at = 0; at < text->length && !code;) {
		struct charsmap_match match;
		size_t start = at;

		if (charsmap_longest(&match, map, text->data + at, text->length - at)) {
			at += match.length;
			code = bytes_add(out, match.replacement, match.replacement_length);
		} else {
			text_decode(text->data, text->length, &at);
			code = bytes_add(out, text->data + start, at - start);
		}
	}
	return code;
}

static enum err
decode(struct cuts *out, const void *state, const struct cuts *in)
{
	const struct decoder *decoder = state;
	struct pieces pieces = { 0 };
	enum err code = OK;

	for (size_t i = 0; i < in->count && !code; i++)
		code = add_piece(&pieces, decoder, in->text.data + in->list[i].start,
				 in->list[i].length, in->list[i].id);
	code = code ? code : flush_bytes(&pieces);
	if (!code && decoder->map)
		code = map_back(&out->text, decoder->map, &pieces.text);
	else if (!code)
		code = bytes_add(&out->text, pieces.text.data, pieces.text.length);
	code = code ? code : cuts_keep(out);
	buf_free(pieces.text.data);
	buf_free(pieces.bytes.data);
	return code;
}

static const struct part_kind kind = { .type = "sentencepiece",
				       .size = sizeof(struct decoder),
				       .destroy = destroy,
				       .decode = decode };

enum err
sp_text_set_decoder(struct tokenizer *out, const struct sp_model *model)
{
	struct decoder *decoder = buf_alloc(1, sizeof(*decoder));

	if (!decoder)
		return ERR_NOMEM;
	out->decoder = (struct part){ &kind, decoder };
	decoder->kinds = buf_alloc(model->count + 1, 1);
	decoder->unknown = buf_strndup(model->unknown.data, model->unknown.size);
	if (!decoder->kinds || !decoder->unknown)
		return ERR_NOMEM;
	for (size_t i = 0; i < model->count; i++)
		decoder->kinds[i] = model->pieces[i].kind;
	decoder->count = model->count;
	decoder->unknown_length = model->unknown.size;
	decoder->strips = model->dummy_prefix || model->remove_extra_spaces;
	decoder->strips_all = model->remove_extra_spaces;
	return model->back_charsmap.size ? charsmap_create(&decoder->map, model->back_charsmap.data,
							   model->back_charsmap.size)
					 : OK;
}
