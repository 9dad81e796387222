/* Safetensors: u64 length N little-endian, N bytes of JSON, then the tensors' bytes.
 *
 * The JSON object maps a name to {"dtype", "shape", "data_offsets": [begin, end)}, offsets counted
 * from the end of the header; "__metadata__" maps strings to strings. Held to the reference's rules
 * (huggingface/safetensors, tensor.rs): header at most 100 MB and beginning with '{', the tensors
 * cover the rest of the file without overlap or hole. Beyond it, a name that stands twice is
 * refused.
 */
#include "core/formats/safetensors.h"

#include "core/buf.h"
#include "core/checked.h"
#include "core/file.h"
#include "core/json.h"

#include <stdlib.h>
#include <string.h>

enum { HEADER_MAX = 100 * 1000 * 1000 };

struct shard {
	struct checkpoint *checkpoint;
	const struct file_map *map;
	const char *path;
	uint64_t data, data_size; /* where the tensors' bytes begin, how many there are */
	size_t first;             /* index of this file's first tensor */
	bool has_metadata;
};

static enum err
read_shape(struct tensor *tensor, const struct shard *shard, const struct json *entry)
{
	const struct json *shape = json_get(entry, "shape");

	if (!shape || shape->type != JSON_ARRAY)
		return err_at(ERR_FORMAT, shard->path, tensor->name, "has no shape");
	if (shape->length > TENSOR_RANK_MAX)
		return err_at(ERR_FORMAT, shard->path, tensor->name,
			      "has %zu dimensions, at most %d are read", shape->length,
			      TENSOR_RANK_MAX);
	tensor->elements = 1;
	for (const struct json *n = shape->first; n; n = n->next) {
		if (n->type != JSON_NUMBER || !n->is_integer || n->negative)
			return err_at(ERR_FORMAT, shard->path, tensor->name,
				      "has a shape that is no list of sizes");
		tensor->shape[tensor->rank++] = n->magnitude;
		if (!checked_mul(&tensor->elements, tensor->elements, n->magnitude))
			return err_at(ERR_FORMAT, shard->path, tensor->name,
				      "has a shape too large for any file");
	}
	return OK;
}

static enum err
read_offsets(struct tensor *tensor, const struct shard *shard, const struct json *entry)
{
	const struct json *offsets = json_get(entry, "data_offsets"), *begin = NULL, *end = NULL;
	uint64_t bits;

	if (offsets && offsets->type == JSON_ARRAY && offsets->length == 2) {
		begin = offsets->first;
		end = begin->next;
	}
	if (!end || !begin->is_integer || begin->negative || !end->is_integer || end->negative)
		return err_at(ERR_FORMAT, shard->path, tensor->name,
			      "has no data_offsets [begin, end]");
	if (begin->magnitude > end->magnitude || end->magnitude > shard->data_size)
		return err_at(ERR_FORMAT, shard->path, tensor->name,
			      "lies at bytes %llu to %llu of %llu; the file is truncated or its "
			      "header lies",
			      (unsigned long long)begin->magnitude,
			      (unsigned long long)end->magnitude,
			      (unsigned long long)shard->data_size);
	tensor->bytes = end->magnitude - begin->magnitude;
	tensor->offset = shard->data + begin->magnitude;
	if (!checked_mul(&bits, tensor->elements, dtype_bits(tensor->dtype)) || bits % 8 ||
	    bits / 8 != tensor->bytes)
		return err_at(ERR_FORMAT, shard->path, tensor->name,
			      "has %llu bytes; its shape and type say otherwise",
			      (unsigned long long)tensor->bytes);
	return OK;
}

static enum err
read_entry(struct shard *shard, const struct json *entry)
{
	struct tensor tensor = { .name = entry->key, .map = shard->map };
	const struct json *dtype = json_get(entry, "dtype");
	enum err code;

	if (entry->type != JSON_OBJECT || !dtype || dtype->type != JSON_STRING)
		return err_at(ERR_FORMAT, shard->path, entry->key, "has no dtype");
	if (dtype_parse(&tensor.dtype, dtype->string, dtype->length)) {
		char brief[80];

		return err_at(ERR_UNSUPPORTED, shard->path, entry->key,
			      "has dtype %s, which qscope does not know",
			      json_brief(brief, sizeof(brief), dtype));
	}
	if ((code = read_shape(&tensor, shard, entry)) ||
	    (code = read_offsets(&tensor, shard, entry)))
		return code;
	return checkpoint_add(shard->checkpoint, &tensor);
}

/* transformers names a tensor that was left out because it shares memory with another:
 * "model.embed_tokens.weight": "lm_head.weight". */
static enum err
read_metadata(struct shard *shard, const struct json *metadata)
{
	struct checkpoint *c = shard->checkpoint;

	if (shard->has_metadata)
		return err_at(ERR_FORMAT, shard->path, "__metadata__",
			      "this name stands twice in one object; such files are refused");
	shard->has_metadata = true;
	if (metadata->type != JSON_OBJECT)
		return err_at(ERR_FORMAT, shard->path, "__metadata__", "is no object");
	for (const struct json *m = metadata->first; m; m = m->next) {
		if (m->type != JSON_STRING)
			return err_at(ERR_FORMAT, shard->path, "__metadata__",
				      "holds something that is no string");
		if (strcmp(m->key, "lm_head.weight") && strcmp(m->key, "model.embed_tokens.weight"))
			continue;
		c->alias_from = arena_strndup(&c->arena, m->key, m->key_length);
		c->alias_to = arena_strndup(&c->arena, m->string, m->length);
		if (!c->alias_from || !c->alias_to)
			return ERR_NOMEM;
	}
	return OK;
}

static int
by_offset(const void *a, const void *b)
{
	const struct tensor *x = a, *y = b;

	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	return x->bytes < y->bytes ? -1 : x->bytes > y->bytes;
}

/* Sorted by place, each tensor begins where the one before it ended, and the last ends the file. */
static enum err
check_cover(struct shard *shard)
{
	struct tensor *t = shard->checkpoint->tensors + shard->first;
	size_t count = shard->checkpoint->count - shard->first;
	uint64_t at = shard->data;

	if (count)
		qsort(t, count, sizeof(*t), by_offset);
	for (size_t i = 0; i < count; i++) {
		if (t[i].offset != at)
			return err_at(ERR_FORMAT, shard->path, t[i].name, "%s; the header lies",
				      t[i].offset < at ? "overlaps another tensor"
						       : "leaves a hole before it");
		at += t[i].bytes;
	}
	if (at != shard->data + shard->data_size)
		return err_at(ERR_FORMAT, shard->path, NULL,
			      "has %llu bytes behind its last tensor",
			      (unsigned long long)(shard->data + shard->data_size - at));
	return OK;
}

static enum err
read_member(void *ctx, const struct json *member)
{
	struct shard *shard = ctx;

	return strcmp(member->key, "__metadata__") ? read_entry(shard, member)
						   : read_metadata(shard, member);
}

/* Tensor by tensor, since a header may have a million. That none stands twice checkpoint_sort will
 * see. */
static enum err
read_header(struct shard *shard, const char *text, size_t length)
{
	enum err code = json_parse_each(text, length, shard->path, read_member, shard);

	return code ? code : check_cover(shard);
}

/* The header's length, checked against the file. */
static enum err
header_length(uint64_t *out, const struct file_map *map)
{
	uint64_t size = file_map_size(map);
	unsigned char bytes[8];

	if (size < 10)
		return err_at(ERR_FORMAT, file_map_path(map), NULL,
			      "has %llu bytes, too few for safetensors; fetch it again",
			      (unsigned long long)size);
	memcpy(bytes, file_map_data(map), 8);
	*out = 0;
	for (int i = 7; i >= 0; i--)
		*out = *out << 8 | bytes[i];
	if (*out < 2 || *out > HEADER_MAX || *out > size - 8)
		return err_at(
			ERR_FORMAT, file_map_path(map), NULL,
			"says its header has %llu bytes; the file is truncated or no safetensors",
			(unsigned long long)*out);
	return OK;
}

/* *out is the caller's. Owned, not mapped: the file may change while we parse. */
static enum err
header_text(char **out, uint64_t *length, const struct file_map *map)
{
	enum err code = header_length(length, map);
	char *text;

	*out = NULL;
	if (code)
		return code;
	if (!(text = buf_alloc(*length + 1, 1)))
		return ERR_NOMEM;
	memcpy(text, (const char *)file_map_data(map) + 8, *length);
	file_map_release(map, 0, 8 + *length);
	code = file_map_check(map);
	if (!code && text[0] != '{')
		code = err_at(ERR_FORMAT, file_map_path(map), NULL,
			      "has a header that does not begin with {; it is no safetensors");
	if (code)
		buf_free(text);
	else
		*out = text;
	return code;
}

enum err
safetensors_header(struct json_document **out, const struct file_map *map)
{
	uint64_t length = 0;
	char *text;
	enum err code = header_text(&text, &length, map);

	*out = NULL;
	if (code)
		return code;
	code = json_parse(out, text, length, file_map_path(map));
	buf_free(text);
	return code;
}

enum err
safetensors_read(struct checkpoint *checkpoint, const char *path)
{
	struct shard shard = { .checkpoint = checkpoint, .path = path, .first = checkpoint->count };
	uint64_t length = 0;
	char *text;
	enum err code = checkpoint_map(&shard.map, checkpoint, path);

	if (code || (code = header_text(&text, &length, shard.map)))
		return code;
	shard.data = 8 + length;
	shard.data_size = file_map_size(shard.map) - shard.data;
	code = read_header(&shard, text, length);
	if (!code)
		checkpoint_identify(checkpoint, shard.map, text, length);
	buf_free(text);
	return code;
}
