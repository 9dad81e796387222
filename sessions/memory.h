#ifndef SESSIONS_MEMORY_H
#define SESSIONS_MEMORY_H

#include "core/model.h"

/* How much memory and disk the engine may hold, and how the memory is shared out: decided here and
 * nowhere else. docs/memory.md tells users. */
struct memory {
	uint64_t limit;   /* all of it: --memory, QSCOPE_MEMORY, or a quarter of the machine's */
	uint64_t workers; /* the tiles of the threads */
	uint64_t fixed;   /* what a pass over this model takes whatever is kept: those, and one
			     block (or the head) in float32 */
	/* Shares of the rest, in bytes. */
	size_t grams;   /* statistics that are kept, and the sums of those being taken */
	size_t results; /* quantized layers */
	size_t states;  /* hidden states that are kept */
	size_t batch;   /* activations of the batch that runs */
	size_t freed;   /* blocks kept to be handed out again, see buf_keep */
};

/* Share out `limit` (0: the default) for this model. */
void memory_share(struct memory *out, uint64_t limit, const struct model *model, int threads);

/* "3G", "512M", "1.5GiB", "1000000": units are powers of 1024. `name` is the option for the error.
 */
enum err memory_parse(uint64_t *out, const char *name, const char *text);

/* What the machine, or the control group we run in, has. */
uint64_t memory_of_machine(void);
#define MEMORY_SHARE 4 /* of which this share is the default limit */

/* Of results on disk and, once more, of what spills: QSCOPE_CACHE_SIZE, else 4 GiB. */
enum err memory_disk_limit(uint64_t *out);

/* "1.6 GiB" for people; `out` holds 32 bytes and is returned. */
char *memory_text(char *out, uint64_t bytes);

#endif
