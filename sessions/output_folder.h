#ifndef SESSIONS_OUTPUT_FOLDER_H
#define SESSIONS_OUTPUT_FOLDER_H

#include "core/err.h"
#include "core/hash.h"

#include <stddef.h>
#include <stdint.h>

/* A folder that appears whole or not at all: files go to a temporary sibling, which takes the name
 * at the end. */
struct output_folder {
	char *path;      /* as asked for */
	char *temporary; /* where to write until then */
};

/* ERR_RANGE when `path` exists and is not an empty folder. */
enum err output_folder_check(const char *path);
enum err output_folder_create(struct output_folder *out, const char *path);
/* Synced and renamed; the struct is done with. */
enum err output_folder_commit(struct output_folder *folder);
/* Removes the temporary and what is in it; fine after a commit or on zeros. */
void output_folder_drop(struct output_folder *folder);

#endif
