/* A model as GGUF again: each file of it under its own name, with the metadata it had but for
 * general.file_type. Tensors follow one another in the order they had, without gaps, as llama.cpp
 * wants them. */
#include "core/buf.h"
#include "core/checked.h"
#include "core/checkpoint_write.h"
#include "core/formats/gguf_internal.h"
#include "core/formats/gguf_write.h"

#include <stdlib.h>
#include <string.h>

/* One file on its way. */
struct part {
	const struct checkpoint_output *output;
	const struct file_map *map;
	struct gguf *gguf;
	struct file_writer *writer;
	const struct gguf_tensor **order; /* as they stand in the data */
	uint64_t at;                      /* bytes written */
};

static enum err
add(struct part *part, const void *data, size_t size)
{
	part->at += size;
	return file_writer_add(part->writer, data, size);
}

static enum err
add_number(struct part *part, uint64_t value, size_t size)
{
	unsigned char bytes[8];

	for (size_t i = 0; i < size; i++)
		bytes[i] = (unsigned char)(value >> 8 * i);
	return add(part, bytes, size);
}

static enum err
pad(struct part *part)
{
	enum err code = OK;

	while (part->at % part->gguf->alignment && !code)
		code = add_number(part, 0, 1);
	return code;
}

static bool
ends_with(const char *name, const char *end)
{
	size_t length = strlen(name), n = strlen(end);

	return length >= n && !strcmp(name + length - n, end);
}

/* llama.cpp's operators take these as float32 alone: vectors, norms of heads in one tensor,
 * routers, positions. Its converter never makes them shorter. */
static bool
stays_long(const struct gguf_tensor *tensor)
{
	return tensor->rank < 2 || ends_with(tensor->name, "_norm.weight") ||
	       ends_with(tensor->name, ".ffn_gate_inp.weight") ||
	       ends_with(tensor->name, ".ffn_gate_inp_shexp.weight") ||
	       !strcmp(tensor->name, "position_embd.weight");
}

/* What the tensor is written with. */
static struct checkpoint_output
output_of(const struct part *part, const struct gguf_tensor *tensor)
{
	struct checkpoint_output output = *part->output;

	if (stays_long(tensor) && (output.dtype == WRITE_F16 || output.dtype == WRITE_BF16))
		output.dtype = WRITE_SOURCE;
	return output;
}

static const struct ggml_type *
type_of(const struct part *part, const struct gguf_tensor *tensor)
{
	const struct checkpoint_output output = output_of(part, tensor);
	const struct tensor *source = checkpoint_find(output.checkpoint, tensor->name);

	return gguf_type_of((int)checkpoint_output_dtype(&output, source));
}

static enum err
add_entry(struct part *part, const struct gguf_tensor *tensor, uint64_t *offset)
{
	const struct ggml_type *type = type_of(part, tensor);
	size_t length = strlen(tensor->name);
	enum err code = add_number(part, length, 8);

	code = code ? code : add(part, tensor->name, length);
	code = code ? code : add_number(part, (uint64_t)tensor->rank, 4);
	for (int i = tensor->rank; i-- && !code;)
		code = add_number(part, tensor->shape[i], 8);
	code = code ? code : add_number(part, type->id, 4);
	code = code ? code : add_number(part, *offset, 8);
	/* Below 2^63 in the source, and no type is more than four times as wide as another. */
	*offset += tensor->elements * type->bytes;
	*offset +=
		(part->gguf->alignment - *offset % part->gguf->alignment) % part->gguf->alignment;
	return code;
}

static enum err
add_values(struct part *part, const struct gguf_tensor *tensor)
{
	const struct checkpoint_output output = output_of(part, tensor);
	const struct tensor *source = checkpoint_find(output.checkpoint, tensor->name);
	enum err code = checkpoint_output_values(part->writer, &output, source);

	part->at += tensor->elements * type_of(part, tensor)->bytes;
	return code ? code : pad(part);
}

/* llama.cpp shows it as the type of the file. */
static void
set_file_type(struct gguf *gguf, enum write_dtype dtype)
{
	static const unsigned char numbers[] = {
		[WRITE_FLOAT32] = 0, [WRITE_F16] = 1, [WRITE_BF16] = 32
	};
	const struct gguf_value *value = gguf_find(gguf, "general.file_type");

	if (dtype == WRITE_SOURCE || !value || value->is_array || value->type != GGUF_U32)
		return;
	memset(gguf->header + value->start, 0, 4);
	gguf->header[value->start] = numbers[dtype];
}

static int
by_place(const void *a, const void *b)
{
	const struct gguf_tensor *x = *(const struct gguf_tensor *const *)a,
				 *y = *(const struct gguf_tensor *const *)b;

	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	return x->bytes < y->bytes ? -1 : x->bytes > y->bytes;
}

static enum err
add_all(struct part *part)
{
	struct gguf *gguf = part->gguf;
	uint64_t offset = 0;
	enum err code;

	for (size_t i = 0; i < gguf->tensor_count; i++)
		part->order[i] = &gguf->tensors[i];
	qsort(part->order, gguf->tensor_count, sizeof(*part->order), by_place);
	set_file_type(gguf, part->output->dtype);
	code = add(part, gguf->header, gguf->table);
	for (size_t i = 0; i < gguf->tensor_count && !code; i++)
		code = add_entry(part, part->order[i], &offset);
	code = code ? code : pad(part);
	for (size_t i = 0; i < gguf->tensor_count && !code; i++)
		code = add_values(part, part->order[i]);
	return code;
}

static enum err
write_part(const struct checkpoint_output *output, const struct file_map *map)
{
	const char *path = file_map_path(map), *slash = strrchr(path, '/');
	struct part part = { .output = output, .map = map };
	enum err code = gguf_read(&part.gguf, map);

	if (code)
		return code;
	part.order = buf_alloc(part.gguf->tensor_count + 1, sizeof(*part.order));
	code = part.order ? checkpoint_output_open(&part.writer, output, slash ? slash + 1 : path)
			  : ERR_NOMEM;
	if (!code && (code = add_all(&part)))
		file_writer_drop(part.writer);
	else if (!code)
		code = file_writer_commit(part.writer, false);
	buf_free(part.order);
	gguf_free(part.gguf);
	return code;
}

enum err
gguf_write(const struct checkpoint_output *output)
{
	enum err code = OK;

	for (size_t i = 0; i < output->checkpoint->map_count && !code; i++)
		code = write_part(output, output->checkpoint->maps[i]);
	return code;
}
