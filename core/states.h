#ifndef CORE_STATES_H
#define CORE_STATES_H

#include "core/hash.h"

/* Intermediate results kept in memory under the key of everything they depend on; what was used
 * least recently goes first. One thread. */
struct states;

enum err states_create(struct states **out, size_t limit_bytes);
void states_free(struct states *states); /* NULL is fine */

/* Borrowed until the next states_put; NULL when it is not kept. */
const void *states_get(struct states *states, struct key key);

/* Keep a copy of `size` bytes, unless they are more than the limit. */
enum err states_put(struct states *states, struct key key, const void *data, size_t size);

size_t states_bytes(const struct states *states);

#endif
