/* "ByteFallback" as a decoder: runs of pieces <0x00> to <0xFF> become the text they spell; a run
 * that is not UTF-8 becomes one U+FFFD for each of its bytes. */
#include "core/buf.h"
#include "core/text.h"
#include "core/tokenizers/byte_piece.h"
#include "core/tokenizers/kinds.h"

static enum err
flush(struct cuts *out, struct bytes *run)
{
	enum err code = OK;

	if (!run->length)
		return OK;
	if (text_is_utf8(run->data, run->length)) {
		code = bytes_add(&out->text, run->data, run->length);
		code = code ? code : cuts_keep(out);
	} else {
		for (size_t i = 0; i < run->length && !code; i++) {
			code = bytes_add(&out->text, "\xef\xbf\xbd", 3);
			code = code ? code : cuts_keep(out);
		}
	}
	run->length = 0;
	return code;
}

static enum err
decode(struct cuts *out, const void *state, const struct cuts *in)
{
	struct bytes run = { 0 };
	enum err code = OK;

	(void)state;
	for (size_t i = 0; i < in->count && !code; i++) {
		const char *text = in->text.data + in->list[i].start;
		int byte = byte_piece_value(text, in->list[i].length);
		char c = (char)byte;

		if (byte >= 0) {
			code = bytes_add(&run, &c, 1);
			continue;
		}
		code = flush(out, &run);
		code = code ? code : bytes_add(&out->text, text, in->list[i].length);
		code = code ? code : cuts_keep(out);
	}
	code = code ? code : flush(out, &run);
	buf_free(run.data);
	return code;
}

const struct part_kind decoder_byte_fallback = { .type = "ByteFallback", .decode = decode };
