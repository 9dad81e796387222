/* REPO/trees/COMMIT.json, where the cache's tools note which files a commit has:
 * {"files": {"model.safetensors": {...}, ...}}. Older ones note nothing. */
#include "core/hub.h"

#include "core/buf.h"
#include "core/file.h"
#include "core/json.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { TREE_MAX = 16 << 20 };

static bool
is_weights(const char *name)
{
	static const char ending[] = ".safetensors";
	size_t length = strlen(name), n = sizeof(ending) - 1;

	return !strchr(name, '/') && length > n && !strcmp(name + length - n, ending);
}

/* The caller's; NULL when there is none, or `folder` is no snapshot. */
static char *
tree_path(const char *folder)
{
	char root[PATH_MAX], repo[HUB_REPO], *commit, *snapshots;

	if (!hub_repo_of(repo, folder) || !realpath(folder, root) || !(commit = strrchr(root, '/')))
		return NULL;
	*commit++ = '\0';
	if (!(snapshots = strrchr(root, '/')))
		return NULL;
	*snapshots = '\0';
	return buf_printf("%s/trees/%s.json", root, commit);
}

char *
hub_missing_file(const char *folder)
{
	char *path = tree_path(folder), *missing = NULL;
	struct json_document *tree = NULL;
	const struct json *files;

	if (path && file_exists(path) && !json_read(&tree, path, TREE_MAX)) {
		files = json_get(json_root(tree), "files");
		for (const struct json *f = files && files->type == JSON_OBJECT ? files->first : 0;
		     f && !missing; f = f->next) {
			char *file = is_weights(f->key) ? file_join(folder, f->key) : NULL;

			if (file && !file_exists(file))
				missing = buf_strdup(f->key);
			buf_free(file);
		}
	}
	json_free(tree);
	buf_free(path);
	return missing;
}
