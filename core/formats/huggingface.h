#ifndef CORE_FORMATS_HUGGINGFACE_H
#define CORE_FORMATS_HUGGINGFACE_H

#include "core/checkpoint.h"

/* Shared by huggingface*.c alone. */
#define HUGGINGFACE_SINGLE "model.safetensors"
#define HUGGINGFACE_INDEX  "model.safetensors.index.json"
enum { HUGGINGFACE_INDEX_MAX = 200 * 1000 * 1000 };

/* ERR_FORMAT when `path`, a file of `folder`, is a link that a model cache may not hold. */
enum err huggingface_check_link(const char *folder, const char *path);
enum err huggingface_write(const struct checkpoint_output *output);

#endif
