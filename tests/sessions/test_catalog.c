/* A cache, a folder and a list of recent models made here: what is listed, and why some cannot be
 * opened. */
#include "support/support.h"

#include "core/buf.h"
#include "core/file.h"
#include "sessions/catalog.h"
#include "sessions/locate.h"
#include "sessions/recent.h"
#include "sessions/shipped.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COMMIT "1111111111111111111111111111111111111111"

static char start[1024];

static char *
below(const char *name)
{
	static char paths[8][1024];
	static int next;

	next = (next + 1) % 8;
	snprintf(paths[next], sizeof(paths[next]), "%s/%s", support_folder(), name);
	return paths[next];
}

static void
put_bytes(const char *name, const void *bytes, size_t size)
{
	char *folder = buf_strdup(below(name));

	*strrchr(folder, '/') = '\0';
	assert_ok(file_make_folder(folder));
	buf_free(folder);
	support_file(name, bytes, size);
}

static void
put(const char *name, const char *text)
{
	put_bytes(name, text, strlen(text));
}

/* A small llama: enough tensors to have a type, too few to be computed with. */
static void
put_model(const char *folder)
{
	static const char header[] =
		"{\"a\":{\"dtype\":\"BF16\",\"shape\":[4],\"data_offsets\":[0,8]},"
		"\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[8,12]}}";
	char bytes[8 + sizeof(header) - 1 + 12] = { 0 }, name[256];

	memcpy(bytes, &(uint64_t){ sizeof(header) - 1 }, 8);
	memcpy(bytes + 8, header, sizeof(header) - 1);
	snprintf(name, sizeof(name), "%s/model.safetensors", folder);
	put_bytes(name, bytes, sizeof(bytes));
	snprintf(name, sizeof(name), "%s/config.json", folder);
	put(name, "{\"model_type\":\"llama\"}");
}

/* dim 4, hidden 3, 1 block, 2 heads, 1 kv head, vocabulary 5, context 2, tied. */
static void
put_llama2c(const char *name)
{
	static const int32_t header[7] = { 4, 3, 1, 2, 1, 5, 2 };
	char bytes[4 * (7 + 20 + 12 + 16 + 8 + 8 + 16 + 36 + 4)] = { 0 };

	memcpy(bytes, header, sizeof(header));
	put_bytes(name, bytes, sizeof(bytes));
}

static void
begin(void)
{
	if (!start[0])
		assert_non_null(getcwd(start, sizeof(start)));
	assert_int_equal(chdir(start), 0);
	support_clean();
	assert_ok(file_make_folder(below("here")));
	setenv("HF_HUB_CACHE", below("hub"), 1);
	setenv("XDG_STATE_HOME", below("state"), 1);
	assert_int_equal(chdir(below("here")), 0);
}

static const struct catalog_entry *
entry_of(const struct catalog *catalog, const char *name)
{
	for (size_t i = 0; i < catalog->count; i++)
		if (!strcmp(catalog->entries[i].name, name))
			return &catalog->entries[i];
	fail_msg("%s is not listed", name);
	return NULL;
}

static void
check_names(const struct catalog *catalog, const char *const *names)
{
	size_t count = 0;

	for (; names[count]; count++) {
		assert_true(count < catalog->count);
		assert_string_equal(catalog->entries[count].name, names[count]);
	}
	assert_int_equal(catalog->count, count);
}

static void
test_catalog__lists_what_is_at_hand_in_order(void **state)
{
	static const char *const names[] = { "shipped",   "gpt2",    "org/name", ".",
					     "a.gguf",    "ckpt.pt", "lora",     "model",
					     "small.bin", "gone/by", NULL };
	struct catalog *catalog;

	(void)state;
	begin();
	put_model("hub/models--org--name/snapshots/" COMMIT);
	put_model("hub/models--gpt2/snapshots/" COMMIT);
	put_model("here");
	put_model("here/model");
	put_model("here/.hidden");
	put("here/lora/adapter_config.json", "{}");
	put("here/src/config.json", "{}");
	put_llama2c("here/small.bin");
	put_llama2c("here/tokenizer.bin");
	put_llama2c("here/-option.bin");
	put("here/noise.bin", "nothing of ours, but long enough for a header");
	put("here/path.pth", "text");
	put("here/ckpt.pt", "PK\3\4");
	put("here/a.gguf", "GGUF");
	put("here/b-00002-of-00003.gguf", "GGUF");
	assert_ok(recent_add("gone/by"));
	assert_ok(recent_add("model"));    /* listed already */
	assert_ok(recent_add("org/name")); /* likewise */
	assert_ok(catalog_read(&catalog, true, NULL));
	check_names(catalog, names);
	assert_int_equal(entry_of(catalog, "shipped")->place, CATALOG_SHIPPED);
	assert_int_equal(entry_of(catalog, "org/name")->place, CATALOG_CACHE);
	assert_int_equal(entry_of(catalog, "model")->place, CATALOG_HERE);
	assert_int_equal(entry_of(catalog, "gone/by")->place, CATALOG_RECENT);
	assert_string_equal(catalog->cache, below("hub"));
	catalog_free(catalog);
}

static void
test_catalog__tells_what_the_headers_say(void **state)
{
	const struct catalog_entry *entry;
	struct catalog *catalog;
	const char *shipped;

	(void)state;
	begin();
	put_model("here/model");
	put("here/model/README.md", "0123456789");
	put_llama2c("here/small.bin");
	put("here/a-00001-of-00003.gguf", "GGUF");
	put("here/a-00002-of-00003.gguf", "GGUF12345");
	put("here/a-00003-of-00004.gguf", "of another");
	assert_ok(catalog_read(&catalog, true, NULL));
	assert_int_equal(entry_of(catalog, "a-00001-of-00003.gguf")->bytes, 4 + 9);
	entry = entry_of(catalog, "model");
	assert_string_equal(entry->architecture, "llama");
	assert_string_equal(entry->dtype, "BF16"); /* more bytes than F32 has */
	assert_int_equal(entry->bytes, 8 + 109 + 12 + 22 + 10);
	assert_null(entry->why);
	entry = entry_of(catalog, "small.bin");
	assert_string_equal(entry->architecture, "llama");
	assert_string_equal(entry->dtype, "F32");
	entry = entry_of(catalog, "shipped");
	assert_ok(shipped_model(&shipped));
	assert_string_equal(entry->path, shipped);
	assert_null(entry->why);
	catalog_free(catalog);
	assert_ok(catalog_read(&catalog, false, NULL));
	assert_null(entry_of(catalog, "model")->architecture);
	assert_int_equal(entry_of(catalog, "model")->bytes, 0);
	catalog_free(catalog);
}

static void
refused(const struct catalog *catalog, const char *name, const char *architecture,
	const char *dtype, const char *why)
{
	const struct catalog_entry *entry = entry_of(catalog, name);

	assert_non_null(entry->why);
	if (!support_contains(entry->why, why))
		fail_msg("%s: \"%s\" does not contain \"%s\"", name, entry->why, why);
	assert_null(strchr(entry->why, '\n'));
	if (architecture)
		assert_string_equal(entry->architecture, architecture);
	if (dtype)
		assert_string_equal(entry->dtype, dtype);
}

static void
test_catalog__one_broken_entry_spoils_no_other(void **state)
{
	struct catalog *catalog;

	(void)state;
	begin();
	put("hub/models--a--bert/snapshots/" COMMIT "/config.json",
	    "{\"model_type\":\"bert\",\"torch_dtype\":\"float16\"}");
	put("hub/models--a--escape/snapshots/" COMMIT "/config.json",
	    "{\"model_type\":\"\\u001b[31m\",\"dtype\":7}");
	put("hub/models--a--empty/refs/main", COMMIT);
	put("hub/models--a--ref/refs/main", "/etc/passwd");
	put("hub/models--a--text/snapshots/" COMMIT "/config.json", "no JSON");
	put("hub/models--a--packed/snapshots/" COMMIT "/config.json",
	    "{\"model_type\":\"qwen2\",\"dtype\":\"bfloat16\",\"quantization_config\":{\"bits\":4,"
	    "\"quant_method\":\"gptq\"}}");
	put("elsewhere/config.json", "{\"model_type\":\"secret\"}");
	put("hub/models--a--out/snapshots/x", "");
	assert_int_equal(
		symlink("../../../elsewhere", below("hub/models--a--out/snapshots/" COMMIT)), 0);
	put_model("hub/models--org--name/snapshots/" COMMIT);
	put("state/qscope/recent.json", "[");
	assert_ok(catalog_read(&catalog, true, NULL));
	assert_int_equal(catalog->count, 9);
	refused(catalog, "a/bert", "bert", "F16", "an encoder");
	refused(catalog, "a/escape", "^[[31m", NULL, "no weights");
	refused(catalog, "a/empty", NULL, NULL, "hf download a/empty");
	refused(catalog, "a/ref", NULL, NULL, "holds no commit");
	refused(catalog, "a/text", NULL, NULL, "config.json: ");
	refused(catalog, "a/packed", "qwen2", "BF16", "with \"gptq\", 4 bits");
	refused(catalog, "a/out", NULL, NULL, "leads out of its cache");
	assert_null(entry_of(catalog, "a/out")->architecture);
	assert_null(entry_of(catalog, "org/name")->why);
	assert_int_equal(catalog->note_count, 1);
	assert_true(support_contains(catalog->notes[0], "recent.json"));
	catalog_free(catalog);
}

/* Headers of gigabytes, as a broken or hostile file may have them, are not read for a list. */
static void
test_catalog__reads_a_bounded_number_of_bytes(void **state)
{
	struct catalog *catalog;
	uint64_t length = 64 << 20;
	const char *large;
	FILE *file;

	(void)state;
	begin();
	put("here/model/config.json", "{\"model_type\":\"llama\",\"dtype\":\"bfloat16\"}");
	put("here/model/model.safetensors", "");
	large = below("here/model/model.safetensors");
	assert_non_null(file = fopen(large, "wb"));
	assert_int_equal(fwrite(&length, 8, 1, file), 1);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(truncate(large, (off_t)length + 100), 0);
	assert_ok(catalog_read(&catalog, true, NULL));
	assert_null(entry_of(catalog, "model")->why);
	assert_string_equal(entry_of(catalog, "model")->architecture, "llama");
	assert_string_equal(entry_of(catalog, "model")->dtype, "BF16");
	catalog_free(catalog);
}

static void
locates(const char *name, const char *path)
{
	char *found;

	assert_ok(locate_model(&found, name));
	assert_string_equal(found, path);
	buf_free(found);
}

static void
test_catalog__every_name_is_located(void **state)
{
	const char *shipped;
	char *path;

	(void)state;
	begin();
	put_model("hub/models--org--name/snapshots/" COMMIT);
	put_model("hub/models--gpt2/snapshots/" COMMIT);
	assert_ok(shipped_model(&shipped));
	locates(NULL, shipped);
	locates("shipped", shipped);
	locates("org/name", below("hub/models--org--name/snapshots/" COMMIT));
	locates("org/name@1111111", below("hub/models--org--name/snapshots/" COMMIT));
	locates("gpt2", below("hub/models--gpt2/snapshots/" COMMIT));
	locates(below("hub/models--gpt2"), below("hub/models--gpt2/snapshots/" COMMIT));
	locates("nothing", "nothing");
	locates("", "");
	locates("/nowhere/at/all", "/nowhere/at/all");
	assert_err(ERR_IO, "hf download org/other", locate_model(&path, "org/other"));
	/* A path wins. */
	put_model("here/org/name");
	put_model("here/shipped");
	put_model("here/gpt2");
	locates("org/name", "org/name");
	locates("shipped", "shipped");
	locates("gpt2", "gpt2");
}

static void
test_catalog__sizes_are_short(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} sizes[] = { { 0, "0 B" },         { 999, "999 B" },         { 1000, "1.0 kB" },
		      { 9949, "9.9 kB" },   { 9951, "10 kB" },        { 999499, "999 kB" },
		      { 999501, "1.0 MB" }, { 2200000000, "2.2 GB" }, { UINT64_MAX, "18447 PB" } };
	char out[16];

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		assert_string_equal(catalog_size(out, sizes[i].bytes), sizes[i].text);
}

static void
test_catalog__survives_each_failing_allocation(void **state)
{
	enum err code = ERR_NOMEM;

	(void)state;
	begin();
	put_model("hub/models--org--name/snapshots/" COMMIT);
	put_model("here/model");
	put("here/lora/adapter_config.json", "{}");
	assert_ok(recent_add("gone/by"));
	for (unsigned long n = 1; code && n < 5000; n++) {
		struct catalog *catalog;

		buf_fail_at(n, 0);
		code = catalog_read(&catalog, true, NULL);
		buf_fail_at(0, 0);
		assert_true(code == OK || code == ERR_NOMEM);
		catalog_free(catalog);
	}
	assert_int_equal(code, OK);
	assert_int_equal(chdir(start), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_catalog__lists_what_is_at_hand_in_order),
		cmocka_unit_test(test_catalog__tells_what_the_headers_say),
		cmocka_unit_test(test_catalog__one_broken_entry_spoils_no_other),
		cmocka_unit_test(test_catalog__reads_a_bounded_number_of_bytes),
		cmocka_unit_test(test_catalog__every_name_is_located),
		cmocka_unit_test(test_catalog__sizes_are_short),
		cmocka_unit_test(test_catalog__survives_each_failing_allocation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
