#ifndef CORE_MODEL_WRITE_H
#define CORE_MODEL_WRITE_H

#include "core/model.h"
#include "core/overlay.h"
#include "core/work.h"

/* Write an open model with some layers replaced, in its checkpoint's own layout: the same files,
 * tensor names, order and metadata; tokenizer and generation files are copied. float32 is exact:
 * reading the folder gives the very weights that were measured. */
enum write_dtype {
	WRITE_FLOAT32,
	WRITE_SOURCE, /* each tensor as it was */
	WRITE_BF16,
	WRITE_F16
};

/* "float32", "source", "bf16", "f16"; ERR_RANGE names what there is. */
enum err write_dtype_parse(enum write_dtype *out, const char *name);
const char *write_dtype_name(enum write_dtype dtype);

/* Names of the files written, in order, without their folder. */
struct model_files {
	char **names;
	size_t count, capacity;
};

/* `folder` must not exist or be empty. `overlay` (only its weights matter) may be NULL. On failure
 * everything written is removed again. `out` is the caller's: model_files_clear. llama2.c files
 * hold float32 alone: ERR_UNSUPPORTED for bf16 and f16. Progress is counted in values; `work` may
 * be NULL. */
enum err model_write(struct model_files *out, const struct model *model,
		     const struct overlay *overlay, const char *folder, enum write_dtype dtype,
		     const struct work *work);
void model_files_clear(struct model_files *files);

#endif
