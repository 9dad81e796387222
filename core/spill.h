#ifndef CORE_SPILL_H
#define CORE_SPILL_H

#include "core/err.h"
#include "core/work.h"

#include <stddef.h>
#include <stdint.h>

/* Disk in place of memory: a file without a name, so that it is gone with the last reference,
 * however the program ends. Counted references; any thread. */
struct spill;

/* Nothing is written, and no file made, before the first put. `folder` must exist by then or can be
 * made; `limit` bytes at most lie there at once. */
enum err spill_create(struct spill **out, const char *folder, uint64_t limit);
struct spill *spill_ref(struct spill *spill);
void spill_unref(struct spill *spill); /* NULL is fine */

/* ERR_RANGE: more than the limit leaves; ERR_IO: the disk is full or broken. Nothing is kept then,
 * nor after a cancel. `work` may be NULL. */
enum err spill_put(uint64_t *offset, struct spill *spill, const void *data, size_t size,
		   const struct work *work);
/* Any part of what was put. ERR_IO where it cannot be read back. */
enum err spill_get(struct spill *spill, uint64_t offset, void *to, size_t size);
void spill_drop(struct spill *spill, uint64_t offset, size_t size); /* as it was put */

uint64_t spill_bytes(struct spill *spill);

/* Bytes a second that reach the disk below `folder`, measured now on such a file; 0: unknown. */
double spill_rate(const char *folder);

#endif
