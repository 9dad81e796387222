#ifndef CORE_FORMATS_HUGGINGFACE_H
#define CORE_FORMATS_HUGGINGFACE_H

#include "core/checkpoint.h"

/* Shared by huggingface*.c and by those who ask what a folder holds before they open it. */
#define HUGGINGFACE_SINGLE "model.safetensors"
#define HUGGINGFACE_INDEX  "model.safetensors.index.json"
enum { HUGGINGFACE_INDEX_MAX = 200 * 1000 * 1000, HUGGINGFACE_CONFIG_MAX = 16 << 20 };

struct json_document;

/* ERR_FORMAT when `path`, a file of `folder`, is a link that a model cache may not hold, or one
 * that leads nowhere. */
enum err huggingface_check_link(const char *folder, const char *path);

/* Whether config.json and every file of weights that the folder speaks of are there; of an index
 * above 32 MiB it is not asked. */
bool huggingface_is_whole(const char *folder);

/* What opening the folder would read of it: headers and index. 0: no weights of ours. */
uint64_t huggingface_header_bytes(const char *folder);

/* For a folder without weights that are read: what it holds instead, and what to do. */
enum err huggingface_refuse(const char *folder);

/* Weights that no config makes readable: already quantized, or of no causal model. */
enum err huggingface_check_config(const struct json_document *config, const char *folder);
enum err huggingface_check_tensors(const struct checkpoint *checkpoint);

/* model.safetensors.index.json and the shards it names. */
enum err huggingface_read_shards(struct checkpoint *checkpoint, const char *index_path);
/* The first shard that the index names and that is not there, the caller's; NULL: none. ERR_RANGE
 * for an index of more than `limit` bytes. */
enum err huggingface_missing_shard(char **out, const char *folder, const char *index_path,
				   size_t limit);
/* One file of the folder, links checked. */
enum err huggingface_read_file(struct checkpoint *checkpoint, const char *path);

enum err huggingface_write(const struct checkpoint_output *output);

#endif
