#ifndef CORE_FORMATS_GGUF_MODEL_H
#define CORE_FORMATS_GGUF_MODEL_H

#include "core/architecture.h"
#include "core/checkpoint.h"
#include "core/formats/gguf.h"

/* Which family a GGUF file holds, in which shape: its metadata is put into the words of the
 * family's config.json and read by the family's own tables; tensors have GGUF's names. */
enum err gguf_describe(struct model_description *out, struct gguf *gguf,
		       const struct checkpoint *checkpoint);

#endif
