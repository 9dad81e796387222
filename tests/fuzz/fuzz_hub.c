/* A Hugging Face cache whose ref, whose list of files and whose ID are any bytes. What is found
 * lies inside of it. */
#include "fuzz/fuzz.h"

#include "core/buf.h"
#include "core/checkpoint.h"
#include "core/file.h"
#include "core/hub.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COMMIT   "1111111111111111111111111111111111111111"
#define SNAPSHOT "models--a--b/snapshots/" COMMIT

static void
make_cache(void)
{
	static const char *const folders[] = { "models--a--b/refs", "models--a--b/trees",
					       SNAPSHOT };

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		char *path = file_join(fuzz_folder(), folders[i]);

		if (!path || file_make_folder(path))
			exit(1);
		buf_free(path);
	}
	fuzz_file(SNAPSHOT "/config.json", "{}", 2);
	setenv("HF_HUB_CACHE", fuzz_folder(), 1);
}

static void
find(const char *text)
{
	struct hub_id id;
	char *path;

	if (!hub_parse(&id, text))
		return;
	if (strstr(id.repo, "..") || strstr(id.revision, "/../") || id.revision[0] == '/')
		__builtin_trap();
	if (hub_find(&path, &id))
		return;
	if (strncmp(path, fuzz_folder(), strlen(fuzz_folder())))
		__builtin_trap();
	buf_free(path);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool made;
	struct checkpoint *checkpoint;
	char text[300], *path;

	if (!made)
		make_cache();
	made = true;
	fuzz_file("models--a--b/refs/main", data, size);
	fuzz_file("models--a--b/trees/" COMMIT ".json", data, size);
	find("a/b");
	snprintf(text, sizeof(text), "%.*s", (int)(size < 299 ? size : 299), (const char *)data);
	find(text);
	snprintf(text, sizeof(text), "a/b@%.*s", (int)(size < 290 ? size : 290),
		 (const char *)data);
	find(text);
	path = file_join(fuzz_folder(), SNAPSHOT);
	if (path && !checkpoint_open(&checkpoint, path))
		__builtin_trap();
	buf_free(path);
	return 0;
}
