/* What an ID is, and where the cache is. */
#include "core/hub.h"

#include "core/buf.h"
#include "core/file.h"
#include "core/hub_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------------ IDs */

static const char name_letters[] =
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";

/* As huggingface_hub's validate_repo_id has it: no '-' or '.' at either end, no "--", no "..". */
static bool
is_name(const char *text, size_t length)
{
	if (!length || strspn(text, name_letters) < length || strchr("-.", text[0]) ||
	    strchr("-.", text[length - 1]))
		return false;
	for (size_t i = 1; i < length; i++)
		if (text[i] == text[i - 1] && strchr("-.", text[i]))
			return false;
	return length < 4 || memcmp(text + length - 4, ".git", 4);
}

static bool
is_repo(const char *text, size_t length)
{
	const char *slash = memchr(text, '/', length);
	size_t owner = slash ? (size_t)(slash - text) : 0;

	if (length >= HUB_REPO)
		return false;
	return slash ? is_name(text, owner) && is_name(slash + 1, length - owner - 1)
		     : is_name(text, length);
}

/* Names of git parted by '/', none of which begins with a dot: "main", "v1.0", "refs/pr/1". */
static bool
is_revision(const char *text)
{
	size_t length = strlen(text);

	if (!length || length >= HUB_REVISION || text[length - 1] == '/')
		return false;
	for (size_t i = 0; i < length; i++) {
		bool begins = !i || text[i - 1] == '/';

		if (text[i] == '/' ? begins : !strchr(name_letters, text[i]))
			return false;
		if (begins && text[i] == '.')
			return false;
	}
	return true;
}

bool
hub_parse(struct hub_id *out, const char *text)
{
	size_t length = strcspn(text, "@");

	if (!is_repo(text, length) || (text[length] && !is_revision(text + length + 1)))
		return false;
	snprintf(out->repo, sizeof(out->repo), "%.*s", (int)length, text);
	snprintf(out->revision, sizeof(out->revision), "%s", text[length] ? text + length + 1 : "");
	return true;
}

bool
hub_is_commit(const char *text)
{
	size_t length = strlen(text);

	return length >= 7 && length < HUB_COMMIT && strspn(text, "0123456789abcdef") == length;
}

/* ------------------------------------------------------------------------ where */

static const char *
given(const char *variable)
{
	const char *value = getenv(variable);

	return value && value[0] ? value : NULL;
}

/* With a "~" before it in full. */
static char *
expanded(const char *path, const char *below)
{
	const char *home = given("HOME");
	bool tilde = path[0] == '~' && (path[1] == '/' || !path[1]) && home;

	return buf_printf("%s%s%s", tilde ? home : "", tilde ? path + 1 : path, below);
}

enum err
hub_folder(char **out)
{
	static const struct {
		const char *variable, *below;
	} places[] = {
		{ "HF_HUB_CACHE", "" },
		{ "HUGGINGFACE_HUB_CACHE", "" },
		{ "HF_HOME", "/hub" },
		{ "XDG_CACHE_HOME", "/huggingface/hub" },
		{ "HOME", "/.cache/huggingface/hub" },
	};

	*out = NULL;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (given(places[i].variable)) {
			*out = expanded(given(places[i].variable), places[i].below);
			return *out ? OK : ERR_NOMEM;
		}
	return err_set(ERR_IO, "no home folder, so no Hugging Face cache; set HOME or HF_HOME");
}

char *
hub_repo_folder(const char *repo)
{
	const char *slash = strchr(repo, '/');
	char *hub, *path = NULL;

	if (hub_folder(&hub))
		return NULL;
	path = slash ? buf_printf("%s/models--%.*s--%s", hub, (int)(slash - repo), repo, slash + 1)
		     : buf_printf("%s/models--%s", hub, repo);
	buf_free(hub);
	return path;
}

bool
hub_has(const struct hub_id *id)
{
	char *repo = hub_repo_folder(id->repo);
	bool has = repo && file_is_folder(repo);

	buf_free(repo);
	return has;
}
