#include "core/tokenizers/sp_model.h"

#include "core/buf.h"
#include "core/protobuf.h"
#include "core/tokenizers/models.h"

#include <math.h>
#include <string.h>

/* Field numbers of sentencepiece_model.proto. */
enum { PIECES = 1, TRAINER = 2, NORMALIZER = 3, DENORMALIZER = 5 };
enum { PIECE_TEXT = 1, PIECE_SCORE = 2, PIECE_TYPE = 3 };
enum { MODEL_TYPE = 3, SPACE_BEHIND = 24, BYTE_FALLBACK = 35, UNK_SURFACE = 44 };
enum { BOS_PIECE = 46, EOS_PIECE = 47 };
enum { CHARSMAP = 2, DUMMY_PREFIX = 3, REMOVE_EXTRA = 4, ESCAPE = 5 };

static struct protobuf
message_of(const char *data, size_t size)
{
	return (struct protobuf){ .at = data, .end = data + size };
}

static struct sp_text
text_of(const char *text)
{
	return (struct sp_text){ text, strlen(text) };
}

/* The defaults of the format. */
static void
start(struct sp_model *out)
{
	*out = (struct sp_model){ .type = SP_UNIGRAM,
				  .bos = text_of("<s>"),
				  .eos = text_of("</s>"),
				  .unknown = text_of(" \xe2\x81\x87 "),
				  .dummy_prefix = true,
				  .remove_extra_spaces = true,
				  .escape_spaces = true };
}

void
sp_model_default(struct sp_model *out)
{
	start(out);
	out->remove_extra_spaces = false;
}

void
sp_model_clear(struct sp_model *model)
{
	buf_free(model->pieces);
	*model = (struct sp_model){ 0 };
}

static float
float_of(uint64_t value)
{
	uint32_t bits = (uint32_t)value;
	float number;

	memcpy(&number, &bits, sizeof(number));
	return number;
}

static enum err
check_piece(const struct sp_piece *piece, uint64_t type, size_t index)
{
	if (!piece->text.size)
		return err_at(ERR_FORMAT, NULL, "pieces", "piece %zu is empty", index);
	if (!isfinite(piece->score))
		return err_at(ERR_FORMAT, NULL, "pieces", "the score of piece %zu is not finite",
			      index);
	if (type < PIECE_NORMAL || type >= PIECE_KIND_COUNT)
		return err_at(ERR_FORMAT, NULL, "pieces",
			      "piece %zu is of type %llu, which SentencePiece does not know", index,
			      (unsigned long long)type);
	return OK;
}

static enum err
read_piece(struct sp_model *out, const struct protobuf_field *spec)
{
	struct protobuf message = message_of(spec->data, spec->size);
	struct protobuf_field field;
	struct sp_piece piece = { .score = 0 };
	uint64_t type = PIECE_NORMAL;
	enum err code;

	while (protobuf_next(&field, &message)) {
		if (protobuf_is(&field, PIECE_TEXT, PROTOBUF_BYTES))
			piece.text = (struct sp_text){ field.data, field.size };
		if (protobuf_is(&field, PIECE_SCORE, PROTOBUF_32))
			piece.score = float_of(field.value);
		if (protobuf_is(&field, PIECE_TYPE, PROTOBUF_VARINT))
			type = field.value;
	}
	if (message.broken)
		return err_at(ERR_FORMAT, NULL, "pieces", "piece %zu is damaged", out->count);
	code = check_piece(&piece, type, out->count);
	piece.kind = (unsigned char)type;
	if (code)
		return code;
	if (buf_grow(&out->pieces, &out->capacity, out->count + 1, sizeof(piece)))
		return ERR_NOMEM;
	out->pieces[out->count++] = piece;
	return OK;
}

static void
set_text(struct sp_text *out, const struct protobuf_field *field, uint32_t number)
{
	if (protobuf_is(field, number, PROTOBUF_BYTES))
		*out = (struct sp_text){ field->data, field->size };
}

static void
set_bool(bool *out, const struct protobuf_field *field, uint32_t number)
{
	if (protobuf_is(field, number, PROTOBUF_VARINT))
		*out = field->value != 0;
}

static enum err
read_trainer(struct sp_model *out, const struct protobuf_field *spec)
{
	struct protobuf message = message_of(spec->data, spec->size);
	struct protobuf_field field;

	while (protobuf_next(&field, &message)) {
		if (protobuf_is(&field, MODEL_TYPE, PROTOBUF_VARINT)) {
			if (field.value < SP_UNIGRAM || field.value > SP_CHAR)
				return err_at(ERR_FORMAT, NULL, "trainer_spec",
					      "the model type %llu is unknown",
					      (unsigned long long)field.value);
			out->type = (enum sp_type)field.value;
		}
		set_bool(&out->space_behind, &field, SPACE_BEHIND);
		set_bool(&out->byte_fallback, &field, BYTE_FALLBACK);
		set_text(&out->unknown, &field, UNK_SURFACE);
		set_text(&out->bos, &field, BOS_PIECE);
		set_text(&out->eos, &field, EOS_PIECE);
	}
	return message.broken ? err_at(ERR_FORMAT, NULL, "trainer_spec", "is damaged") : OK;
}

static enum err
read_normalizer(struct sp_model *out, const struct protobuf_field *spec)
{
	struct protobuf message = message_of(spec->data, spec->size);
	struct protobuf_field field;

	while (protobuf_next(&field, &message)) {
		set_text(&out->charsmap, &field, CHARSMAP);
		set_bool(&out->dummy_prefix, &field, DUMMY_PREFIX);
		set_bool(&out->remove_extra_spaces, &field, REMOVE_EXTRA);
		set_bool(&out->escape_spaces, &field, ESCAPE);
	}
	return message.broken ? err_at(ERR_FORMAT, NULL, "normalizer_spec", "is damaged") : OK;
}

static enum err
read_denormalizer(struct sp_model *out, const struct protobuf_field *spec)
{
	struct protobuf message = message_of(spec->data, spec->size);
	struct protobuf_field field;

	while (protobuf_next(&field, &message))
		set_text(&out->back_charsmap, &field, CHARSMAP);
	return message.broken ? err_at(ERR_FORMAT, NULL, "denormalizer_spec", "is damaged") : OK;
}

static enum err
read_field(struct sp_model *out, const struct protobuf_field *field)
{
	if (field->type != PROTOBUF_BYTES)
		return OK;
	switch (field->number) {
	case PIECES:
		return read_piece(out, field);
	case TRAINER:
		return read_trainer(out, field);
	case NORMALIZER:
		return read_normalizer(out, field);
	case DENORMALIZER:
		return read_denormalizer(out, field);
	default:
		return OK;
	}
}

enum err
sp_model_read(struct sp_model *out, const char *data, size_t size)
{
	struct protobuf message = message_of(data, size);
	struct protobuf_field field;
	enum err code = OK;

	start(out);
	while (!code && protobuf_next(&field, &message))
		code = read_field(out, &field);
	if (!code && message.broken)
		code = err_set(ERR_FORMAT, "it is no SentencePiece model");
	return code;
}
