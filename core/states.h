#ifndef CORE_STATES_H
#define CORE_STATES_H

#include "core/hash.h"
#include "core/spill.h"

#include <stdbool.h>

/* Intermediate results under the key of everything they depend on. Beyond `memory` bytes what was
 * used least recently moves to the spill, and when that is full out of it. Losing one costs time
 * alone. One thread. */
struct states;

/* `spill` NULL: what does not fit into memory goes. A reference is taken. */
enum err states_create(struct states **out, size_t memory, struct spill *spill);
void states_free(struct states *states); /* NULL is fine */

/* A copy of the `size` bytes kept under the key; false: they are not, or no longer, there. */
bool states_get(struct states *states, struct key key, void *to, size_t size);
bool states_has(const struct states *states, struct key key);

/* Keep a copy, unless it is larger than either limit. */
enum err states_put(struct states *states, struct key key, const void *data, size_t size);

size_t states_bytes(const struct states *states);     /* in memory */
uint64_t states_spilled(const struct states *states); /* in the spill */

#endif
