#ifndef CORE_TOKENIZERS_CHARSET_H
#define CORE_TOKENIZERS_CHARSET_H

#include "core/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A set of code points as ranges. Adding leaves them in any order; every other function first puts
 * them in order, apart from one another. A zeroed set is empty. */
struct charset_range {
	int32_t first, last;
};

struct charset {
	struct charset_range *ranges;
	size_t count, capacity;
};

enum { CHARSET_LAST = 0x10ffff };

enum err charset_add(struct charset *set, int32_t first, int32_t last);
/* All characters that have any of the bits of unicode.h, or with `negated` all others. */
enum err charset_add_classes(struct charset *set, uint64_t classes, bool negated);
enum err charset_add_script(struct charset *set, uint8_t script, bool negated);
enum err charset_add_set(struct charset *set, struct charset *other, bool negated);

enum err charset_remove(struct charset *set, int32_t code);
void charset_settle(struct charset *set);
enum err charset_invert(struct charset *set);
enum err charset_intersect(struct charset *set, struct charset *other);
bool charset_equal(const struct charset *a, const struct charset *b); /* both settled */
void charset_free(struct charset *set);                               /* contents */

#endif
