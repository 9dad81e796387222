/* Reading an open model's weights, and the hashes that name them. */
#include "core/model.h"

#include "core/buf.h"
#include "core/checkpoint.h"
#include "core/model_private.h"

#include <string.h>

enum { TRANSPOSE_ROWS = 64 };

/* The file holds (columns, rows): read some of its rows at a time and scatter them. */
static enum err
read_transposed(float *out, const struct layer *layer)
{
	float *strip = buf_alloc(TRANSPOSE_ROWS * layer->rows, sizeof(*strip));
	enum err code = strip ? OK : ERR_NOMEM;

	for (size_t c = 0; c < layer->columns && !code; c += TRANSPOSE_ROWS) {
		size_t n =
			layer->columns - c < TRANSPOSE_ROWS ? layer->columns - c : TRANSPOSE_ROWS;

		code = tensor_read(strip, layer->tensor, c * layer->rows, n * layer->rows);
		for (size_t i = 0; i < n && !code; i++)
			for (size_t r = 0; r < layer->rows; r++)
				out[r * layer->columns + c + i] = strip[i * layer->rows + r];
	}
	buf_free(strip);
	return code;
}

enum err
model_read_layer(float *out, const struct model *model, int index)
{
	const struct layer *layer = &model->layers[index];

	if (layer->transposed)
		return read_transposed(out, layer);
	return tensor_read(out, layer->tensor, 0, layer->rows * layer->columns);
}

enum err
model_hash_layer(char out[HASH_HEX], const struct model *model, int index)
{
	struct model_own *own = model->arena;
	const struct layer *layer = &model->layers[index];
	float *values;
	enum err code;

	pthread_mutex_lock(&own->lock);
	memcpy(out, own->hashes[index], HASH_HEX);
	pthread_mutex_unlock(&own->lock);
	if (out[0])
		return OK;
	if (!(values = buf_alloc(layer->rows * layer->columns, sizeof(*values))))
		return ERR_NOMEM;
	code = model_read_layer(values, model, index);
	if (!code)
		code = sha256_of(out, values, layer->rows * layer->columns * sizeof(*values));
	buf_free(values);
	if (code)
		return code;
	pthread_mutex_lock(&own->lock);
	memcpy(own->hashes[index], out, HASH_HEX);
	pthread_mutex_unlock(&own->lock);
	return OK;
}

static enum err
add_tensor(struct sha256 *sha, const struct tensor *tensor, char *chunk, size_t capacity)
{
	const uint64_t rank = (uint64_t)tensor->rank;
	enum err code = OK;

	sha256_add(sha, tensor->name, strlen(tensor->name) + 1);
	sha256_add(sha, dtype_name(tensor->dtype), strlen(dtype_name(tensor->dtype)) + 1);
	sha256_add(sha, &rank, sizeof(rank));
	sha256_add(sha, tensor->shape, (size_t)rank * sizeof(*tensor->shape));
	for (uint64_t at = 0; at < tensor->bytes && !code; at += capacity) {
		uint64_t n = tensor->bytes - at < capacity ? tensor->bytes - at : capacity;

		if (!(code = tensor_read_bytes(chunk, tensor, at, n)))
			sha256_add(sha, chunk, n);
	}
	return code;
}

enum err
model_sha256(char out[HASH_HEX], const struct model *model)
{
	enum { CHUNK = 1 << 20 };
	struct sha256 *sha = NULL;
	char *chunk = buf_alloc(CHUNK, 1);
	enum err code = chunk ? sha256_start(&sha) : ERR_NOMEM;

	for (size_t i = 0; i < model->checkpoint->count && !code; i++)
		code = add_tensor(sha, &model->checkpoint->tensors[i], chunk, CHUNK);
	if (code)
		sha256_drop(sha);
	else
		sha256_finish(out, sha);
	buf_free(chunk);
	return code;
}
