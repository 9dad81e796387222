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
#include "core/checkpoint_write.h"
#include "core/formats/huggingface.h"
#include "core/rope_kind.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *
path_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

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
				   .rope = true,
				   .rope_interleaved = true,
				   .tied_head = field[5] > 0 };
	s->rotary_dim = s->head_dim;
	s->embed_columns = s->hidden;
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
	if (code || (code = add(r, architecture_rms_outside[0].name, s->hidden, 0)) ||
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

static bool
is_model_name(const char *name)
{
	size_t n = strlen(name);

	return n > 4 && !strcmp(name + n - 4, ".bin") && strncmp(name, "tok", 3) &&
	       strncmp(name, "pytorch_model", 13);
}

/* A folder that holds one model of this kind (and its tok*.bin), as `quantize` writes it. *out is
 * the caller's, NULL when there are none or several. */
static enum err
find_in_folder(char **out, const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	enum err code = OK;
	size_t found = 0;

	*out = NULL;
	while (dir && !code && (entry = readdir(dir))) {
		if (!is_model_name(entry->d_name) || found++)
			continue;
		if (!(*out = file_join(folder, entry->d_name)))
			code = ERR_NOMEM;
	}
	if (dir)
		closedir(dir);
	if (found != 1) {
		buf_free(*out);
		*out = NULL;
	}
	return code;
}

static bool
is_huggingface(const char *folder)
{
	static const char *const names[] = { HUGGINGFACE_SINGLE, HUGGINGFACE_INDEX, "config.json",
					     "adapter_config.json", "model_index.json" };
	char path[4096];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (snprintf(path, sizeof(path), "%s/%s", folder, names[i]) < (int)sizeof(path) &&
		    file_exists(path))
			return true;
	return false;
}

static enum err
recognise(bool *out, const char *path)
{
	char *inside;
	enum err code;

	*out = false;
	if (!file_is_folder(path)) {
		*out = file_exists(path) && is_model_name(path_name(path));
		return OK;
	}
	if (is_huggingface(path))
		return OK;
	code = find_in_folder(&inside, path);
	*out = inside && !checkpoint_is_pickle(inside);
	buf_free(inside);
	return code;
}

static enum err
open_path(struct checkpoint *checkpoint, const char *path)
{
	char *inside;
	enum err code;

	if (!file_is_folder(path))
		return open_file(checkpoint, path);
	if ((code = find_in_folder(&inside, path)))
		return code;
	if (!inside)
		return err_at(ERR_IO, path, NULL, "changed while it was opened; try again");
	if (!(code = checkpoint_check_pointer(inside)))
		code = open_file(checkpoint, inside);
	buf_free(inside);
	return code;
}

static enum err
describe(struct model_description *out, const struct checkpoint *checkpoint)
{
	out->architecture = &architecture_llama2c;
	out->shape = *(const struct model_shape *)checkpoint->own;
	rope_set_plain(&out->pattern.rope[0], 10000, out->shape.context);
	return OK;
}

/* Bytes of the source from `from` to `to` as they are: header, rotary tables. */
static enum err
write_gap(struct file_writer *writer, const struct file_map *map, uint64_t from, uint64_t to)
{
	return to > from ? checkpoint_output_bytes(writer, map, from, to - from, NULL) : OK;
}

static int
by_place(const void *a, const void *b)
{
	const struct tensor *x = *(const struct tensor *const *)a,
			    *y = *(const struct tensor *const *)b;

	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

static enum err
write_tensors(struct file_writer *writer, const struct checkpoint_output *output,
	      const struct tensor **order)
{
	const struct checkpoint *c = output->checkpoint;
	uint64_t at = 0;
	enum err code = OK;

	for (size_t i = 0; i < c->count; i++)
		order[i] = &c->tensors[i];
	qsort(order, c->count, sizeof(*order), by_place);
	for (size_t i = 0; i < c->count && !code; i++) {
		if (!(code = write_gap(writer, c->maps[0], at, order[i]->offset)))
			code = checkpoint_output_values(writer, output, order[i]);
		at = order[i]->offset + order[i]->bytes;
	}
	return code ? code : write_gap(writer, c->maps[0], at, file_map_size(c->maps[0]));
}

/* The tokenizers beside the model: tok*.bin. */
static enum err
copy_tokenizers(const struct checkpoint_output *output)
{
	const char *path = file_map_path(output->checkpoint->maps[0]);
	size_t n = (size_t)(path_name(path) - path);
	char *folder = n ? buf_strndup(path, n) : buf_strdup("."), *from;
	DIR *dir = folder ? opendir(folder) : NULL;
	struct dirent *entry;
	enum err code = folder ? OK : ERR_NOMEM;

	while (dir && !code && (entry = readdir(dir))) {
		const char *name = entry->d_name, *end = strrchr(name, '.');

		if (strncmp(name, "tok", 3) || !end || strcmp(end, ".bin"))
			continue;
		from = file_join(folder, name);
		code = from ? checkpoint_output_copy(output, name, from) : ERR_NOMEM;
		buf_free(from);
	}
	if (dir)
		closedir(dir);
	buf_free(folder);
	return code;
}

static enum err
write_file(const struct checkpoint_output *output)
{
	const struct checkpoint *c = output->checkpoint;
	const char *name = path_name(file_map_path(c->maps[0]));
	const struct tensor **order;
	struct file_writer *writer;
	enum err code;

	if (output->dtype == WRITE_BF16 || output->dtype == WRITE_F16)
		return err_at(ERR_UNSUPPORTED, c->path, "dtype",
			      "is %s, but llama2.c files hold float32 alone; write float32",
			      write_dtype_name(output->dtype));
	if (!(order = buf_alloc(c->count, sizeof(*order))))
		return ERR_NOMEM;
	code = checkpoint_output_open(&writer, output, name);
	if (!code && (code = write_tensors(writer, output, order)))
		file_writer_drop(writer);
	else if (!code)
		code = file_writer_commit(writer, false);
	buf_free(order);
	return code ? code : copy_tokenizers(output);
}

const struct format format_llama2c = {
	.name = "llama2c",
	.recognise = recognise,
	.open = open_path,
	.describe = describe,
	.write = write_file,
};
