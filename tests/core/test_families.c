/* Every folder of tests/core/fixtures/families, which tests/peers/make_family_fixtures.py made with
 * transformers: opened under each spelling of its config, its logits are those expected. The list
 * is the directory itself, so nothing in it goes untested.
 *
 *     core.test_families [PREFIX]     only the folders whose names begin so
 *
 * A folder: config.json, weights, config.SPELLING.json (the same under other keys), expected.bin
 * (little-endian: int32 sequences, vocabulary; each sequence: int32 count, ids, float32 logits),
 * and warnings.txt where something is to be left out: a part of each warning, one a line. Elsewhere
 * opening warns of nothing. */
#include "core/architecture.h"

#include "core/buf.h"
#include "core/file.h"
#include "support/support.h"

#include "support/expected.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_SIZE = 96, NAMES_MAX = 512, PATH_SIZE = 1200, PATHS = 4, ARCHITECTURES_MAX = 64 };

static const char *prefix = "";

struct names {
	char all[NAMES_MAX][NAME_SIZE];
	int count;
};

static int
compare_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Entries of a folder that begin and end so, sorted. */
static void
list(struct names *out, const char *folder, const char *begin, const char *end)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;

	out->count = 0;
	if (!dir)
		fail_msg("%s cannot be read", folder);
	while ((entry = readdir(dir))) {
		size_t length = strlen(entry->d_name);

		if (entry->d_name[0] == '.' || strncmp(entry->d_name, begin, strlen(begin)) ||
		    length < strlen(end) || strcmp(entry->d_name + length - strlen(end), end))
			continue;
		assert_true(out->count < NAMES_MAX && length < NAME_SIZE);
		strcpy(out->all[out->count++], entry->d_name);
	}
	closedir(dir);
	qsort(out->all, (size_t)out->count, NAME_SIZE, compare_names);
}

/* Borrowed, four in a ring. */
static const char *
inside(const char *folder, const char *name)
{
	static char paths[PATHS][PATH_SIZE];
	static int next;
	char *path = paths[next = (next + 1) % PATHS];

	if ((size_t)snprintf(path, PATH_SIZE, "%s/%s", folder, name) >= PATH_SIZE)
		fail_msg("%s is too long", folder);
	return path;
}

static const char *
families(void)
{
	return support_source("tests/core/fixtures/families");
}

static void
copy_file(const char *to, const char *from)
{
	char *data;
	size_t size;

	assert_ok(file_read(&data, &size, from, 1 << 24));
	assert_ok(file_write(to, data, size, false));
	buf_free(data);
}

/* A folder with this fixture's weights and another config. Borrowed. */
static const char *
respelled(const char *folder, const char *config)
{
	static char to[PATH_SIZE];
	struct names files;

	support_clean();
	snprintf(to, sizeof(to), "%s", support_folder());
	list(&files, folder, "model", "");
	for (int i = 0; i < files.count; i++)
		copy_file(inside(to, files.all[i]), inside(folder, files.all[i]));
	copy_file(inside(to, "config.json"), inside(folder, config));
	return to;
}

/* Whether the model warns of what warnings.txt names, and of nothing else. */
static bool
same_warnings(const struct model *model, const char *what, const char *folder)
{
	const char *path = inside(folder, "warnings.txt");
	char *text = NULL, *rest;
	size_t size, wanted = 0;
	bool same = true;

	if (file_exists(path))
		assert_ok(file_read(&text, &size, path, 1 << 16));
	rest = text;
	for (char *part; rest && (part = strsep(&rest, "\n")) && *part; wanted++) {
		bool found = false;

		for (size_t i = 0; i < model->warning_count; i++)
			found |= support_contains(model->warnings[i], part);
		if (!found)
			print_message("%s: no warning names %s\n", what, part);
		same &= found;
	}
	if (!wanted && model->warning_count)
		print_message("%s: warns: %s\n", what, model->warnings[0]);
	buf_free(text);
	return same && (wanted || !model->warning_count);
}

/* Which entries of architectures[] some fixture was opened as. */
static bool covered[ARCHITECTURES_MAX];

static void
cover(const struct architecture *architecture)
{
	for (int i = 0; architectures[i]; i++)
		covered[i] |= architectures[i] == architecture;
}

static bool
check(const char *name, const char *config, const char *folder, const char *opened)
{
	struct model *model;
	char what[2 * NAME_SIZE + 4];
	bool same;

	snprintf(what, sizeof(what), "%s/%s", name, config);
	if (model_open(&model, opened)) {
		print_message("%s: %s\n", what, err_line());
		return false;
	}
	cover(model->architecture);
	same = expected_logits(model, what, inside(folder, "expected.bin"));
	same = same_warnings(model, what, folder) && same;
	model_free(model);
	return same;
}

static int fixtures_seen, spellings_seen;

static void
test_families__logits_are_those_of_transformers(void **state)
{
	static struct names folders, configs;
	int failed = 0;

	(void)state;
	list(&folders, families(), prefix, "");
	for (int i = 0; i < folders.count; i++) {
		char folder[PATH_SIZE];

		snprintf(folder, sizeof(folder), "%s", inside(families(), folders.all[i]));
		list(&configs, folder, "config.", ".json");
		assert_true(configs.count > 0);
		for (int k = 0; k < configs.count; k++) {
			const char *config = configs.all[k];
			bool first = !strcmp(config, "config.json");

			failed += !check(folders.all[i], config, folder,
					 first ? folder : respelled(folder, config));
			spellings_seen++;
		}
		fixtures_seen++;
	}
	print_message("%d fixtures, %d configs, %d differ\n", fixtures_seen, spellings_seen,
		      failed);
	assert_true(fixtures_seen > 0);
	assert_int_equal(failed, 0);
}

/* An architecture that no fixture is opened as would be untested. */
static void
test_families__every_architecture_has_a_fixture(void **state)
{
	(void)state;
	if (*prefix)
		skip();
	for (int i = 0; architectures[i]; i++) {
		assert_true(i < ARCHITECTURES_MAX);
		if (architectures[i]->model_types && !covered[i])
			fail_msg("%s (%s) has no folder in %s", architectures[i]->name,
				 architectures[i]->model_types, families());
	}
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_families__logits_are_those_of_transformers),
		cmocka_unit_test(test_families__every_architecture_has_a_fixture),
	};

	if (argc > 1)
		prefix = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
