/* Reading an open model's weights, and the hashes that name them. */
#include "core/model.h"

#include "core/buf.h"
#include "core/checkpoint.h"
#include "core/file.h"
#include "core/model_private.h"
#include "core/work.h"

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

void
model_expect_block(const struct model *model, size_t block)
{
	const struct model_block *of;

	if (block >= model->shape.blocks)
		return;
	of = &model->blocks[block];
	for (int i = of->first_layer; i < of->first_layer + of->layer_count; i++) {
		const struct tensor *tensor = model->layers[i].tensor;

		file_map_expect(tensor->map, tensor->offset, tensor->bytes);
	}
}

/* In the order of the file, piece by piece, so that no layer is held whole. */
static enum err
key_values(struct key *out, const struct layer *layer, const struct work *work)
{
	enum { PIECE = 1 << 16 };
	uint64_t elements = layer->tensor->elements;
	float *piece = buf_alloc(PIECE, sizeof(*piece));
	unsigned char transposed = layer->transposed;
	enum err code = piece ? OK : ERR_NOMEM;

	*out = key_of(&transposed, 1);
	for (uint64_t at = 0; at < elements && !code; at += PIECE) {
		uint64_t n = elements - at < PIECE ? elements - at : PIECE;

		if (!(code = work_check(work)))
			code = tensor_read(piece, layer->tensor, at, n);
		*out = key_add(*out, piece, n * sizeof(*piece));
	}
	buf_free(piece);
	return code;
}

enum err
model_key_layer(struct key *out, const struct model *model, int index, const struct work *work)
{
	struct model_own *own = model->arena;
	struct layer_key found;
	enum err code;

	pthread_mutex_lock(&own->lock);
	found = own->keys[index];
	pthread_mutex_unlock(&own->lock);
	*out = found.key;
	if (found.known || (code = key_values(out, &model->layers[index], work)))
		return found.known ? OK : code;
	pthread_mutex_lock(&own->lock);
	own->keys[index] = (struct layer_key){ *out, true };
	pthread_mutex_unlock(&own->lock);
	return OK;
}

/* ------------------------------------------------------------------- the whole model */

static void
add_head(struct sha256 *sha, const struct tensor *tensor)
{
	const uint64_t rank = (uint64_t)tensor->rank;

	sha256_add(sha, tensor->name, strlen(tensor->name) + 1);
	sha256_add(sha, dtype_name(tensor->dtype), strlen(dtype_name(tensor->dtype)) + 1);
	sha256_add(sha, &rank, sizeof(rank));
	sha256_add(sha, tensor->shape, (size_t)rank * sizeof(*tensor->shape));
}

static enum err
add_tensor(struct model_own *own, const struct tensor *tensor, char *chunk, size_t capacity,
	   const struct work *work)
{
	enum err code = OK;

	if (!own->hashed_bytes)
		add_head(own->sha, tensor);
	while (own->hashed_bytes < tensor->bytes) {
		uint64_t left = tensor->bytes - own->hashed_bytes,
			 n = left < capacity ? left : capacity;

		if ((code = work_check(work)) ||
		    (code = tensor_read_bytes(chunk, tensor, own->hashed_bytes, n)))
			return code;
		sha256_add(own->sha, chunk, n);
		own->hashed_bytes += n;
		work_advance(work, n);
	}
	return OK;
}

static enum err
add_tensors(struct model_own *own, const struct checkpoint *checkpoint, const struct work *work)
{
	enum { CHUNK = 1 << 20 };
	char *chunk = buf_alloc(CHUNK, 1);
	enum err code = chunk ? OK : ERR_NOMEM;

	for (size_t i = own->hashed; i < checkpoint->count; i++)
		work_expect(work,
			    checkpoint->tensors[i].bytes - (i == own->hashed) * own->hashed_bytes);
	while (own->hashed < checkpoint->count && !code) {
		code = add_tensor(own, &checkpoint->tensors[own->hashed], chunk, CHUNK, work);
		if (!code) {
			own->hashed++;
			own->hashed_bytes = 0;
		}
	}
	buf_free(chunk);
	return code;
}

enum err
model_sha256(char out[HASH_HEX], const struct model *model, const struct work *work)
{
	struct model_own *own = model->arena;
	enum err code = OK;

	pthread_mutex_lock(&own->hashing);
	if (!own->sha256[0]) {
		if (!own->sha)
			code = sha256_start(&own->sha);
		if (!code)
			code = add_tensors(own, model->checkpoint, work);
		if (!code) {
			sha256_finish(own->sha256, own->sha);
			own->sha = NULL;
		}
	}
	memcpy(out, own->sha256, HASH_HEX);
	pthread_mutex_unlock(&own->hashing);
	return code;
}
