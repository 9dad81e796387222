#ifndef CORE_FORMATS_SAFETENSORS_H
#define CORE_FORMATS_SAFETENSORS_H

#include "core/checkpoint.h"

struct json_document;

/* Add every tensor of one .safetensors file to the checkpoint, which keeps it mapped. */
enum err safetensors_read(struct checkpoint *checkpoint, const char *path);

/* The parsed header of a mapped file; the caller frees it. */
enum err safetensors_header(struct json_document **out, const struct file_map *map);

/* The tensors of `map`, with `output`'s values, as the file `name`. Adds the bytes of data to
 * *bytes. */
enum err safetensors_write(uint64_t *bytes, const struct checkpoint_output *output,
			   const struct file_map *map, const char *name);

#endif
