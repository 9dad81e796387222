/* GGUF, versions 2 and 3, little-endian (ggml's docs/gguf.md). No padding between fields:
 *
 *   "GGUF", u32 version, u64 tensors, u64 pairs,
 *   pairs of {string key, u32 type, value}; an array is {u32 type, u64 count, elements},
 *   tensors {string name, u32 rank, u64 extents (the row's length first), u32 type, u64 offset},
 *   zeros up to a multiple of general.alignment, then the data, from where offsets count.
 *
 * A string is a u64 length and its bytes. Held to the rules of ggml's own reader (gguf.cpp), but
 * that tensors may stand in any order and leave gaps, as the format allows. Beyond both: keys and
 * names without NUL, bools of 0 and 1. Every count is bounded by the bytes that are left. */
#include "core/buf.h"
#include "core/file.h"
#include "core/formats/gguf_internal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HEADER_MAX = 1 << 30, KEY_MAX = 65535, FIRST_CHUNK = 1 << 20 };
enum { PAIR_LEAST = 8 + 1 + 4 + 1 }; /* bytes of the shortest pair: a key of one letter, a bool */

#define MAGIC "GGUF"

static const struct {
	const char *name;
	size_t size;
} types[GGUF_TYPE_COUNT] = {
	[GGUF_U8] = { "u8", 1 },       [GGUF_I8] = { "i8", 1 },     [GGUF_U16] = { "u16", 2 },
	[GGUF_I16] = { "i16", 2 },     [GGUF_U32] = { "u32", 4 },   [GGUF_I32] = { "i32", 4 },
	[GGUF_F32] = { "f32", 4 },     [GGUF_BOOL] = { "bool", 1 }, [GGUF_STRING] = { "string", 0 },
	[GGUF_ARRAY] = { "array", 0 }, [GGUF_U64] = { "u64", 8 },   [GGUF_I64] = { "i64", 8 },
	[GGUF_F64] = { "f64", 8 },
};

const char *
gguf_type_name(enum gguf_type type)
{
	return types[type].name;
}

size_t
gguf_type_size(enum gguf_type type)
{
	return types[type].size;
}

uint64_t
gguf_little(const unsigned char *data, size_t size)
{
	uint64_t value = 0;

	for (size_t i = size; i--;)
		value = value << 8 | data[i];
	return value;
}

uint64_t
gguf_left(const struct gguf_reader *reader)
{
	return file_map_size(reader->map) - reader->at;
}

/* Copy the file up to `end`, and some more while it is small. */
static enum err
load(struct gguf_reader *reader, uint64_t end)
{
	struct gguf *gguf = reader->gguf;
	uint64_t size = file_map_size(reader->map), more = gguf->header_size * 2;

	if (end > HEADER_MAX)
		return err_at(ERR_RANGE, gguf->path, NULL,
			      "has metadata of more than %d MiB; it is damaged or no model",
			      HEADER_MAX >> 20);
	more = more > FIRST_CHUNK ? more : FIRST_CHUNK;
	more = more > end ? more : end;
	more = more < size ? more : size;
	if (buf_grow(&gguf->header, &reader->capacity, more, 1))
		return ERR_NOMEM;
	memcpy(gguf->header + gguf->header_size,
	       (const unsigned char *)file_map_data(reader->map) + gguf->header_size,
	       more - gguf->header_size);
	gguf->header_size = more;
	return OK;
}

enum err
gguf_take(const unsigned char **out, struct gguf_reader *reader, uint64_t size, const char *item)
{
	const struct gguf *gguf = reader->gguf;
	enum err code = OK;

	*out = NULL;
	if (size > gguf_left(reader))
		return err_at(ERR_FORMAT, gguf->path, item,
			      "claims %llu bytes where %llu are left; the file is truncated or its "
			      "header lies",
			      (unsigned long long)size, (unsigned long long)gguf_left(reader));
	if (size > gguf->header_size - reader->at)
		code = load(reader, reader->at + size);
	if (code)
		return code;
	*out = gguf->header + reader->at;
	reader->at += size;
	return OK;
}

enum err
gguf_take_number(uint64_t *out, struct gguf_reader *reader, size_t size, const char *item)
{
	const unsigned char *data;
	enum err code = gguf_take(&data, reader, size, item);

	*out = code ? 0 : gguf_little(data, size);
	return code;
}

enum err
gguf_take_name(const char **out, struct gguf_reader *reader, uint64_t longest, const char *what)
{
	const unsigned char *data;
	uint64_t length;
	enum err code = gguf_take_number(&length, reader, 8, what);

	*out = NULL;
	if (!code && (!length || length > longest) && length <= gguf_left(reader))
		return err_at(ERR_FORMAT, reader->gguf->path, what,
			      "has a name of %llu bytes; 1 to %llu are allowed",
			      (unsigned long long)length, (unsigned long long)longest);
	code = code ? code : gguf_take(&data, reader, length, what);
	if (code)
		return code;
	if (memchr(data, '\0', length))
		return err_at(ERR_FORMAT, reader->gguf->path, what, "has a name with a NUL inside");
	*out = arena_strndup(&reader->gguf->arena, (const char *)data, length);
	return *out ? OK : ERR_NOMEM;
}

static enum err
skip_strings(struct gguf_reader *reader, const struct gguf_value *value)
{
	const unsigned char *data;
	enum err code = OK;

	if (value->count > gguf_left(reader) / 8)
		return err_at(ERR_FORMAT, reader->gguf->path, value->key,
			      "claims %llu strings where %llu bytes are left",
			      (unsigned long long)value->count,
			      (unsigned long long)gguf_left(reader));
	for (uint64_t i = 0; i < value->count && !code; i++) {
		uint64_t length;

		code = gguf_take_number(&length, reader, 8, value->key);
		code = code ? code : gguf_take(&data, reader, length, value->key);
	}
	return code;
}

static enum err
skip_numbers(struct gguf_reader *reader, const struct gguf_value *value)
{
	const unsigned char *data;
	size_t size = types[value->type].size;
	enum err code;

	if (value->count > gguf_left(reader) / size)
		return err_at(ERR_FORMAT, reader->gguf->path, value->key,
			      "claims %llu elements of type %s where %llu bytes are left",
			      (unsigned long long)value->count, types[value->type].name,
			      (unsigned long long)gguf_left(reader));
	code = gguf_take(&data, reader, value->count * size, value->key);
	for (uint64_t i = 0; value->type == GGUF_BOOL && i < value->count && !code; i++)
		if (data[i] > 1)
			code = err_at(ERR_FORMAT, reader->gguf->path, value->key,
				      "holds a bool of %d; only 0 and 1 are", data[i]);
	return code;
}

static enum err
take_type(enum gguf_type *out, struct gguf_reader *reader, const char *key, bool element)
{
	uint64_t number;
	enum err code = gguf_take_number(&number, reader, 4, key);

	if (code)
		return code;
	if (number >= GGUF_TYPE_COUNT)
		return err_at(ERR_FORMAT, reader->gguf->path, key,
			      "has a value of type %llu, which GGUF does not know",
			      (unsigned long long)number);
	if (element && number == GGUF_ARRAY)
		return err_at(ERR_UNSUPPORTED, reader->gguf->path, key,
			      "holds arrays inside an array, which no reader of GGUF takes");
	*out = (enum gguf_type)number;
	return OK;
}

static enum err
keep_text(struct gguf_value *value, struct gguf *gguf)
{
	const char *text = (const char *)gguf->header + value->start + 8;

	value->text = arena_strndup(&gguf->arena, text, value->size - 8);
	return value->text ? OK : ERR_NOMEM;
}

static enum err
read_pair(struct gguf_reader *reader)
{
	struct gguf *gguf = reader->gguf;
	struct gguf_value value = { .count = 1 };
	enum err code = gguf_take_name(&value.key, reader, KEY_MAX, "metadata");

	code = code ? code : take_type(&value.type, reader, value.key, false);
	value.is_array = value.type == GGUF_ARRAY;
	if (!code && value.is_array) {
		code = take_type(&value.type, reader, value.key, true);
		code = code ? code : gguf_take_number(&value.count, reader, 8, value.key);
	}
	value.start = (size_t)reader->at;
	if (!code)
		code = types[value.type].size ? skip_numbers(reader, &value)
					      : skip_strings(reader, &value);
	value.size = (size_t)reader->at - value.start;
	if (!code && value.type == GGUF_STRING && !value.is_array)
		code = keep_text(&value, gguf);
	if (!code &&
	    buf_grow(&gguf->values, &gguf->value_capacity, gguf->value_count + 1, sizeof(value)))
		code = ERR_NOMEM;
	if (!code)
		gguf->values[gguf->value_count++] = value;
	return code;
}

static int
by_key(const void *a, const void *b)
{
	return strcmp(((const struct gguf_value *)a)->key, ((const struct gguf_value *)b)->key);
}

static enum err
sort_pairs(struct gguf *gguf)
{
	struct gguf_value *values = gguf->values;

	if (gguf->value_count)
		qsort(values, gguf->value_count, sizeof(*values), by_key);
	for (size_t i = 1; i < gguf->value_count; i++)
		if (!strcmp(values[i - 1].key, values[i].key))
			return err_at(ERR_FORMAT, gguf->path, values[i].key,
				      "stands in the metadata twice");
	return OK;
}

static enum err
check_version(struct gguf *gguf, uint64_t version)
{
	gguf->version = (uint32_t)version;
	if (!(version & 0xffff))
		return err_at(ERR_UNSUPPORTED, gguf->path, NULL,
			      "is a big-endian GGUF; convert it with gguf-py's "
			      "gguf_convert_endian.py");
	if (version < 2 || version > 3)
		return err_at(ERR_UNSUPPORTED, gguf->path, NULL,
			      "is GGUF of version %u; 2 and 3 are read, convert the model anew",
			      gguf->version);
	return OK;
}

/* The magic, the version, and how many of each there are. */
static enum err
read_counts(uint64_t *tensors, uint64_t *pairs, struct gguf_reader *reader)
{
	struct gguf *gguf = reader->gguf;
	const unsigned char *magic;
	uint64_t version;
	enum err code = gguf_take(&magic, reader, strlen(MAGIC), NULL);

	if (!code && memcmp(magic, MAGIC, strlen(MAGIC)))
		code = err_at(ERR_FORMAT, gguf->path, NULL, "does not begin with GGUF");
	code = code ? code : gguf_take_number(&version, reader, 4, NULL);
	code = code ? code : check_version(gguf, version);
	code = code ? code : gguf_take_number(tensors, reader, 8, NULL);
	code = code ? code : gguf_take_number(pairs, reader, 8, NULL);
	if (!code && *pairs > gguf_left(reader) / PAIR_LEAST)
		code = err_at(ERR_FORMAT, gguf->path, NULL,
			      "claims %llu pairs of metadata where %llu bytes are left",
			      (unsigned long long)*pairs, (unsigned long long)gguf_left(reader));
	return code;
}

static enum err
read_alignment(struct gguf *gguf)
{
	const struct gguf_value *value = gguf_find(gguf, "general.alignment");

	gguf->alignment = 32;
	if (!value)
		return OK;
	if (value->is_array || value->type != GGUF_U32)
		return err_at(ERR_FORMAT, gguf->path, value->key, "is no single u32");
	gguf->alignment = gguf_little(value->data, 4);
	if (!gguf->alignment || (gguf->alignment & (gguf->alignment - 1)))
		return err_at(ERR_FORMAT, gguf->path, value->key, "is %llu, no power of two",
			      (unsigned long long)gguf->alignment);
	return OK;
}

/* The header moves no more. */
static void
settle(struct gguf *gguf)
{
	for (size_t i = 0; i < gguf->value_count; i++)
		gguf->values[i].data = gguf->header + gguf->values[i].start;
}

static enum err
read_header(struct gguf_reader *reader)
{
	struct gguf *gguf = reader->gguf;
	uint64_t tensors = 0, pairs = 0;
	enum err code = read_counts(&tensors, &pairs, reader);

	for (uint64_t i = 0; i < pairs && !code; i++)
		code = read_pair(reader);
	code = code ? code : sort_pairs(gguf);
	settle(gguf);
	code = code ? code : read_alignment(gguf);
	gguf->architecture = "";
	code = code ? code : gguf_get_string(&gguf->architecture, gguf, "general.architecture");
	code = code ? code : gguf_read_tensors(reader, tensors);
	gguf->header_size = (size_t)reader->at;
	settle(gguf);
	return code;
}

enum err
gguf_read(struct gguf **out, const struct file_map *map)
{
	struct gguf *gguf = buf_alloc(1, sizeof(*gguf));
	struct gguf_reader reader = { .gguf = gguf, .map = map };
	const char *path = file_map_path(map);
	enum err code = ERR_NOMEM;

	*out = NULL;
	if (!gguf)
		return ERR_NOMEM;
	if ((gguf->path = arena_strndup(&gguf->arena, path, strlen(path))))
		code = read_header(&reader);
	code = code ? code : file_map_check(map);
	if (code)
		gguf_free(gguf);
	else
		*out = gguf;
	return code;
}

enum err
gguf_open(struct gguf **out, const char *path)
{
	struct file_map *map;
	enum err code = file_map_open(&map, path);

	*out = NULL;
	if (code)
		return code;
	code = gguf_read(out, map);
	file_map_free(map);
	return code;
}

void
gguf_free(struct gguf *gguf)
{
	if (!gguf)
		return;
	buf_free(gguf->values);
	buf_free(gguf->tensors);
	buf_free(gguf->header);
	arena_clear(&gguf->arena);
	buf_free(gguf);
}

bool
gguf_is(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char magic[4] = { 0 };
	bool yes = fd >= 0 && read(fd, magic, 4) == 4 && !memcmp(magic, MAGIC, 4);

	if (fd >= 0)
		close(fd);
	return yes;
}
