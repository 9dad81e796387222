#ifndef CORE_FORMATS_GGUF_CONFIG_H
#define CORE_FORMATS_GGUF_CONFIG_H

#include "core/architecture.h"
#include "core/checkpoint.h"
#include "core/formats/gguf.h"

struct json_document;

/* What a GGUF file is read as. */
struct gguf_source {
	const struct gguf *gguf;
	const struct checkpoint *checkpoint;
	const struct architecture *family;
	size_t every; /* of gguf_families.def */
};

/* The metadata as the family's config.json would have it; *out is the caller's. What GGUF leaves to
 * the tensors that are there (biases, a tied head) is read off them. Every value is checked here,
 * so that an error names the key that the file has. */
enum err gguf_config(struct json_document **out, const struct gguf_source *source);

/* Before: options that qscope does not compute, and a vocabulary of another size than the
 * embedding. */
enum err gguf_check_rules(const struct gguf_source *source);

/* After: values that the family's config has no word for are those it has anyway. */
enum err gguf_check_unread(const struct gguf_source *source, const struct model_shape *shape);

#endif
