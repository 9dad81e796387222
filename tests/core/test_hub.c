/* A Hugging Face cache made here as its tools make it, and as they would not. */
#include "support/support.h"

#include "core/buf.h"
#include "core/checkpoint.h"
#include "core/file.h"
#include "core/hub.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIRST  "1111111111111111111111111111111111111111"
#define SECOND "2222222222222222222222222222222222222222"
#define REPO   "models--org--name"

static const char *
below(const char *name)
{
	static char paths[8][1024];
	static int next;

	next = (next + 1) % 8;
	snprintf(paths[next], sizeof(paths[next]), "%s/%s", support_folder(), name);
	return paths[next];
}

/* A file below the test's folder, and the folders on its way. */
static void
put(const char *name, const char *text)
{
	char *folder = buf_strdup(below(name));

	*strrchr(folder, '/') = '\0';
	assert_ok(file_make_folder(folder));
	buf_free(folder);
	support_file(name, text, strlen(text));
}

static void
link_to(const char *name, const char *target)
{
	put(name, "");
	assert_int_equal(unlink(below(name)), 0);
	assert_int_equal(symlink(target, below(name)), 0);
}

/* One tensor of one byte. */
static void
put_weights(const char *name)
{
	static const char header[] =
		"{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}";
	char bytes[8 + sizeof(header)];

	memcpy(bytes, &(uint64_t){ sizeof(header) - 1 }, 8);
	memcpy(bytes + 8, header, sizeof(header));
	put(name, "");
	support_file(name, bytes, sizeof(bytes));
}

static void
set_time(const char *name, long seconds)
{
	struct timespec times[2] = { { .tv_sec = seconds }, { .tv_sec = seconds } };

	assert_int_equal(utimensat(AT_FDCWD, below(name), times, 0), 0);
}

/* Two commits: the first whole, main at the second, which has a config alone. */
static void
make_cache(void)
{
	support_clean();
	setenv("HF_HUB_CACHE", support_folder(), 1);
	put(REPO "/blobs/c0", "{\"model_type\":\"llama\"}");
	put_weights(REPO "/blobs/w0");
	link_to(REPO "/snapshots/" FIRST "/config.json", "../../blobs/c0");
	link_to(REPO "/snapshots/" FIRST "/model.safetensors", "../../blobs/w0");
	link_to(REPO "/snapshots/" SECOND "/config.json", "../../blobs/c0");
	put(REPO "/refs/main", SECOND);
	put(REPO "/refs/v1", FIRST);
	set_time(REPO "/snapshots/" FIRST, 1000);
	set_time(REPO "/snapshots/" SECOND, 2000);
}

static enum err
find(char **out, const char *text)
{
	struct hub_id id;

	assert_true(hub_parse(&id, text));
	return hub_find(out, &id);
}

static void
finds(const char *text, const char *commit)
{
	char *path;

	assert_ok(find(&path, text));
	assert_string_equal(strrchr(path, '/') + 1, commit);
	buf_free(path);
}

static void
finds_not(enum err code, const char *part, const char *text)
{
	char *path;

	assert_err(code, part, find(&path, text));
	assert_null(path);
}

static void
test_hub__ids_are_names_and_nothing_else(void **state)
{
	static const char *const good[] = { "gpt2",       "org/name",      "O-r.g_1/na.me-2",
					    "a/b@main",   "a/b@refs/pr/1", "a/b@0123abc",
					    "1/2@v1.0-rc" };
	static const char *const bad[] = {
		"",          "/",           "a/",          "/a",
		"a/b/c",     "..",          "../a",        "a/..",
		"a/../b",    "./a",         "a/.b",        ".a/b",
		"a/b.",      "-a/b",        "a/b-",        "a--b/c",
		"a/b..c",    "a b",         "a/b\n",       "a/\x1b[m",
		"a/b@",      "a/b@..",      "a/b@/x",      "a/b@x/",
		"a/b@x//y",  "a/b@../../x", "a/b@.x",      "a/b@x y",
		"a/b@x\x1b", "~/a",         "a/b\xc3\xa9", "a/b.git",
		"a\\b",      "a:b",         "@main",
	};
	struct hub_id id;
	char longest[120];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(hub_parse(&id, good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (hub_parse(&id, bad[i]))
			fail_msg("\"%s\" is no ID", bad[i]);
	memset(longest, 'a', sizeof(longest));
	longest[97] = '\0';
	assert_false(hub_parse(&id, longest));
	longest[96] = '\0';
	assert_true(hub_parse(&id, longest));
	assert_true(hub_parse(&id, "a/b@refs/pr/1"));
	assert_string_equal(id.repo, "a/b");
	assert_string_equal(id.revision, "refs/pr/1");
}

static void
test_hub__is_where_the_environment_says(void **state)
{
	static const struct {
		const char *variable, *value, *path;
	} places[] = {
		{ "HOME", "/home/x", "/home/x/.cache/huggingface/hub" },
		{ "XDG_CACHE_HOME", "/cache", "/cache/huggingface/hub" },
		{ "HF_HOME", "~/hf", "/home/x/hf/hub" },
		{ "HUGGINGFACE_HUB_CACHE", "/old", "/old" },
		{ "HF_HUB_CACHE", "", "/old" },
		{ "HF_HUB_CACHE", "~", "/home/x" },
	};
	char *home = buf_strdup(getenv("HOME") ? getenv("HOME") : "/"), *path;

	(void)state;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		unsetenv(places[i].variable);
	assert_err(ERR_IO, "no home folder", hub_folder(&path));
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		setenv(places[i].variable, places[i].value, 1);
		assert_ok(hub_folder(&path));
		assert_string_equal(path, places[i].path);
		buf_free(path);
	}
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		unsetenv(places[i].variable);
	setenv("HOME", home, 1);
	buf_free(home);
}

static void
test_hub__a_name_stands_for_main_and_revisions_for_theirs(void **state)
{
	(void)state;
	make_cache();
	finds("org/name", SECOND);
	finds("org/name@main", SECOND);
	finds("org/name@v1", FIRST);
	finds("org/name@1111111", FIRST);
	finds("org/name@" FIRST, FIRST);
	finds_not(ERR_IO, "hf download org/name --revision v2", "org/name@v2");
	finds_not(ERR_IO, "this revision is not", "org/name@3333333");
	put(REPO "/snapshots/1111111122222222222222222222222222222222/x", "");
	finds_not(ERR_IO, "more than one of its commits", "org/name@1111111");
}

static void
test_hub__without_main_the_newest_whole_one_is_taken(void **state)
{
	(void)state;
	make_cache();
	assert_int_equal(unlink(below(REPO "/refs/main")), 0);
	finds("org/name", FIRST);
	link_to(REPO "/snapshots/" SECOND "/model.safetensors", "../../blobs/w0");
	set_time(REPO "/snapshots/" SECOND, 2000);
	finds("org/name", SECOND);
	set_time(REPO "/snapshots/" SECOND, 500);
	finds("org/name", FIRST);
	/* A main that was deleted, and shards of which one is missing. */
	put(REPO "/refs/main", "3333333333333333333333333333333333333333");
	finds("org/name", FIRST);
	assert_int_equal(unlink(below(REPO "/snapshots/" SECOND "/model.safetensors")), 0);
	put(REPO "/snapshots/" SECOND "/model.safetensors.index.json",
	    "{\"weight_map\":{\"a\":\"b.safetensors\"}}");
	set_time(REPO "/snapshots/" SECOND, 2000);
	finds("org/name", FIRST);
	put_weights(REPO "/snapshots/" SECOND "/b.safetensors");
	set_time(REPO "/snapshots/" SECOND, 2000);
	finds("org/name", SECOND);
}

static void
test_hub__what_is_not_there_says_how_to_fetch_it(void **state)
{
	struct checkpoint *checkpoint;

	(void)state;
	make_cache();
	finds_not(ERR_IO, "fetch it with: hf download org/other", "org/other");
	finds_not(ERR_IO, "did you mean org/name?", "org/nmae");
	put("models--a--b/blobs/x.incomplete", "");
	finds_not(ERR_IO, "broken off; fetch it again: hf download a/b", "a/b");
	assert_err(
		ERR_IO,
		"model.safetensors: is missing: the folder holds a config but no weights; fetch it "
		"again: hf download org/name",
		checkpoint_open(&checkpoint, below(REPO "/snapshots/" SECOND)));
	put(REPO "/trees/" SECOND ".json",
	    "{\"format_version\":1,\"files\":{\"config.json\":{},\"onnx/a.safetensors\":{},"
	    "\"model-00001-of-00009.safetensors\":{}}}");
	assert_err(ERR_IO, "model-00001-of-00009.safetensors: is missing",
		   checkpoint_open(&checkpoint, below(REPO "/snapshots/" SECOND)));
	setenv("HF_HUB_CACHE", below("nowhere"), 1);
	finds_not(ERR_IO, "hf download org/name", "org/name");
}

static void
test_hub__refs_and_links_lead_nowhere_else(void **state)
{
	static const char *const refs[] = { "../../../etc", "main", "", "zzzzzzz",
					    "1111111\n2222222" };
	char *path;

	(void)state;
	make_cache();
	for (size_t i = 0; i < sizeof(refs) / sizeof(refs[0]); i++) {
		put(REPO "/refs/main", refs[i]);
		finds_not(ERR_FORMAT, "refs/main: holds no commit", "org/name");
		assert_null(strstr(err_line(), "zzz"));
	}
	put(REPO "/refs/main", FIRST "\n");
	finds("org/name", FIRST);
	put("elsewhere/config.json", "{}");
	link_to(REPO "/snapshots/4444444444", "../../elsewhere");
	finds_not(ERR_FORMAT, "leads out of its cache", "org/name@4444444444");
	/* The repository itself may lie on another disk. */
	assert_int_equal(rename(below(REPO), below("moved")), 0);
	assert_int_equal(symlink("moved", below(REPO)), 0);
	assert_ok(find(&path, "org/name"));
	buf_free(path);
}

/* Several models may share the bytes of a file: HUB/blobs/AB/HASH. */
static void
test_hub__bytes_may_lie_in_the_shared_store(void **state)
{
#define HASH "ab34567890123456789012345678901234567890123456789012345678901234"
	struct checkpoint *checkpoint;
	char *path;

	(void)state;
	make_cache();
	put_weights("blobs/ab/" HASH);
	assert_int_equal(unlink(below(REPO "/blobs/w0")), 0);
	link_to(REPO "/blobs/w0", "../../blobs/ab/" HASH);
	assert_ok(find(&path, "org/name@v1"));
	assert_ok(checkpoint_open(&checkpoint, path));
	checkpoint_free(checkpoint);
	put_weights("blobs/ab/other");
	link_to(REPO "/blobs/w0", "../../blobs/ab/other");
	assert_err(ERR_FORMAT, "a link out of its cache", checkpoint_open(&checkpoint, path));
	assert_int_equal(unlink(below("blobs/ab/other")), 0);
	assert_err(ERR_IO,
		   "leads nowhere: No such file or directory; fetch it again: hf download "
		   "org/name",
		   checkpoint_open(&checkpoint, path));
	buf_free(path);
}

static void
test_hub__lists_every_snapshot_under_the_name_to_type(void **state)
{
	static const char *const names[] = { "a/broken", "gpt2", "org/name", "org/name@v1",
					     "org/name@111111111155" };
	struct hub_list list = { 0 };

	(void)state;
	make_cache();
	put(REPO "/snapshots/1111111111555555555/config.json", "{}");
	put("models--gpt2/snapshots/" FIRST "/config.json", "{}");
	put("models--a--broken/refs/main", "nonsense");
	put("models--a--b--c/refs/main", FIRST);
	put("models--..--name/refs/main", FIRST);
	put("datasets--org--data/refs/main", FIRST);
	put("version.txt", "1");
	assert_ok(hub_list(&list, 100));
	assert_int_equal(list.count, sizeof(names) / sizeof(names[0]));
	for (size_t i = 0; i < list.count; i++) {
		char *path;

		assert_string_equal(list.models[i].name, names[i]);
		assert_int_equal(list.models[i].path != NULL, i > 0);
		if (!i)
			continue;
		assert_ok(find(&path, list.models[i].name));
		assert_string_equal(path, list.models[i].path);
		buf_free(path);
	}
	hub_list_clear(&list);
	assert_ok(hub_list(&list, 2));
	assert_true(list.more && list.count == 2);
	hub_list_clear(&list);
	setenv("HF_HUB_CACHE", below("nowhere"), 1);
	assert_ok(hub_list(&list, 2));
	assert_int_equal(list.count, 0);
}

static void
test_hub__survives_each_failing_allocation(void **state)
{
	enum err code = ERR_NOMEM;

	(void)state;
	make_cache();
	for (unsigned long n = 1; code && n < 1000; n++) {
		struct hub_list list = { 0 };
		char *path = NULL;

		buf_fail_at(n, 0);
		code = find(&path, "org/name");
		code = code ? code : hub_list(&list, 100);
		buf_fail_at(0, 0);
		assert_true(code == OK || code == ERR_NOMEM);
		buf_free(path);
		hub_list_clear(&list);
	}
	assert_int_equal(code, OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hub__ids_are_names_and_nothing_else),
		cmocka_unit_test(test_hub__is_where_the_environment_says),
		cmocka_unit_test(test_hub__a_name_stands_for_main_and_revisions_for_theirs),
		cmocka_unit_test(test_hub__without_main_the_newest_whole_one_is_taken),
		cmocka_unit_test(test_hub__what_is_not_there_says_how_to_fetch_it),
		cmocka_unit_test(test_hub__refs_and_links_lead_nowhere_else),
		cmocka_unit_test(test_hub__bytes_may_lie_in_the_shared_store),
		cmocka_unit_test(test_hub__lists_every_snapshot_under_the_name_to_type),
		cmocka_unit_test(test_hub__survives_each_failing_allocation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
