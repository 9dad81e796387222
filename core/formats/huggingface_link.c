/* The Hugging Face cache: models--ORG--NAME/{blobs,snapshots/REVISION}, where a snapshot's files
 * are links to ../../blobs/HASH. A link that leaves models--ORG--NAME was not put there by its
 * tools. Elsewhere a link is as good as the file it leads to. */
#include "core/formats/huggingface.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Cuts "…/models--X/snapshots/REVISION" behind "models--X"; false when it is no such path. */
static bool
cut_to_root(char *folder)
{
	static const char parent[] = "/snapshots";
	char *revision = strrchr(folder, '/');
	size_t n = sizeof(parent) - 1;

	if (!revision || (size_t)(revision - folder) <= n || memcmp(revision - n, parent, n))
		return false;
	revision[-(ptrdiff_t)n] = '\0';
	return true;
}

enum err
huggingface_check_link(const char *folder, const char *path)
{
	char root[PATH_MAX], target[PATH_MAX];
	struct stat st;
	size_t n;

	if (lstat(path, &st) || !S_ISLNK(st.st_mode))
		return OK;
	if (!realpath(path, target))
		return err_at(ERR_IO, path, NULL,
			      "is a link that leads nowhere: %s; fetch it again", strerror(errno));
	if (!realpath(folder, root) || !cut_to_root(root))
		return OK;
	n = strlen(root);
	if (!strncmp(target, root, n) && target[n] == '/')
		return OK;
	return err_at(ERR_FORMAT, path, NULL,
		      "is a link out of its cache, to %s; fetch the model again", target);
}
