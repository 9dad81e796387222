#ifndef SESSIONS_CATALOG_H
#define SESSIONS_CATALOG_H

#include "core/arena.h"
#include "core/work.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The models that are at hand: the shipped one, those of the Hugging Face cache, those in the
 * current folder, those opened last. Headers alone are read, a bounded number of bytes of each;
 * what cannot be opened is an entry that says why. Immutable once read; any thread may read one. */
enum catalog_place { CATALOG_SHIPPED, CATALOG_CACHE, CATALOG_HERE, CATALOG_RECENT };
extern const char *const catalog_places[]; /* "shipped", "cache", "here", "recent" */

struct catalog_entry {
	const char *name; /* what to type for it */
	const char *path; /* what that opens; NULL: nothing of it is there */
	enum catalog_place place;
	const char *architecture; /* "llama", else what its config says; NULL: unknown */
	const char *dtype;        /* "BF16": that of most bytes; NULL: unknown */
	uint64_t bytes;           /* of the file, or of the files in its folder, links followed */
	const char *why;          /* one line why it cannot be opened; NULL: it can */
	enum err refused;         /* the kind of that */
};

struct catalog {
	struct catalog_entry *entries;
	size_t count, capacity;
	const char *cache;    /* the Hugging Face cache's folder, there or not; NULL: no home */
	const char *notes[8]; /* lines for people: a list that was cut, or is broken */
	size_t note_count;
	struct arena arena;
};

/* `facts` false: names, places and paths alone, of what might be a model: for completion. */
enum err catalog_read(struct catalog **out, bool facts, const struct work *work);
void catalog_free(struct catalog *catalog); /* NULL is fine */

/* Architecture, type, size and whether it opens, for one entry with a name and a path. */
enum err catalog_facts(struct catalog_entry *entry, struct arena *arena);

/* "2.2 GB", "964 kB": returns `out`. */
char *catalog_size(char out[16], uint64_t bytes);

#endif
