#ifndef CORE_HUB_H
#define CORE_HUB_H

#include "core/arena.h"
#include "core/err.h"

#include <stdbool.h>
#include <stddef.h>

/* The cache that Hugging Face's tools keep on this machine, read as hostile as every file:
 *
 *	HUB/models--ORG--NAME/refs/main         the commit that the name stands for
 *	                     /snapshots/COMMIT  its files: links to
 *	                     /blobs/HASH        their bytes, or links to
 *	HUB/blobs/HA/HASH                       bytes that several models share
 *
 * Nothing here fetches anything. Any thread. */
enum { HUB_REPO = 97, HUB_REVISION = 256 };

struct hub_id {
	char repo[HUB_REPO];         /* "org/name", or "name" as the oldest have it */
	char revision[HUB_REVISION]; /* a ref, or the beginning of a commit; "": main */
};

/* From "org/name" or "org/name@revision"; false: no ID. Names that climb out of a folder or hold
 * anything but letters, digits and -._ are none. */
bool hub_parse(struct hub_id *out, const char *text);

/* HF_HUB_CACHE, HUGGINGFACE_HUB_CACHE, HF_HOME/hub, XDG_CACHE_HOME/huggingface/hub or the same
 * below
 * ~/.cache; whether it exists or not. The caller's. */
enum err hub_folder(char **out);

bool hub_has(const struct hub_id *id); /* the cache has something of that repository */

/* The snapshot's folder: what the revision, else refs/main, names, else the newest that is whole,
 * else the newest. The caller's. ERR_IO says how to fetch it. */
enum err hub_find(char **out, const struct hub_id *id);

/* The same of a repository's folder that was named by its path: HUB/models--ORG--NAME. */
bool hub_is_repo(const char *path);
enum err hub_find_in(char **out, const char *path);

/* Every snapshot, by name. One that the bare name does not stand for is "org/name@REF" or
 * "org/name@COMMIT", cut to 12 digits. */
struct hub_model {
	const char *name;
	const char *path; /* NULL: nothing of it is there, hub_find says why */
};
struct hub_list {
	struct hub_model *models;
	size_t count, capacity, limit;
	bool more; /* the list was cut at `limit` */
	struct arena arena;
};
enum err hub_list(struct hub_list *out, size_t limit); /* from { 0 }; no cache: an empty list */
void hub_list_clear(struct hub_list *list);

/* Of a snapshot's folder "…/models--ORG--NAME/snapshots/COMMIT": its repository. False: it is no
 * such folder. */
bool hub_repo_of(char out[HUB_REPO], const char *folder);

/* What to do about a file of `folder` that is missing or broken: "fetch it again: hf download
 * org/name" in the cache, else "fetch it again". Returns `out`. */
enum { HUB_ADVICE = 160 };
const char *hub_advice(char out[HUB_ADVICE], const char *folder);

/* A file of weights that the cache's tools noted for this snapshot and that is not there; the
 * caller's, NULL: they noted none. */
char *hub_missing_file(const char *folder);

/* Whether `target`, where a link of a snapshot ends, is a file of the cache that `folder` lies in:
 * below its own models--ORG--NAME, or in the store beside it. True outside of a cache. */
bool hub_owns(const char *folder, const char *target);

#endif
