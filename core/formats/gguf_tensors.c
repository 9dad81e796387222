/* The table of tensors, last part of a GGUF header. */
#include "core/buf.h"
#include "core/checked.h"
#include "core/file.h"
#include "core/formats/gguf_internal.h"
#include "core/tensor.h"

#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_ = 63, ENTRY_LEAST = 8 + 1 + 4 + 4 + 8 }; /* ggml keeps names in 64 bytes */

static const struct ggml_type types[] = {
#define GGML(id, name, block, bytes, dtype) { id, name, block, bytes, dtype },
#include "core/formats/ggml_types.def"
#undef GGML
};

const struct ggml_type *
gguf_type_of(int dtype)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (types[i].dtype == dtype)
			return &types[i];
	return NULL;
}

static enum err
take_type(struct gguf_tensor *tensor, struct gguf_reader *reader)
{
	uint64_t id;
	enum err code = gguf_take_number(&id, reader, 4, tensor->name);

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]) && !code; i++)
		if (types[i].id == id) {
			tensor->type = &types[i];
			return OK;
		}
	return code ? code
		    : err_at(ERR_UNSUPPORTED, reader->gguf->path, tensor->name,
			     "has type %llu, which ggml withdrew or another program added; make "
			     "the file anew with llama.cpp",
			     (unsigned long long)id);
}

/* Extents come with the row's length first. */
static enum err
take_shape(struct gguf_tensor *tensor, struct gguf_reader *reader)
{
	uint64_t rank;
	enum err code = gguf_take_number(&rank, reader, 4, tensor->name);

	if (!code && rank > GGUF_RANK_MAX)
		return err_at(ERR_FORMAT, reader->gguf->path, tensor->name,
			      "has %llu dimensions, at most %d are allowed",
			      (unsigned long long)rank, GGUF_RANK_MAX);
	tensor->rank = (int)rank;
	tensor->elements = 1;
	for (int i = tensor->rank; i-- && !code;) {
		code = gguf_take_number(&tensor->shape[i], reader, 8, tensor->name);
		if (!code && (!checked_mul(&tensor->elements, tensor->elements, tensor->shape[i]) ||
			      tensor->shape[i] > INT64_MAX || tensor->elements > INT64_MAX))
			code = err_at(ERR_FORMAT, reader->gguf->path, tensor->name,
				      "has a shape too large for any file");
	}
	return code;
}

/* Whole blocks along the row. */
static enum err
find_size(struct gguf_tensor *tensor, const struct gguf *gguf)
{
	const struct ggml_type *type = tensor->type;
	uint64_t row = tensor->rank ? tensor->shape[tensor->rank - 1] : 1;

	if (row % type->block)
		return err_at(ERR_FORMAT, gguf->path, tensor->name,
			      "has rows of %llu values, which blocks of %s (%u values) do not fill",
			      (unsigned long long)row, type->name, type->block);
	if (!checked_mul(&tensor->bytes, tensor->elements / type->block, type->bytes))
		return err_at(ERR_FORMAT, gguf->path, tensor->name,
			      "has a shape too large for any file");
	return OK;
}

static enum err
read_entry(struct gguf_reader *reader)
{
	struct gguf *gguf = reader->gguf;
	struct gguf_tensor tensor = { 0 };
	enum err code = gguf_take_name(&tensor.name, reader, NAME_MAX_, "tensor");

	code = code ? code : take_shape(&tensor, reader);
	code = code ? code : take_type(&tensor, reader);
	code = code ? code : find_size(&tensor, gguf);
	code = code ? code : gguf_take_number(&tensor.offset, reader, 8, tensor.name);
	if (!code && tensor.offset % gguf->alignment)
		code = err_at(ERR_FORMAT, gguf->path, tensor.name,
			      "lies at offset %llu, no multiple of the alignment %llu",
			      (unsigned long long)tensor.offset,
			      (unsigned long long)gguf->alignment);
	if (!code && buf_grow(&gguf->tensors, &gguf->tensor_capacity, gguf->tensor_count + 1,
			      sizeof(tensor)))
		code = ERR_NOMEM;
	if (!code)
		gguf->tensors[gguf->tensor_count++] = tensor;
	return code;
}

/* Offsets become places in the file, which end inside it. */
static enum err
place(struct gguf_tensor *tensor, const struct gguf *gguf, uint64_t size)
{
	uint64_t end;

	if (!checked_add(&tensor->offset, tensor->offset, gguf->data) ||
	    !checked_add(&end, tensor->offset, tensor->bytes) || end > size)
		return err_at(ERR_FORMAT, gguf->path, tensor->name,
			      "lies behind the end of the file (%llu bytes); it is truncated or "
			      "its header lies",
			      (unsigned long long)size);
	return OK;
}

static int
by_offset(const void *a, const void *b)
{
	const struct gguf_tensor *x = a, *y = b;

	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	return x->bytes < y->bytes ? -1 : x->bytes > y->bytes;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct gguf_tensor *)a)->name, ((const struct gguf_tensor *)b)->name);
}

static enum err
check_overlap(struct gguf *gguf)
{
	struct gguf_tensor *t = gguf->tensors;

	qsort(t, gguf->tensor_count, sizeof(*t), by_offset);
	for (size_t i = 1; i < gguf->tensor_count; i++)
		if (t[i - 1].offset + t[i - 1].bytes > t[i].offset)
			return err_at(ERR_FORMAT, gguf->path, t[i].name,
				      "overlaps %s; the header lies", t[i - 1].name);
	return OK;
}

static enum err
sort_names(struct gguf *gguf)
{
	struct gguf_tensor *t = gguf->tensors;

	qsort(t, gguf->tensor_count, sizeof(*t), by_name);
	for (size_t i = 1; i < gguf->tensor_count; i++)
		if (!strcmp(t[i - 1].name, t[i].name))
			return err_at(ERR_FORMAT, gguf->path, t[i].name,
				      "this tensor stands in the file twice");
	return OK;
}

enum err
gguf_read_tensors(struct gguf_reader *reader, uint64_t count)
{
	struct gguf *gguf = reader->gguf;
	enum err code = OK;

	if (count > gguf_left(reader) / ENTRY_LEAST)
		return err_at(ERR_FORMAT, gguf->path, NULL,
			      "claims %llu tensors where %llu bytes are left",
			      (unsigned long long)count, (unsigned long long)gguf_left(reader));
	gguf->table = (size_t)reader->at;
	for (uint64_t i = 0; i < count && !code; i++)
		code = read_entry(reader);
	/* Both are far below 2^63. Without tensors nothing needs to stand there. */
	gguf->data = (reader->at + gguf->alignment - 1) & ~(gguf->alignment - 1);
	for (size_t i = 0; i < gguf->tensor_count && !code; i++)
		code = place(&gguf->tensors[i], gguf, file_map_size(reader->map));
	if (!code && gguf->tensor_count)
		code = check_overlap(gguf);
	return code || !gguf->tensor_count ? code : sort_names(gguf);
}
