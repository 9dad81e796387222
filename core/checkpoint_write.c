#include "core/checkpoint_write.h"

#include "core/buf.h"

#include <math.h>
#include <string.h>

enum { CHUNK = 1 << 16 }; /* values converted at once */

enum dtype
checkpoint_output_dtype(const struct checkpoint_output *output, const struct tensor *tensor)
{
	static const enum dtype dtypes[] = {
		[WRITE_FLOAT32] = DTYPE_F32, [WRITE_BF16] = DTYPE_BF16, [WRITE_F16] = DTYPE_F16
	};

	if (output->dtype == WRITE_SOURCE || !dtype_is_float(tensor->dtype))
		return tensor->dtype;
	return dtypes[output->dtype];
}

static enum err
out_of_half(const struct tensor *tensor, float value)
{
	return err_at(ERR_RANGE, file_map_path(tensor->map), tensor->name,
		      "holds %g, more than f16 can; write float32 or bf16", (double)value);
}

/* In place of `values` come their bytes; a value of 16 bits never overtakes what is still read. */
static enum err
encode(float *values, size_t count, enum dtype dtype, const struct tensor *tensor)
{
	char *bytes = (char *)values;

	for (size_t i = 0; i < count && dtype != DTYPE_F32; i++) {
		uint16_t half =
			dtype == DTYPE_F16 ? f16_from_f32(values[i]) : bf16_from_f32(values[i]);

		if (dtype == DTYPE_F16 && isfinite(values[i]) && (half & 0x7fff) == 0x7c00)
			return out_of_half(tensor, values[i]);
		memcpy(bytes + 2 * i, &half, 2);
	}
	return OK;
}

/* What a run of a tensor's elements becomes, and with it the matrix of a replaced layer where it
 * has to be whole. */
struct source {
	const struct checkpoint_output *output;
	const struct tensor *tensor;
	uint64_t first, count;              /* elements of the tensor */
	const struct layer *layer;          /* NULL: its own values */
	const struct replacement *replaced; /* of all values of `layer` */
	const float *values;                /* (rows, columns), or NULL: read piece by piece */
	float *owned;
};

/* The matrix of a layer that the file holds by columns, in memory. */
static enum err
source_open(struct source *from)
{
	const struct replacement *replaced = from->replaced;

	from->values = replaced ? replaced->weight : NULL;
	if (!replaced || from->values || !from->layer->transposed)
		return OK;
	if (!(from->owned = buf_alloc_dirty(from->count, sizeof(*from->owned))))
		return ERR_NOMEM;
	from->values = from->owned;
	return replaced->read(from->owned, replaced->source, 0, from->count);
}

/* `count` values from `first` of the run, in the order of the file. */
static enum err
fetch(float *to, const struct source *from, uint64_t first, size_t count)
{
	const struct layer *layer = from->layer;

	if (!from->replaced)
		return tensor_read(to, from->tensor, from->first + first, count);
	if (!from->values)
		return from->replaced->read(to, from->replaced->source, first, count);
	if (!layer->transposed) {
		memcpy(to, from->values + first, count * sizeof(*to));
		return OK;
	}
	for (size_t i = 0; i < count; i++) {
		size_t column = (first + i) / layer->rows, row = (first + i) % layer->rows;

		to[i] = from->values[row * layer->columns + column];
	}
	return OK;
}

static enum err
convert(struct file_writer *writer, struct source *from, float *chunk)
{
	const struct tensor *tensor = from->tensor;
	enum dtype dtype = checkpoint_output_dtype(from->output, tensor);
	enum err code = source_open(from);

	for (uint64_t at = 0; at < from->count && !code; at += CHUNK) {
		size_t n = from->count - at < CHUNK ? (size_t)(from->count - at) : CHUNK;

		if (!(code = fetch(chunk, from, at, n)) &&
		    !(code = encode(chunk, n, dtype, tensor)))
			code = file_writer_add(writer, chunk, n * dtype_bits(dtype) / 8);
		if (!code)
			code = work_check(from->output->work);
		work_advance(from->output->work, n);
	}
	buf_free(from->owned);
	return code;
}

/* Run by run: what is replaced, and what stands before, between and behind. */
static enum err
convert_all(struct file_writer *writer, const struct checkpoint_output *output,
	    const struct tensor *tensor, float *chunk)
{
	const struct checkpoint_part *part = output->parts[tensor - output->checkpoint->tensors];
	uint64_t at = 0;
	enum err code = OK;

	while (at < tensor->elements && !code) {
		struct source from = { .output = output, .tensor = tensor, .first = at };

		if (part && part->first == at) {
			from.layer = part->layer;
			from.replaced = part->replaced;
			from.count = (uint64_t)part->layer->rows * part->layer->columns;
			part = part->next;
		} else {
			from.count = (part ? part->first : tensor->elements) - at;
		}
		at += from.count;
		code = convert(writer, &from, chunk);
	}
	return code;
}

static enum err
copy_tensor(struct file_writer *writer, const struct checkpoint_output *output,
	    const struct tensor *tensor)
{
	enum err code = checkpoint_output_bytes(writer, tensor->map, tensor->offset, tensor->bytes,
						output->work);

	work_advance(output->work, tensor->elements);
	return code;
}

enum err
checkpoint_output_values(struct file_writer *writer, const struct checkpoint_output *output,
			 const struct tensor *tensor)
{
	bool changed = output->parts[tensor - output->checkpoint->tensors] != NULL;
	float *chunk;
	enum err code;

	if (!changed && checkpoint_output_dtype(output, tensor) == tensor->dtype)
		return copy_tensor(writer, output, tensor);
	if (!(chunk = buf_alloc(CHUNK, sizeof(*chunk))))
		return ERR_NOMEM;
	code = convert_all(writer, output, tensor, chunk);
	buf_free(chunk);
	return code;
}

enum err
checkpoint_output_open(struct file_writer **out, const struct checkpoint_output *output,
		       const char *name)
{
	struct model_files *files = output->files;
	char *path, *kept;
	enum err code;

	*out = NULL;
	if (buf_grow(&files->names, &files->capacity, files->count + 1, sizeof(*files->names)))
		return ERR_NOMEM;
	if (!(path = file_join(output->folder, name)))
		return ERR_NOMEM;
	code = (kept = buf_strdup(name)) ? file_writer_open(out, path) : ERR_NOMEM;
	buf_free(path);
	if (code)
		buf_free(kept);
	else
		files->names[files->count++] = kept;
	return code;
}

enum err
checkpoint_output_bytes(struct file_writer *writer, const struct file_map *map, uint64_t first,
			uint64_t count, const struct work *work)
{
	enum { BYTES = 1 << 18 };
	char *chunk = buf_alloc(BYTES, 1);
	enum err code = chunk ? OK : ERR_NOMEM;

	/* Through owned memory, and checked, so that a file that shrinks never becomes zeros. */
	for (uint64_t at = 0; at < count && !code; at += BYTES) {
		size_t n = count - at < BYTES ? (size_t)(count - at) : BYTES;

		memcpy(chunk, (const char *)file_map_data(map) + first + at, n);
		file_map_release(map, first + at, n);
		if (!(code = file_map_check(map)) && !(code = work_check(work)))
			code = file_writer_add(writer, chunk, n);
	}
	buf_free(chunk);
	return code;
}

static enum err
finish(struct file_writer *writer, enum err code)
{
	if (!code)
		return file_writer_commit(writer, false);
	file_writer_drop(writer);
	return code;
}

enum err
checkpoint_output_text(const struct checkpoint_output *output, const char *name, const char *text,
		       size_t length)
{
	struct file_writer *writer;
	enum err code = checkpoint_output_open(&writer, output, name);

	return code ? code : finish(writer, file_writer_add(writer, text, length));
}

enum err
checkpoint_output_copy(const struct checkpoint_output *output, const char *name, const char *from)
{
	struct file_writer *writer;
	struct file_map *map;
	enum err code = file_map_open(&map, from);

	if (code)
		return code;
	code = checkpoint_output_open(&writer, output, name);
	if (!code)
		code = finish(writer, checkpoint_output_bytes(writer, map, 0, file_map_size(map),
							      output->work));
	file_map_free(map);
	return code;
}
