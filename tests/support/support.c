#include "support/support.h"

#include "core/buf.h"

#include <dirent.h>
#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { RING = 8, PATH_MAX_ = 1024 };

static char folder[PATH_MAX_];

static char *
ring(void)
{
	static char paths[RING][PATH_MAX_];
	static int next;

	next = (next + 1) % RING;
	return paths[next];
}

static int
remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

void
support_clean(void)
{
	if (folder[0])
		nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	folder[0] = '\0';
}

const char *
support_folder(void)
{
	const char *base = getenv("TMPDIR");

	if (!folder[0]) {
		snprintf(folder, sizeof(folder), "%s/qscope-test-XXXXXX", base ? base : "/tmp");
		assert_non_null(mkdtemp(folder));
		atexit(support_clean);
	}
	return folder;
}

const char *
support_file(const char *name, const void *data, size_t size)
{
	char *path = ring();
	FILE *file;

	snprintf(path, PATH_MAX_, "%s/%s", support_folder(), name);
	unlink(path); /* writing over a file may wait for the disk */
	file = fopen(path, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
	return path;
}

const char *
support_data(const char *name)
{
	const char *base = getenv("QSCOPE_TEST_DATA");
	char *path = ring();

	if (base)
		snprintf(path, PATH_MAX_, "%s/%s", base, name);
	else
		snprintf(path, PATH_MAX_, "%s/../shared/data/%s", QSCOPE_SOURCE_DIR, name);
	return access(path, R_OK) ? NULL : path;
}

const char *
support_source(const char *name)
{
	char *path = ring();

	snprintf(path, PATH_MAX_, "%s/%s", QSCOPE_SOURCE_DIR, name);
	return path;
}

static void
each_line_of(const char *path, void (*use)(const char *line))
{
	FILE *file = fopen(path, "rb");
	char line[512];

	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		use(line);
	}
	fclose(file);
}

void
support_each_line(const char *name, void (*use)(const char *line))
{
	DIR *dir = opendir(support_source(name));
	size_t files = 0;

	assert_non_null(dir);
	for (struct dirent *entry; (entry = readdir(dir));) {
		char path[PATH_MAX_];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", support_source(name), entry->d_name);
		each_line_of(path, use);
		files++;
	}
	closedir(dir);
	assert_true(files > 0);
}

double
support_uniform(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (double)(*seed >> 11) * 0x1p-53;
}

float
support_normal(uint64_t *seed)
{
	double u = support_uniform(seed) + 0x1p-54, v = support_uniform(seed);

	return (float)(sqrt(-2.0 * log(u)) * cos(6.283185307179586 * v));
}

int
support_contains(const char *text, const char *part)
{
	return strstr(text, part) != NULL;
}
