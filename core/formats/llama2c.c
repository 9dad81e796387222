/* llama2.c's version 0 (karpathy/llama2.c, export.py legacy_export): float32 throughout.
 *
 *   7 int32: dim, hidden_dim, n_layers, n_heads, n_kv_heads, vocab_size, seq_len
 *            (vocab_size negative: the head is stored too)
 *   tok_embeddings (vocab, dim); then for all blocks together, kind after kind: attention_norm
 *   (dim), wq (dim, dim), wk and wv (kv, dim), wo (dim, dim), ffn_norm (dim), w1 (hidden, dim),
 *   w2 (dim, hidden), w3 (hidden, dim); norm (dim); two tables of seq_len * head_dim / 2 for RoPE,
 *   which are skipped; output (vocab, dim) if stored.
 *
 * The file names nothing; tensors are named as in llama2.c's own model.py. There is no magic
 * number: a .bin file whose header accounts for every byte is one. */
#include "core/architecture.h"
#include "core/buf.h"
#include "core/checked.h"
#include "core/checkpoint.h"
#include "core/file.h"

#include <stdio.h>
#include <string.h>

enum { HEADER_FIELDS = 7, HEADER_BYTES = 28 };

struct reader {
	struct checkpoint *checkpoint;
	const struct file_map *map;
	const char *path;
	struct model_shape shape;
	uint64_t at; /* bytes */
};

static enum err
out_of_range(const char *path, const char *item, int32_t value)
{
	return err_at(ERR_FORMAT, path, item,
		      "is %d in the header; this is no llama2.c file of version 0", value);
}

static enum err
read_shape(struct model_shape *s, const int32_t *field, const char *path)
{
	static const char *const names[HEADER_FIELDS] = { "dim",     "hidden_dim", "n_layers",
							  "n_heads", "n_kv_heads", "vocab_size",
							  "seq_len" };
	static const int32_t max[HEADER_FIELDS] = { CONFIG_WIDTH_MAX,  CONFIG_WIDTH_MAX,
						    CONFIG_BLOCKS_MAX, CONFIG_HEADS_MAX,
						    CONFIG_HEADS_MAX,  CONFIG_VOCAB_MAX,
						    CONFIG_CONTEXT_MAX };

	for (int i = 0; i < HEADER_FIELDS; i++) {
		bool may_be_negative = i == 5;
		int32_t value = may_be_negative && field[i] > -max[i] && field[i] < 0 ? -field[i]
										      : field[i];

		if (value < 1 || value > max[i])
			return out_of_range(path, names[i], field[i]);
	}
	if (field[0] % field[3])
		return out_of_range(path, "n_heads", field[3]);
	if (field[0] / field[3] % 2)
		return out_of_range(path, "dim", field[0]);
	if (field[3] % field[4])
		return out_of_range(path, "n_kv_heads", field[4]);
	*s = (struct model_shape){ .blocks = (size_t)field[2],
				   .hidden = (size_t)field[0],
				   .intermediate = (size_t)field[1],
				   .heads = (size_t)field[3],
				   .kv_heads = (size_t)field[4],
				   .head_dim = (size_t)(field[0] / field[3]),
				   .vocab = (size_t)(field[5] < 0 ? -field[5] : field[5]),
				   .context = (size_t)field[6],
				   .norm_eps = 1e-5,
				   .rope_theta = 10000,
				   .rope_interleaved = true,
				   .tied_head = field[5] > 0 };
	return OK;
}

static enum err
truncated(const struct reader *r, const char *name)
{
	return err_at(ERR_FORMAT, r->path, name,
		      "lies behind the end of the file (%llu bytes); it is truncated or its header "
		      "lies",
		      (unsigned long long)file_map_size(r->map));
}

/* The next rows * columns values; columns 0 for a vector. */
static enum err
add(struct reader *r, const char *name, size_t rows, size_t columns)
{
	struct tensor tensor = { .name = name,
				 .dtype = DTYPE_F32,
				 .rank = columns ? 2 : 1,
				 .shape = { rows, columns },
				 .map = r->map,
				 .offset = r->at };
	uint64_t end;

	if (!columns)
		tensor.shape[1] = 0;
	if (!checked_mul(&tensor.elements, rows, columns ? columns : 1) ||
	    !checked_mul(&tensor.bytes, tensor.elements, sizeof(float)) ||
	    !checked_add(&end, r->at, tensor.bytes) || end > file_map_size(r->map))
		return truncated(r, name);
	r->at = end;
	return checkpoint_add(r->checkpoint, &tensor);
}

/* The same tensor of every block. */
static enum err
add_all(struct reader *r, const struct architecture_tensor *entry)
{
	size_t rows = dimension_of(entry->rows, &r->shape);
	size_t columns =
		entry->columns == DIMENSION_NONE ? 0 : dimension_of(entry->columns, &r->shape);
	enum err code = OK;

	for (size_t block = 0; block < r->shape.blocks && !code; block++) {
		char name[128];

		snprintf(name, sizeof(name), "%s%zu.%s", architecture_llama2c.block_prefix, block,
			 entry->name);
		code = add(r, name, rows, columns);
	}
	return code;
}

static enum err
skip_rope_tables(struct reader *r)
{
	uint64_t values, bytes;

	if (!checked_mul(&values, r->shape.context, r->shape.head_dim) ||
	    !checked_mul(&bytes, values, sizeof(float)) || !checked_add(&r->at, r->at, bytes) ||
	    r->at > file_map_size(r->map))
		return truncated(r, "freq_cis");
	return OK;
}

static enum err
add_everything(struct reader *r)
{
	const struct model_shape *s = &r->shape;
	enum err code = add(r, architecture_llama2c.embed, s->vocab, s->hidden);

	/* The table stands in the order of the file. */
	for (const struct architecture_tensor *t = architecture_llama2c.tensors; t->name && !code;
	     t++)
		code = add_all(r, t);
	if (code || (code = add(r, architecture_llama2c.final_norm, s->hidden, 0)) ||
	    (code = skip_rope_tables(r)))
		return code;
	if (!s->tied_head && (code = add(r, architecture_llama2c.head, s->vocab, s->hidden)))
		return code;
	if (r->at == file_map_size(r->map))
		return OK;
	return err_at(ERR_FORMAT, r->path, NULL,
		      "has %llu bytes, its header accounts for %llu; it is damaged or no llama2.c "
		      "file of version 0",
		      (unsigned long long)file_map_size(r->map), (unsigned long long)r->at);
}

static enum err
open_file(struct checkpoint *checkpoint, const char *path)
{
	struct reader r = { .checkpoint = checkpoint, .path = path, .at = HEADER_BYTES };
	struct model_shape *kept = arena_alloc(&checkpoint->arena, 1, sizeof(*kept));
	int32_t fields[HEADER_FIELDS];
	enum err code = kept ? checkpoint_map(&r.map, checkpoint, path) : ERR_NOMEM;

	if (code)
		return code;
	if (file_map_size(r.map) < HEADER_BYTES)
		return err_at(ERR_FORMAT, path, NULL,
			      "has %llu bytes, too few for a llama2.c file; fetch it again",
			      (unsigned long long)file_map_size(r.map));
	memcpy(fields, file_map_data(r.map), HEADER_BYTES);
	if ((code = file_map_check(r.map)) || (code = read_shape(&r.shape, fields, path)) ||
	    (code = add_everything(&r)))
		return code;
	*kept = r.shape;
	checkpoint->own = kept;
	checkpoint_identify(checkpoint, r.map, fields, HEADER_BYTES);
	return OK;
}

static int
recognise(const char *path)
{
	size_t n = strlen(path);

	return n > 4 && !strcmp(path + n - 4, ".bin") && file_exists(path) && !file_is_folder(path);
}

static enum err
describe(struct model_shape *out, const struct architecture **architecture,
	 const struct checkpoint *checkpoint)
{
	*out = *(const struct model_shape *)checkpoint->own;
	*architecture = &architecture_llama2c;
	return OK;
}

const struct format format_llama2c = {
	.name = "llama2c",
	.recognise = recognise,
	.open = open_file,
	.describe = describe,
};
