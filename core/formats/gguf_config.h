#ifndef CORE_FORMATS_GGUF_CONFIG_H
#define CORE_FORMATS_GGUF_CONFIG_H

#include "core/architecture.h"
#include "core/checkpoint.h"
#include "core/formats/gguf.h"

struct json_document;

/* The metadata of a GGUF file as the family's config.json would have it; *out is the caller's. What
 * GGUF leaves to the tensors that are there (biases, a tied head) is read off them. */
enum err gguf_config(struct json_document **out, const struct gguf *gguf,
		     const struct checkpoint *checkpoint, const struct architecture *family);

#endif
