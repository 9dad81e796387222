/* NumPy's .npy, as its "NEP 1" and numpy/lib/format.py describe it:
 *
 *   "\x93NUMPY", major, minor, header length (2 bytes in version 1, 4 in 2 and 3; little-endian),
 *   header, data
 *
 * The header is a Python dictionary of three names in any order, padded with blanks to a multiple
 * of 64 and ended by a newline: {'descr': '<i4', 'fortran_order': False, 'shape': (3, 4), }.
 * Only this dictionary is understood, nothing else of Python. */
#include "core/formats/npy.h"

#include "core/buf.h"
#include "core/checked.h"
#include "core/file.h"
#include "core/text.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { RANK_MAX = 8, HEADER_MAX = 64 * 1024, PREFIX = 8, ALIGNMENT = 64 };
enum { KEY_DESCR = 1, KEY_ORDER = 2, KEY_SHAPE = 4, KEY_ALL = 7 };

struct header {
	const char *path;
	const char *text;
	size_t length, at;
	int seen; /* KEY_* */
	char kind;
	bool big_endian;
	size_t item; /* bytes */
	uint64_t elements;
	size_t data; /* where the values begin */
};

static enum err
bad(const struct header *h, const char *what)
{
	return err_at(ERR_FORMAT, h->path, "header", "%s; write the array again with numpy.save",
		      what);
}

static void
skip_blanks(struct header *h)
{
	while (h->at < h->length && (h->text[h->at] == ' ' || h->text[h->at] == '\n'))
		h->at++;
}

/* The character, if it stands next (after blanks). */
static bool
take(struct header *h, char c)
{
	skip_blanks(h);
	if (h->at >= h->length || h->text[h->at] != c)
		return false;
	h->at++;
	return true;
}

static bool
take_word(struct header *h, const char *word)
{
	size_t n = strlen(word);

	skip_blanks(h);
	if (h->length - h->at < n || memcmp(h->text + h->at, word, n))
		return false;
	h->at += n;
	return true;
}

/* 'text' or "text" into out, without escapes. */
static bool
take_string(struct header *h, char *out, size_t capacity)
{
	char quote;
	size_t n = 0;

	skip_blanks(h);
	if (h->at >= h->length || (h->text[h->at] != '\'' && h->text[h->at] != '"'))
		return false;
	quote = h->text[h->at++];
	while (h->at < h->length && h->text[h->at] != quote) {
		if (n + 1 >= capacity || h->text[h->at] == '\\')
			return false;
		out[n++] = h->text[h->at++];
	}
	out[n] = '\0';
	return take(h, quote);
}

static enum err
parse_descr(struct header *h)
{
	char descr[32], visible[80];

	if (!take_string(h, descr, sizeof(descr)))
		return err_at(ERR_UNSUPPORTED, h->path, "descr",
			      "names a structured type; save a plain array of integers");
	h->big_endian = descr[0] == '>';
	h->kind = descr[0] && strchr("<>|=", descr[0]) ? descr[1] : '\0';
	h->item = h->kind && descr[2] >= '1' && descr[2] <= '8' && !descr[3]
			  ? (size_t)(descr[2] - '0')
			  : 0;
	if ((h->kind == 'i' || h->kind == 'u') &&
	    (h->item == 1 || h->item == 2 || h->item == 4 || h->item == 8))
		return OK;
	text_visible(visible, sizeof(visible), descr, strlen(descr));
	return err_at(ERR_UNSUPPORTED, h->path, "descr",
		      "is '%s', token ids must be integers; save them with astype('int32')",
		      visible);
}

static enum err
parse_order(struct header *h)
{
	if (take_word(h, "False"))
		return OK;
	if (!take_word(h, "True"))
		return bad(h, "fortran_order is neither True nor False");
	return err_at(ERR_UNSUPPORTED, h->path, "fortran_order",
		      "is True; save numpy.ascontiguousarray of it");
}

static bool
take_number(struct header *h, uint64_t *out)
{
	size_t start;

	skip_blanks(h);
	start = h->at;
	for (*out = 0; h->at < h->length && h->text[h->at] >= '0' && h->text[h->at] <= '9'; h->at++)
		if (!checked_mul(out, *out, 10) ||
		    !checked_add(out, *out, (uint64_t)(h->text[h->at] - '0')))
			return false;
	return h->at > start;
}

/* (), (3,), (3, 4), ... */
static enum err
parse_shape(struct header *h)
{
	uint64_t extent;

	if (!take(h, '('))
		return bad(h, "shape is no tuple");
	h->elements = 1;
	for (int rank = 0; !take(h, ')'); rank++) {
		if (rank == RANK_MAX)
			return bad(h, "shape has more than 8 extents");
		if (!take_number(h, &extent))
			return bad(h, "shape holds something that is no extent");
		if (!checked_mul(&h->elements, h->elements, extent))
			return bad(h, "shape is larger than any file");
		if (!take(h, ',')) {
			if (!take(h, ')'))
				return bad(h, "shape never ends");
			break;
		}
	}
	return OK;
}

static enum err
parse_member(struct header *h)
{
	static const struct {
		const char *name;
		int key;
		enum err (*parse)(struct header *h);
	} members[] = { { "descr", KEY_DESCR, parse_descr },
			{ "fortran_order", KEY_ORDER, parse_order },
			{ "shape", KEY_SHAPE, parse_shape } };
	char name[32];

	if (!take_string(h, name, sizeof(name)) || !take(h, ':'))
		return bad(h, "is no dictionary of names");
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (!strcmp(name, members[i].name)) {
			if (h->seen & members[i].key)
				return bad(h, "a name stands twice");
			h->seen |= members[i].key;
			return members[i].parse(h);
		}
	return bad(h, "holds an unknown name");
}

static enum err
parse_dictionary(struct header *h)
{
	enum err code;

	if (!take(h, '{'))
		return bad(h, "is no dictionary");
	while (!take(h, '}')) {
		if ((code = parse_member(h)))
			return code;
		if (!take(h, ',')) {
			if (!take(h, '}'))
				return bad(h, "never ends");
			break;
		}
	}
	skip_blanks(h);
	if (h->at < h->length)
		return bad(h, "has something behind its end");
	return h->seen == KEY_ALL ? OK : bad(h, "lacks descr, fortran_order or shape");
}

static enum err
parse_header(struct header *h, const unsigned char *data, size_t size)
{
	size_t prefix, length;
	uint64_t bytes;
	enum err code;

	if (size < PREFIX + 4 || memcmp(data, "\x93NUMPY", 6))
		return err_at(ERR_FORMAT, h->path, NULL,
			      "is no NumPy array file; write it with numpy.save");
	if (data[6] < 1 || data[6] > 3)
		return err_at(ERR_UNSUPPORTED, h->path, NULL,
			      "is version %u of the NumPy format; versions 1 to 3 are read",
			      data[6]);
	prefix = data[6] == 1 ? PREFIX + 2 : PREFIX + 4;
	length = (size_t)data[8] | (size_t)data[9] << 8;
	if (data[6] > 1)
		length |= (size_t)data[10] << 16 | (size_t)data[11] << 24;
	if (length > HEADER_MAX || length > size - prefix)
		return bad(h, "is longer than the file or than 64 KiB");
	h->text = (const char *)data + prefix;
	h->length = length;
	h->data = prefix + length;
	if ((code = parse_dictionary(h)))
		return code;
	if (!checked_mul(&bytes, h->elements, h->item) || bytes != size - h->data)
		return err_at(
			ERR_FORMAT, h->path, "shape",
			"says %llu values of %zu bytes, but %zu bytes follow; the file is cut "
			"or damaged",
			(unsigned long long)h->elements, h->item, size - h->data);
	return OK;
}

/* One integer of any width and order, sign-extended when signed. */
static uint64_t
value_at(const struct header *h, const unsigned char *at)
{
	uint64_t value = 0;
	unsigned bits = 8 * (unsigned)h->item;

	for (size_t i = 0; i < h->item; i++)
		value |= (uint64_t)at[h->big_endian ? h->item - 1 - i : i] << 8 * i;
	if (h->kind == 'i' && bits < 64 && value >> (bits - 1))
		value |= ~(uint64_t)0 << bits;
	return value;
}

enum err
npy_parse_ids(int32_t **out, size_t *count, const void *data, size_t size, const char *path)
{
	struct header h = { .path = path };
	enum err code = parse_header(&h, data, size);
	int32_t *ids;

	*out = NULL;
	*count = 0;
	if (code)
		return code;
	if (!(ids = buf_alloc((size_t)h.elements, sizeof(*ids))))
		return ERR_NOMEM;
	for (size_t i = 0; i < h.elements; i++) {
		uint64_t value = value_at(&h, (const unsigned char *)data + h.data + i * h.item);

		if (value > INT32_MAX) {
			buf_free(ids);
			return err_at(ERR_RANGE, path, NULL,
				      "value %zu is %lld, which is no token id", i,
				      (long long)value);
		}
		ids[i] = (int32_t)value;
	}
	*out = ids;
	*count = (size_t)h.elements;
	return OK;
}

enum err
npy_read_ids(int32_t **out, size_t *count, const char *path)
{
	struct file_map *map;
	enum err code = file_map_open(&map, path);

	*out = NULL;
	*count = 0;
	if (code)
		return code;
	code = npy_parse_ids(out, count, file_map_data(map), file_map_size(map), path);
	if (file_map_check(map)) {
		buf_free(*out);
		*out = NULL;
		*count = 0;
		code = ERR_IO;
	}
	file_map_free(map);
	return code;
}

static const struct {
	const char *descr;
	size_t item;
} types[] = { [NPY_F32] = { "<f4", 4 }, [NPY_U8] = { "|u1", 1 }, [NPY_F64] = { "<f8", 8 } };

/* Prefix and dictionary, padded so that the values begin at a multiple of 64. */
static size_t
make_header(char out[512], enum npy_type type, int rank, const size_t *shape)
{
	size_t n = PREFIX + 2, end;

	n += (size_t)snprintf(out + n, 512 - n,
			      "{'descr': '%s', 'fortran_order': False, 'shape': (",
			      types[type].descr);
	for (int i = 0; i < rank; i++)
		n += (size_t)snprintf(out + n, 512 - n, "%zu%s", shape[i],
				      i + 1 < rank ? ", "
				      : rank == 1  ? ","
						   : "");
	n += (size_t)snprintf(out + n, 512 - n, "), }");
	end = (n + 1 + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	memset(out + n, ' ', end - n - 1);
	out[end - 1] = '\n';
	memcpy(out, "\x93NUMPY\1\0", PREFIX);
	out[PREFIX] = (char)((end - PREFIX - 2) & 0xff);
	out[PREFIX + 1] = (char)((end - PREFIX - 2) >> 8);
	return end;
}

enum err
npy_write(const char *path, enum npy_type type, const void *data, int rank, const size_t *shape)
{
	char header[512];
	size_t length = make_header(header, type, rank, shape), bytes = types[type].item;
	struct file_writer *writer;
	enum err code;

	for (int i = 0; i < rank; i++)
		bytes *= shape[i];
	if ((code = file_writer_open(&writer, path)))
		return code;
	code = file_writer_add(writer, header, length);
	if (!code)
		code = file_writer_add(writer, data, bytes);
	if (!code)
		return file_writer_commit(writer, false);
	file_writer_drop(writer);
	return code;
}
