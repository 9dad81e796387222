/* Where a snapshot's files may lie. A link that leads elsewhere was not put there by the cache's
 * tools. */
#include "core/hub.h"

#include "core/hub_private.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Cuts "…/models--X/snapshots/COMMIT" behind "models--X"; false when it is no such path. */
static bool
cut_to_repo(char *folder)
{
	static const char parent[] = "/snapshots";
	char *commit = strrchr(folder, '/');
	size_t n = sizeof(parent) - 1;

	if (!commit || (size_t)(commit - folder) <= n || memcmp(commit - n, parent, n))
		return false;
	commit[-(ptrdiff_t)n] = '\0';
	return true;
}

/* "…/models--ORG--NAME", which is changed; false: it is no such path. */
static bool
repo_name(char out[HUB_REPO], char *path)
{
	static const char prefix[] = "/models--";
	char *name = strrchr(path, '/'), *parted;
	struct hub_id id;

	if (!name || strncmp(name, prefix, sizeof(prefix) - 1))
		return false;
	name += sizeof(prefix) - 1;
	if ((parted = strstr(name, "--"))) {
		*parted = '/';
		memmove(parted + 1, parted + 2, strlen(parted + 2) + 1);
	}
	if (!hub_parse(&id, name) || id.revision[0])
		return false;
	snprintf(out, HUB_REPO, "%s", id.repo);
	return true;
}

bool
hub_repo_of(char out[HUB_REPO], const char *folder)
{
	char root[PATH_MAX];

	return realpath(folder, root) && cut_to_repo(root) && repo_name(out, root);
}

bool
hub_repo_at(char out[HUB_REPO], const char *path)
{
	char root[PATH_MAX];

	return realpath(path, root) && repo_name(out, root);
}

const char *
hub_advice(char out[HUB_ADVICE], const char *folder)
{
	char repo[HUB_REPO];

	if (hub_repo_of(repo, folder))
		snprintf(out, HUB_ADVICE, "fetch it again: hf download %s", repo);
	else
		snprintf(out, HUB_ADVICE, "fetch it again");
	return out;
}

/* "HA/HASH", as the store beside the repositories names its files. */
static bool
is_shared(const char *name)
{
	static const char digits[] = "0123456789abcdef";

	return strlen(name) == 2 + 1 + 64 && strspn(name, digits) == 2 && name[2] == '/' &&
	       strspn(name + 3, digits) == 64 && !memcmp(name, name + 3, 2);
}

bool
hub_owns(const char *folder, const char *target)
{
	static const char store[] = "/blobs/";
	char root[PATH_MAX], *slash;
	size_t n;

	if (!realpath(folder, root) || !cut_to_repo(root))
		return true;
	n = strlen(root);
	if (!strncmp(target, root, n) && target[n] == '/')
		return true;
	if (!(slash = strrchr(root, '/')))
		return false;
	n = (size_t)(slash - root);
	return !strncmp(target, root, n) && !strncmp(target + n, store, sizeof(store) - 1) &&
	       is_shared(target + n + sizeof(store) - 1);
}
