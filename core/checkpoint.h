#ifndef CORE_CHECKPOINT_H
#define CORE_CHECKPOINT_H

#include "core/arena.h"
#include "core/hash.h"
#include "core/tensor.h"

#include <stdbool.h>
#include <stddef.h>

/* A model's files as named arrays: nothing but their headers is read at opening. One file in
 * core/formats/ and one line in formats.def for each container. Immutable after checkpoint_open. */
struct checkpoint {
	const struct format *format;
	const char *path;       /* folder or file, as given */
	struct tensor *tensors; /* in name order */
	size_t count, capacity;
	struct file_map **maps; /* the files, in name order */
	size_t map_count, map_capacity;
	const struct json_document *config; /* config.json of a folder, owned; or NULL */
	const char *alias_from, *alias_to;  /* a tied tensor named in the metadata, or NULL */
	char identity[HASH_HEX];            /* of header, size and time of every file */
	struct arena arena;                 /* names and the format's own */
	void *own;                          /* the format's own, in the arena */
};

struct checkpoint_output;
struct model_description;

struct format {
	const char *name; /* "safetensors", "gguf", "llama2c": as `info` prints it */
	/* Whether this path is one of ours, from its name and first bytes. */
	enum err (*recognise)(bool *out, const char *path);
	enum err (*open)(struct checkpoint *checkpoint, const char *path);
	/* Frees what `own` points to outside the arena, also after a failed open; NULL: nothing. */
	void (*close)(struct checkpoint *checkpoint);
	/* Which family and which shape, from what `open` read. */
	enum err (*describe)(struct model_description *out, const struct checkpoint *checkpoint);
	/* Everything again, into an empty folder: core/checkpoint_write.h. */
	enum err (*write)(const struct checkpoint_output *output);
};

/* Ends the sentence "holds its weights as": what is wrong with that and how to convert them. */
#define CHECKPOINT_PICKLE                                                               \
	"a Python pickle, which can run code when loaded; convert them to safetensors:" \
	" python -c \"from transformers import AutoModelForCausalLM as M;"              \
	" M.from_pretrained('FOLDER').save_pretrained('OUT')\""

/* ERR_UNSUPPORTED for a file that only names what git-lfs would fetch in its place. */
enum err checkpoint_check_pointer(const char *path);
bool checkpoint_is_pickle(const char *path); /* by its first bytes */

enum err checkpoint_open(struct checkpoint **out, const char *path);
/* Tensors alone, of which another model's config says what they are: one .safetensors file, or a
 * folder of them without a config.json. Such a checkpoint cannot be described or written. */
enum err checkpoint_open_tensors(struct checkpoint **out, const char *path);
bool checkpoint_is_tensors(const char *path);        /* is it one of these? */
void checkpoint_free(struct checkpoint *checkpoint); /* NULL is fine */

/* NULL: there is none. */
const struct tensor *checkpoint_find(const struct checkpoint *checkpoint, const char *name);

/* For formats: map a file and own it; add a tensor (its name is copied); hash a header into the
 * identity; sort the tensors, which checkpoint_find needs and which finds duplicates (done once
 * more when open returns). */
enum err checkpoint_sort(struct checkpoint *checkpoint);
enum err checkpoint_map(const struct file_map **out, struct checkpoint *checkpoint,
			const char *path);
enum err checkpoint_add(struct checkpoint *checkpoint, const struct tensor *tensor);
void checkpoint_identify(struct checkpoint *checkpoint, const struct file_map *map,
			 const void *header, size_t size);

#endif
