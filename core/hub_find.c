/* The snapshot that an ID stands for. */
#include "core/hub.h"

#include "core/buf.h"
#include "core/file.h"
#include "core/formats/huggingface.h"
#include "core/hub_private.h"
#include "core/text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum err
hub_read_ref(char out[HUB_COMMIT], bool *found, const char *repo, const char *name)
{
	char *path = buf_printf("%s/refs/%s", repo, name), *text = NULL;
	size_t size = 0;
	enum err code = path ? OK : ERR_NOMEM;

	out[0] = '\0';
	*found = path && file_exists(path) && !file_is_folder(path);
	if (*found)
		code = file_read(&text, &size, path, 1024);
	while (text && size && isspace((unsigned char)text[size - 1]))
		text[--size] = '\0';
	/* What it holds instead is not repeated: a link may lead to any file. */
	if (*found && !code && (strlen(text) != size || !hub_is_commit(text)))
		code = err_at(ERR_FORMAT, path, NULL,
			      "holds no commit; fetch the model again, or name a revision");
	if (*found && !code)
		snprintf(out, HUB_COMMIT, "%s", text);
	buf_free(text);
	buf_free(path);
	return code;
}

enum err
hub_snapshots(struct folder *out, const char *repo)
{
	char *path = file_join(repo, "snapshots");
	enum err code = !path ? ERR_NOMEM : OK;

	if (!code && file_is_folder(path))
		code = folder_read(out, path, HUB_SNAPSHOTS_MAX);
	buf_free(path);
	return code;
}

static bool
newer(const struct stat *a, const struct stat *b)
{
	return a->st_mtim.tv_sec != b->st_mtim.tv_sec ? a->st_mtim.tv_sec > b->st_mtim.tv_sec
						      : a->st_mtim.tv_nsec > b->st_mtim.tv_nsec;
}

/* Whole ones before others, newer ones before older. */
static enum err
newest(const char **out, const char *repo, const struct folder *snapshots)
{
	struct stat best = { 0 }, st;
	bool best_whole = false;

	for (size_t i = 0; i < snapshots->count; i++) {
		char *path = buf_printf("%s/snapshots/%s", repo, snapshots->names[i]);
		bool whole;

		if (!path)
			return ERR_NOMEM;
		if (hub_is_commit(snapshots->names[i]) && !stat(path, &st) && S_ISDIR(st.st_mode)) {
			whole = huggingface_is_whole(path);
			if (!*out || whole > best_whole ||
			    (whole == best_whole && newer(&st, &best))) {
				*out = snapshots->names[i];
				best = st;
				best_whole = whole;
			}
		}
		buf_free(path);
	}
	return OK;
}

enum err
hub_choose(const char **out, const char *repo, const struct folder *snapshots)
{
	char commit[HUB_COMMIT];
	bool found;
	enum err code = hub_read_ref(commit, &found, repo, "main");

	*out = NULL;
	for (size_t i = 0; !code && found && i < snapshots->count; i++)
		if (!strcmp(snapshots->names[i], commit))
			*out = snapshots->names[i];
	return code || *out ? code : newest(out, repo, snapshots);
}

/* ------------------------------------------------------------------------ finding one */

static enum err
not_cached(const char *repo)
{
	enum { NAMES = 512 };
	const char *names[NAMES + 1] = { 0 }, *nearest;
	struct hub_list list = { 0 };
	char *hub = NULL;
	enum err code = hub_folder(&hub);

	if (!code && !(code = hub_list(&list, NAMES)))
		for (size_t i = 0; i < list.count && i < NAMES; i++)
			names[i] = list.models[i].name;
	nearest = text_nearest(repo, names);
	if (!code)
		code = err_at(ERR_IO, repo, NULL,
			      "is no file or folder here, and the Hugging Face cache (%s) does not "
			      "hold it; %s%s%sfetch it with: hf download %s",
			      hub, nearest ? "did you mean " : "", nearest ? nearest : "",
			      nearest ? "? Or " : "", repo);
	hub_list_clear(&list);
	buf_free(hub);
	return code;
}

static enum err
no_revision(const struct hub_id *id, bool several)
{
	if (several)
		return err_at(ERR_IO, id->repo, id->revision,
			      "begins more than one of its commits in the cache; give more digits");
	return err_at(
		ERR_IO, id->repo, id->revision,
		"this revision is not in the Hugging Face cache; see: qscope models; fetch it "
		"with: hf download %s --revision %s",
		id->repo, id->revision);
}

/* The snapshot that `id->revision` names: a ref, else the beginning of a commit. */
static enum err
find_revision(const char **out, const struct hub_id *id, const char *repo,
	      const struct folder *snapshots)
{
	char commit[HUB_COMMIT];
	const char *wanted = commit;
	bool found;
	size_t matches = 0;
	enum err code = hub_read_ref(commit, &found, repo, id->revision);

	if (code)
		return code;
	if (!found)
		wanted = hub_is_commit(id->revision) ? id->revision : "-";
	for (size_t i = 0; i < snapshots->count; i++)
		if (!strncmp(snapshots->names[i], wanted, strlen(wanted))) {
			*out = snapshots->names[i];
			matches++;
		}
	return matches == 1 ? OK : no_revision(id, matches > 1);
}

enum err
hub_check_inside(const char *repo, const char *snapshot)
{
	char *root = realpath(repo, NULL), *real = realpath(snapshot, NULL);
	size_t n = root ? strlen(root) : 0;
	enum err code = OK;

	if (!root || !real || strncmp(real, root, n) || real[n] != '/')
		code = err_at(ERR_FORMAT, snapshot, NULL,
			      "leads out of its cache; fetch the model again");
	free(root);
	free(real);
	return code;
}

static enum err
find_in(char **out, const struct hub_id *id, const char *repo, const struct folder *snapshots)
{
	const char *name = NULL;
	enum err code = id->revision[0] ? find_revision(&name, id, repo, snapshots)
					: hub_choose(&name, repo, snapshots);

	if (code)
		return code;
	if (!name)
		return err_at(ERR_IO, id->repo, NULL,
			      "the Hugging Face cache holds no snapshot of it: the download was "
			      "broken off; fetch it again: hf download %s",
			      id->repo);
	if (!(*out = buf_printf("%s/snapshots/%s", repo, name)))
		return ERR_NOMEM;
	if ((code = hub_check_inside(repo, *out))) {
		buf_free(*out);
		*out = NULL;
	}
	return code;
}

static enum err
find_below(char **out, const struct hub_id *id, const char *repo)
{
	struct folder snapshots = { 0 };
	enum err code = hub_snapshots(&snapshots, repo);

	if (!code)
		code = find_in(out, id, repo, &snapshots);
	folder_clear(&snapshots);
	return code;
}

enum err
hub_find(char **out, const struct hub_id *id)
{
	char *repo = hub_repo_folder(id->repo);
	enum err code = repo ? OK : err_last()->code;

	*out = NULL;
	if (!code)
		code = file_is_folder(repo) ? find_below(out, id, repo) : not_cached(id->repo);
	buf_free(repo);
	return code;
}

bool
hub_is_repo(const char *path)
{
	char repo[HUB_REPO], *refs = file_join(path, "refs"),
			     *snapshots = file_join(path, "snapshots");
	bool is = refs && snapshots && (file_is_folder(refs) || file_is_folder(snapshots)) &&
		  hub_repo_at(repo, path);

	buf_free(refs);
	buf_free(snapshots);
	return is;
}

enum err
hub_find_in(char **out, const char *path)
{
	struct hub_id id = { 0 };

	*out = NULL;
	if (!hub_repo_at(id.repo, path))
		return err_at(ERR_IO, path, NULL, "is no repository of a Hugging Face cache");
	return find_below(out, &id, path);
}
