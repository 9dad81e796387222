#include "sessions/locate.h"

#include "core/buf.h"
#include "core/file.h"
#include "core/hub.h"
#include "sessions/shipped.h"

#include <string.h>

static enum err
give(char **out, const char *path)
{
	*out = buf_strdup(path);
	return *out ? OK : ERR_NOMEM;
}

static enum err
give_shipped(char **out)
{
	const char *path;
	enum err code = shipped_model(&path);

	return code ? code : give(out, path);
}

enum err
locate_model(char **out, const char *name)
{
	struct hub_id id;

	*out = NULL;
	if (!name)
		return give_shipped(out);
	if (hub_is_repo(name))
		return hub_find_in(out, name);
	if (file_exists(name))
		return give(out, name);
	if (!strcmp(name, LOCATE_SHIPPED))
		return give_shipped(out);
	if (hub_parse(&id, name) && (strchr(name, '/') || hub_has(&id)))
		return hub_find(out, &id);
	return give(out, name);
}
