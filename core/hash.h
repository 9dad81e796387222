#ifndef CORE_HASH_H
#define CORE_HASH_H

#include "core/err.h"

#include <stddef.h>
#include <stdint.h>

enum { HASH_HEX = 65 }; /* room for SHA-256 in hexadecimal and NUL */

/* 128 bits that name a result inside the cache (XXH3). Not for strangers to check. */
struct key {
	uint64_t low, high;
};

struct key key_of(const void *data, size_t size);
struct key key_add(struct key key, const void *data, size_t size); /* order matters */
struct key key_add_text(struct key key, const char *text);         /* length included */
int key_equal(struct key a, struct key b);
void key_hex(char out[33], struct key key);

/* SHA-256, for recipes, cards and sessions. */
struct sha256;
struct work;
enum err sha256_start(struct sha256 **out);
void sha256_add(struct sha256 *sha, const void *data, size_t size);
void sha256_finish(char out[HASH_HEX], struct sha256 *sha); /* frees it */
void sha256_drop(struct sha256 *sha);                       /* frees it; NULL is fine */
enum err sha256_of(char out[HASH_HEX], const void *data, size_t size);
enum err sha256_file(char out[HASH_HEX], const char *path, const struct work *work);

#endif
