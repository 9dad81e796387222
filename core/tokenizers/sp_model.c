#include "core/tokenizers/sp_model.h"

#include <stdint.h>
#include <string.h>

/* Field numbers of sentencepiece_model.proto. */
enum { TRAINER_SPEC = 2, NORMALIZER_SPEC = 3 };
enum { UNK_SURFACE = 44 };
enum { ADD_DUMMY_PREFIX = 3, REMOVE_EXTRA_WHITESPACES = 4 };
enum { WIRE_VARINT, WIRE_64, WIRE_BYTES, WIRE_32 = 5 };

const struct sp_settings sp_settings_default = {
	.dummy_prefix = true,
	.unknown = " \xe2\x81\x87 ",
	.unknown_length = 5,
};

struct field {
	uint64_t number, value; /* value: of a varint */
	const char *data;       /* of a length-delimited field, else NULL */
	size_t size;
};

struct reader {
	const char *at, *end;
};

static bool
read_varint(uint64_t *out, struct reader *reader)
{
	*out = 0;
	for (int shift = 0; shift < 64 && reader->at < reader->end; shift += 7) {
		unsigned char byte = (unsigned char)*reader->at++;

		*out |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return true;
	}
	return false;
}

static bool
skip(struct reader *reader, uint64_t size)
{
	if (size > (uint64_t)(reader->end - reader->at))
		return false;
	reader->at += size;
	return true;
}

static bool
read_field(struct field *out, struct reader *reader)
{
	uint64_t tag, size;

	*out = (struct field){ 0 };
	if (!read_varint(&tag, reader))
		return false;
	out->number = tag >> 3;
	switch (tag & 7) {
	case WIRE_VARINT:
		return read_varint(&out->value, reader);
	case WIRE_64:
		return skip(reader, 8);
	case WIRE_32:
		return skip(reader, 4);
	case WIRE_BYTES:
		if (!read_varint(&size, reader))
			return false;
		out->data = reader->at;
		out->size = (size_t)size;
		return skip(reader, size);
	default:
		return false;
	}
}

static bool
read_normalizer(struct sp_settings *out, const struct field *spec)
{
	struct reader reader = { spec->data, spec->data + spec->size };
	struct field field;

	while (reader.at < reader.end) {
		if (!read_field(&field, &reader))
			return false;
		if (field.number == ADD_DUMMY_PREFIX)
			out->dummy_prefix = field.value != 0;
		if (field.number == REMOVE_EXTRA_WHITESPACES)
			out->remove_extra_spaces = field.value != 0;
	}
	return true;
}

static bool
read_trainer(struct sp_settings *out, const struct field *spec)
{
	struct reader reader = { spec->data, spec->data + spec->size };
	struct field field;

	while (reader.at < reader.end) {
		if (!read_field(&field, &reader))
			return false;
		if (field.number == UNK_SURFACE && field.data &&
		    field.size <= sizeof(out->unknown)) {
			memcpy(out->unknown, field.data, field.size);
			out->unknown_length = field.size;
		}
	}
	return true;
}

enum err
sp_settings_read(struct sp_settings *out, const char *data, size_t size)
{
	struct reader reader = { data, data + size };
	struct field field;
	bool ok = true;

	*out = sp_settings_default;
	out->remove_extra_spaces = true; /* the default of the format */
	while (ok && reader.at < reader.end) {
		ok = read_field(&field, &reader);
		if (ok && field.data && field.number == NORMALIZER_SPEC)
			ok = read_normalizer(out, &field);
		if (ok && field.data && field.number == TRAINER_SPEC)
			ok = read_trainer(out, &field);
	}
	return ok ? OK : err_set(ERR_FORMAT, "it is no SentencePiece model");
}
