/* The same safetensors file again with other values: names, order and metadata are the source's,
 * types and offsets are new. The header is padded to 8 bytes with blanks, as the reference does. */
#include "core/formats/safetensors.h"

#include "core/buf.h"
#include "core/checkpoint_write.h"
#include "core/json.h"
#include "core/json_print.h"

#include <stdlib.h>
#include <string.h>

struct shard {
	const struct checkpoint_output *output;
	const struct file_map *map;
	const struct tensor **order; /* this file's tensors by place */
	uint64_t *begin;             /* (checkpoint->count) where each will begin */
	size_t count;
	uint64_t bytes; /* of all data */
	struct json_text header;
};

static uint64_t
bytes_of(const struct checkpoint_output *output, const struct tensor *tensor)
{
	return tensor->elements * (dtype_bits(checkpoint_output_dtype(output, tensor)) / 8);
}

static int
by_place(const void *a, const void *b)
{
	const struct tensor *x = *(const struct tensor *const *)a,
			    *y = *(const struct tensor *const *)b;

	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	return x->bytes < y->bytes ? -1 : x->bytes > y->bytes;
}

/* Which tensors, in which order, and where each will begin. */
static enum err
plan(struct shard *s)
{
	const struct checkpoint *c = s->output->checkpoint;

	s->order = buf_alloc(c->count, sizeof(*s->order));
	s->begin = buf_alloc(c->count, sizeof(*s->begin));
	if (!s->order || !s->begin)
		return ERR_NOMEM;
	for (size_t i = 0; i < c->count; i++)
		if (c->tensors[i].map == s->map)
			s->order[s->count++] = &c->tensors[i];
	if (s->count)
		qsort(s->order, s->count, sizeof(struct tensor *), by_place);
	for (size_t i = 0; i < s->count; i++) {
		s->begin[s->order[i] - c->tensors] = s->bytes;
		s->bytes += bytes_of(s->output, s->order[i]);
	}
	return OK;
}

static enum err
print_tensor(struct shard *s, const struct json *entry)
{
	const struct checkpoint *c = s->output->checkpoint;
	const struct tensor *t = checkpoint_find(c, entry->key);
	struct json_text *to = &s->header;
	uint64_t begin;
	enum err code;

	if (!t || t->map != s->map)
		return err_at(ERR_IO, file_map_path(s->map), entry->key,
			      "changed on disk while it was open; open the model again");
	begin = s->begin[t - c->tensors];
	code = json_text_format(to, ":{\"dtype\":\"%s\",\"shape\":[",
				dtype_name(checkpoint_output_dtype(s->output, t)));
	for (int i = 0; i < t->rank && !code; i++)
		code = json_text_format(to, "%s%llu", i ? "," : "",
					(unsigned long long)t->shape[i]);
	return code ? code
		    : json_text_format(to, "],\"data_offsets\":[%llu,%llu]}",
				       (unsigned long long)begin,
				       (unsigned long long)(begin + bytes_of(s->output, t)));
}

static enum err
print_metadata(struct json_text *to, const struct json *metadata)
{
	enum err code = json_text_add(to, ":{", 2);

	for (const struct json *m = metadata->first; m && !code; m = m->next) {
		if (m != metadata->first)
			code = json_text_add(to, ",", 1);
		if (!code && !(code = json_text_string(to, m->key, m->key_length)) &&
		    !(code = json_text_add(to, ":", 1)))
			code = json_text_string(to, m->string, m->length);
	}
	return code ? code : json_text_add(to, "}", 1);
}

static enum err
print_entries(struct shard *s, const struct json *root)
{
	struct json_text *to = &s->header;
	enum err code = json_text_add(to, "{", 1);

	for (const struct json *e = root->first; e && !code; e = e->next) {
		if (e != root->first)
			code = json_text_add(to, ",", 1);
		if (code || (code = json_text_string(to, e->key, e->key_length)))
			break;
		code = strcmp(e->key, "__metadata__") ? print_tensor(s, e) : print_metadata(to, e);
	}
	if (!code)
		code = json_text_add(to, "}", 1);
	while (!code && s->header.length % 8)
		code = json_text_add(to, " ", 1);
	return code;
}

static enum err
make_header(struct shard *s)
{
	struct json_document *source;
	enum err code = safetensors_header(&source, s->map);

	if (code)
		return code;
	code = print_entries(s, json_root(source));
	json_free(source);
	return code;
}

static enum err
write_all(struct shard *s, struct file_writer *writer)
{
	unsigned char length[8];
	enum err code;

	for (int i = 0; i < 8; i++)
		length[i] = (unsigned char)(s->header.length >> 8 * i);
	code = file_writer_add(writer, length, sizeof(length));
	if (!code)
		code = file_writer_add(writer, s->header.text, s->header.length);
	for (size_t i = 0; i < s->count && !code; i++)
		code = checkpoint_output_values(writer, s->output, s->order[i]);
	return code;
}

enum err
safetensors_write(uint64_t *bytes, const struct checkpoint_output *output,
		  const struct file_map *map, const char *name)
{
	struct shard s = { .output = output, .map = map };
	struct file_writer *writer = NULL;
	enum err code;

	if (!(code = plan(&s)) && !(code = make_header(&s)) &&
	    !(code = checkpoint_output_open(&writer, output, name)))
		code = write_all(&s, writer);
	*bytes += s.bytes;
	buf_free(s.order);
	buf_free(s.begin);
	json_text_free(&s.header);
	if (!code)
		return file_writer_commit(writer, false);
	file_writer_drop(writer);
	return code;
}
