/* Reading an open model's weights, and the hashes that name them. */
#include "core/model.h"

#include "core/buf.h"
#include "core/checkpoint.h"
#include "core/model_private.h"

#include <stdio.h>
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
	struct model_private *private = model->arena;
	const struct layer *layer = &model->layers[index];
	float *values;
	enum err code;

	pthread_mutex_lock(&private->lock);
	memcpy(out, private->hashes[index], HASH_HEX);
	pthread_mutex_unlock(&private->lock);
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
	pthread_mutex_lock(&private->lock);
	memcpy(private->hashes[index], out, HASH_HEX);
	pthread_mutex_unlock(&private->lock);
	return OK;
}

enum { HASH_CHUNK = 1 << 20 };

static enum err
hash_tensor(struct sha256 *sha, const struct tensor *t, char *chunk)
{
	char line[1024];
	int n = snprintf(line, sizeof(line), "%s %s", t->name, dtype_name(t->dtype));
	enum err code = OK;

	for (int i = 0; i < t->rank && n < (int)sizeof(line) - 32; i++)
		n += snprintf(line + n, sizeof(line) - (size_t)n, " %llu",
			      (unsigned long long)t->shape[i]);
	sha256_add(sha, line, strlen(line) + 1);
	for (uint64_t at = 0; at < t->bytes && !code; at += HASH_CHUNK) {
		uint64_t size = t->bytes - at < HASH_CHUNK ? t->bytes - at : HASH_CHUNK;

		code = tensor_read_bytes(chunk, t, at, size);
		sha256_add(sha, chunk, size);
	}
	return code;
}

enum err
model_sha256(char out[HASH_HEX], const struct model *model)
{
	const struct checkpoint *c = model->checkpoint;
	char *chunk = buf_alloc(HASH_CHUNK, 1);
	struct sha256 *sha = NULL;
	enum err code = chunk ? sha256_start(&sha) : ERR_NOMEM;

	for (size_t i = 0; i < c->count && !code; i++)
		code = hash_tensor(sha, &c->tensors[i], chunk);
	if (!code)
		sha256_finish(out, sha);
	else
		sha256_drop(sha);
	buf_free(chunk);
	return code;
}
