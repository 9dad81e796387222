#ifndef CORE_CHECKPOINT_WRITE_H
#define CORE_CHECKPOINT_WRITE_H

#include "core/checkpoint.h"
#include "core/file.h"
#include "core/model_write.h"
#include "core/overlay.h"

/* A replaced layer, where its values stand in the tensor that holds it. */
struct checkpoint_part {
	const struct layer *layer;
	const struct replacement *replaced;
	uint64_t first;               /* element of the tensor; the others follow */
	struct checkpoint_part *next; /* behind this one in the same tensor, or NULL */
};

/* What a format's `write` gets, and the steps that formats share. */
struct checkpoint_output {
	const struct checkpoint *checkpoint;
	const char *folder; /* exists and is empty */
	enum write_dtype dtype;
	struct checkpoint_part **parts; /* (checkpoint->count) in order; NULL: nothing changes */
	struct model_files *files;      /* every file that was written */
	const struct work *work;        /* or NULL */
};

/* The element type in which `tensor` is written. */
enum dtype checkpoint_output_dtype(const struct checkpoint_output *output,
				   const struct tensor *tensor);

/* All values of one tensor, converted, replaced where they are. */
enum err checkpoint_output_values(struct file_writer *writer,
				  const struct checkpoint_output *output,
				  const struct tensor *tensor);

/* Begin a file of the folder; it is noted in `files`. */
enum err checkpoint_output_open(struct file_writer **out, const struct checkpoint_output *output,
				const char *name);

/* Bytes of a mapped file as they are. */
enum err checkpoint_output_bytes(struct file_writer *writer, const struct file_map *map,
				 uint64_t first, uint64_t count, const struct work *work);

/* Whole files. */
enum err checkpoint_output_text(const struct checkpoint_output *output, const char *name,
				const char *text, size_t length);
enum err checkpoint_output_copy(const struct checkpoint_output *output, const char *name,
				const char *from);

#endif
