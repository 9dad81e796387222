#ifndef CORE_HUB_PRIVATE_H
#define CORE_HUB_PRIVATE_H

#include "core/folder.h"
#include "core/hub.h"

/* Shared by hub*.c alone. */
enum { HUB_COMMIT = 65, HUB_SNAPSHOTS_MAX = 1000, HUB_REPOS_MAX = 10000 };

/* HUB/models--ORG--NAME; NULL: no memory, or no home. The caller's. */
char *hub_repo_folder(const char *repo);

/* The name of the repository whose folder this is; false: it is none's. */
bool hub_repo_at(char out[HUB_REPO], const char *path);

/* Seven to 64 hexadecimal digits. */
bool hub_is_commit(const char *text);

/* The commit that REPO/refs/NAME holds. *found is false when there is no such ref. */
enum err hub_read_ref(char out[HUB_COMMIT], bool *found, const char *repo, const char *name);

/* The snapshot that the bare name of the repository in the folder `repo` stands for: its name in
 * snapshots/, or NULL when there is none. Borrowed from `snapshots`. */
enum err hub_choose(const char **out, const char *repo, const struct folder *snapshots);

/* A snapshot is a folder of its repository, whatever links say. */
enum err hub_check_inside(const char *repo, const char *snapshot);

/* REPO/snapshots, listed; empty when it is not there. */
enum err hub_snapshots(struct folder *out, const char *repo);

#endif
