/* Everything that the cache holds, by the name to type for it. */
#include "core/hub.h"

#include "core/buf.h"
#include "core/file.h"
#include "core/hub_private.h"

#include <stdio.h>
#include <string.h>

/* "models--org--name" to "org/name"; false: no folder of a model. */
static bool
repo_of_folder(char out[HUB_REPO], const char *name)
{
	static const char prefix[] = "models--";
	const char *rest = name + sizeof(prefix) - 1, *parted;
	struct hub_id id;

	if (strncmp(name, prefix, sizeof(prefix) - 1) || strlen(rest) >= HUB_REPO)
		return false;
	parted = strstr(rest, "--");
	snprintf(out, HUB_REPO, "%.*s%s%s", (int)(parted ? parted - rest : HUB_REPO), rest,
		 parted ? "/" : "", parted ? parted + 2 : "");
	return !strchr(out, '@') && hub_parse(&id, out);
}

/* `name` is the list's. A snapshot that leads out of its repository is named without a path. */
static enum err
add(struct hub_list *out, const char *name, const char *repo, const char *snapshot)
{
	const char *path = NULL;

	if (out->count >= out->limit) {
		out->more = true;
		return OK;
	}
	if (buf_grow(&out->models, &out->capacity, out->count + 1, sizeof(*out->models)))
		return ERR_NOMEM;
	if (!name ||
	    (snapshot && !(path = arena_printf(&out->arena, "%s/snapshots/%s", repo, snapshot))))
		return ERR_NOMEM;
	if (path && hub_check_inside(repo, path))
		path = NULL;
	out->models[out->count++] = (struct hub_model){ name, path };
	return OK;
}

/* The ref that names this commit, to stand behind the '@'; else the commit itself, cut. */
static void
revision_name(char *out, size_t capacity, const char *repo, const struct folder *refs,
	      const char *commit)
{
	char held[HUB_COMMIT];
	struct hub_id id;
	char text[HUB_REPO + HUB_REVISION];
	bool found;

	snprintf(out, capacity, "%.12s", commit);
	for (size_t i = 0; i < refs->count; i++) {
		snprintf(text, sizeof(text), "x@%.250s", refs->names[i]);
		if (!hub_parse(&id, text) || hub_read_ref(held, &found, repo, refs->names[i]) ||
		    !found || strcmp(held, commit))
			continue;
		snprintf(out, capacity, "%s", refs->names[i]);
		return;
	}
}

static enum err
add_snapshots(struct hub_list *out, const char *repo, const char *name,
	      const struct folder *snapshots, const struct folder *refs)
{
	const char *chosen = NULL;
	enum err code = OK;

	if (hub_choose(&chosen, repo, snapshots) || !chosen)
		return add(out, arena_printf(&out->arena, "%s", name), repo, NULL);
	code = add(out, arena_printf(&out->arena, "%s", name), repo, chosen);
	for (size_t i = 0; i < snapshots->count && !code; i++) {
		const char *commit = snapshots->names[i];
		char revision[HUB_REVISION];

		if (commit == chosen || !hub_is_commit(commit))
			continue;
		revision_name(revision, sizeof(revision), repo, refs, commit);
		code = add(out, arena_printf(&out->arena, "%s@%s", name, revision), repo, commit);
	}
	return code;
}

/* A repository that cannot be listed is one entry that says why when it is opened. */
static enum err
add_repo(struct hub_list *out, const char *repo, const char *name)
{
	struct folder snapshots = { 0 }, refs = { 0 };
	char *path = file_join(repo, "refs");
	enum err code = path ? OK : ERR_NOMEM;

	if (!code && (hub_snapshots(&snapshots, repo) ||
		      (file_is_folder(path) && folder_read(&refs, path, HUB_SNAPSHOTS_MAX))))
		code = err_last()->code == ERR_NOMEM ? ERR_NOMEM : OK;
	if (!code)
		code = add_snapshots(out, repo, name, &snapshots, &refs);
	folder_clear(&snapshots);
	folder_clear(&refs);
	buf_free(path);
	return code;
}

enum err
hub_list(struct hub_list *out, size_t limit)
{
	struct folder repos = { 0 };
	char *hub;
	enum err code = hub_folder(&hub);

	if (code)
		return code == ERR_NOMEM ? code : OK; /* no home: no cache */
	if (file_is_folder(hub))
		code = folder_read(&repos, hub, HUB_REPOS_MAX);
	out->more = repos.more;
	out->limit = limit;
	for (size_t i = 0; i < repos.count && !code && !(out->more && out->count >= limit); i++) {
		char name[HUB_REPO], *path;

		if (!repo_of_folder(name, repos.names[i]))
			continue;
		path = file_join(hub, repos.names[i]);
		code = path ? add_repo(out, path, name) : ERR_NOMEM;
		buf_free(path);
	}
	folder_clear(&repos);
	buf_free(hub);
	return code;
}

void
hub_list_clear(struct hub_list *list)
{
	buf_free(list->models);
	arena_clear(&list->arena);
	memset(list, 0, sizeof(*list));
}
