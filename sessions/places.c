#include "sessions/places.h"

#include "core/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A relative XDG path is to be ignored, says the specification. */
static int
base(char *out, size_t capacity)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

	if (state && state[0] == '/')
		return snprintf(out, capacity, "%s/qscope", state);
	if (home && home[0] == '/')
		return snprintf(out, capacity, "%s/.local/state/qscope", home);
	return -1;
}

enum err
places_find(char *out, size_t capacity, const char *name)
{
	char folder[900];
	int n = base(folder, sizeof(folder));

	if (n < 0 || (size_t)n >= sizeof(folder))
		return err_set(ERR_IO, "no home folder; set HOME or XDG_STATE_HOME");
	n = snprintf(out, capacity, "%s/%s", folder, name);
	return n < 0 || (size_t)n >= capacity
		       ? err_at(ERR_RANGE, folder, NULL, "the path is too long")
		       : OK;
}

enum err
places_state(char *out, size_t capacity, const char *name)
{
	enum err code = places_find(out, capacity, name);
	char *slash = code ? NULL : strrchr(out, '/');

	if (!slash)
		return code;
	*slash = '\0';
	code = file_make_folder(out);
	*slash = '/';
	return code;
}
