#include "fuzz/fuzz.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[128];

static int
remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static void
remove_folder(void)
{
	nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *
fuzz_folder(void)
{
	/* Memory, where there is such a folder: thousands of small files a second. */
	const char *base = access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm";

	if (!folder[0]) {
		snprintf(folder, sizeof(folder), "%s/qscope-fuzz-%ld", base, (long)getpid());
		if (mkdir(folder, 0700)) {
			perror(folder);
			exit(1);
		}
		atexit(remove_folder);
	}
	return folder;
}

const char *
fuzz_file(const char *name, const void *data, size_t size)
{
	static char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", fuzz_folder(), name);
	file = fopen(path, "wb");
	if (!file || fwrite(data, 1, size, file) != size || fclose(file)) {
		perror(path);
		exit(1);
	}
	return path;
}
