#include "core/hash.h"

#include "core/buf.h"
#include "core/file.h"
#include "core/work.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

static struct key
from_xxh(XXH128_hash_t hash)
{
	return (struct key){ hash.low64, hash.high64 };
}

struct key
key_of(const void *data, size_t size)
{
	return from_xxh(XXH3_128bits(data, size));
}

struct key
key_add(struct key key, const void *data, size_t size)
{
	struct key part[2] = { key, key_of(data, size) };

	return key_of(part, sizeof(part));
}

struct key
key_add_text(struct key key, const char *text)
{
	return key_add(key, text, strlen(text) + 1);
}

int
key_equal(struct key a, struct key b)
{
	return a.low == b.low && a.high == b.high;
}

void
key_hex(char out[33], struct key key)
{
	snprintf(out, 33, "%016llx%016llx", (unsigned long long)key.high,
		 (unsigned long long)key.low);
}

struct sha256 {
	EVP_MD_CTX *context;
};

enum err
sha256_start(struct sha256 **out)
{
	struct sha256 *sha = buf_alloc(1, sizeof(*sha));

	*out = NULL;
	if (!sha)
		return ERR_NOMEM;
	sha->context = EVP_MD_CTX_new();
	if (!sha->context || !EVP_DigestInit_ex(sha->context, EVP_sha256(), NULL)) {
		sha256_drop(sha);
		return err_set(ERR_NOMEM, "no memory for a hash");
	}
	*out = sha;
	return OK;
}

void
sha256_add(struct sha256 *sha, const void *data, size_t size)
{
	EVP_DigestUpdate(sha->context, data, size);
}

void
sha256_finish(char out[HASH_HEX], struct sha256 *sha)
{
	unsigned char digest[EVP_MAX_MD_SIZE];

	EVP_DigestFinal_ex(sha->context, digest, NULL);
	for (int i = 0; i < 32; i++)
		snprintf(out + 2 * i, 3, "%02x", digest[i]);
	sha256_drop(sha);
}

void
sha256_drop(struct sha256 *sha)
{
	if (sha) {
		EVP_MD_CTX_free(sha->context);
		buf_free(sha);
	}
}

enum err
sha256_of(char out[HASH_HEX], const void *data, size_t size)
{
	struct sha256 *sha;
	enum err code = sha256_start(&sha);

	if (!code) {
		sha256_add(sha, data, size);
		sha256_finish(out, sha);
	}
	return code;
}

enum err
sha256_file(char out[HASH_HEX], const char *path, const struct work *work)
{
	enum { PIECE = 1 << 20 };
	struct sha256 *sha = NULL;
	struct file_map *map;
	uint64_t size;
	enum err code = file_map_open(&map, path);

	if (code)
		return code;
	size = file_map_size(map);
	code = sha256_start(&sha);
	for (uint64_t at = 0; at < size && !code; at += PIECE) {
		uint64_t n = size - at < PIECE ? size - at : PIECE;

		if ((code = work_check(work)))
			break;
		sha256_add(sha, (const char *)file_map_data(map) + at, n);
		file_map_release(map, at, n);
	}
	if (!code)
		code = file_map_check(map);
	if (code)
		sha256_drop(sha);
	else
		sha256_finish(out, sha);
	file_map_free(map);
	return code;
}
