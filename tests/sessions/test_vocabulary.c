/* Tokenizers that do not fit the embedding of 83 rows beside them, and ids that no row stands for.
 */
#include "support/support.h"

#include "core/buf.h"
#include "core/file.h"
#include "sessions/engine.h"

#include <stdio.h>
#include <string.h>

enum { ROWS = 83 };

static void
copy(const char *name)
{
	char path[256], *data;
	size_t size;

	snprintf(path, sizeof(path), "tests/core/fixtures/forward/one_kv_head/%s", name);
	assert_ok(file_read(&data, &size, support_source(path), 1 << 20));
	support_file(name, data, size);
	buf_free(data);
}

/* A model with a tokenizer of so many pieces, "a0", "a1", ..., and so many added tokens. */
static enum err
open_with(struct engine **out, int pieces, int added)
{
	struct engine_options options = { .model = support_folder(),
					  .threads = 1,
					  .no_cache = true };
	char text[8192];
	int n = snprintf(text, sizeof(text), "{\"added_tokens\":[");

	for (int i = 0; i < added; i++)
		n += snprintf(text + n, sizeof(text) - (size_t)n,
			      "%s{\"id\":%d,\"content\":\"<%d>\",\"special\":true}", i ? "," : "",
			      pieces + i, i);
	n += snprintf(text + n, sizeof(text) - (size_t)n,
		      "],\"model\":{\"type\":\"BPE\",\"merges\":[],\"vocab\":{");
	for (int i = 0; i < pieces; i++)
		n += snprintf(text + n, sizeof(text) - (size_t)n, "%s\"%c%d\":%d", i ? "," : "",
			      'a', i, i);
	n += snprintf(text + n, sizeof(text) - (size_t)n, "}}}");
	copy("config.json");
	copy("model.safetensors");
	support_file("tokenizer.json", text, (size_t)n);
	return engine_open(out, &options);
}

static void
test_vocabulary__may_be_smaller_than_the_embedding(void **state)
{
	struct engine *engine;

	(void)state;
	support_clean();
	for (int pieces = 5; pieces <= ROWS; pieces += ROWS - 5) {
		assert_ok(open_with(&engine, pieces, 0));
		assert_null(engine_note(engine));
		engine_free(engine);
	}
}

static void
test_vocabulary__of_more_pieces_than_rows_is_refused(void **state)
{
	struct engine *engine;

	(void)state;
	assert_err(ERR_FORMAT, "tokenizer.json: the tokenizer has 84 tokens but the model's",
		   open_with(&engine, ROWS + 1, 0));
	assert_null(engine);
}

static void
test_vocabulary__added_tokens_may_lie_beyond_the_rows(void **state)
{
	const struct corpus *corpus;
	struct engine *engine;

	(void)state;
	assert_ok(open_with(&engine, ROWS - 1, 1));
	assert_null(engine_note(engine));
	engine_free(engine);
	assert_ok(open_with(&engine, ROWS - 1, 3));
	assert_non_null(engine_note(engine));
	assert_true(support_contains(engine_note(engine), "85 tokens but the embedding 83 rows"));
	assert_ok(engine_corpus(&corpus, engine, support_file("in.txt", "<0><0>", 6), NULL));
	assert_int_equal(corpus->count, 2);
	assert_err(ERR_RANGE, "token 1 is 83, but the model has 83 tokens",
		   engine_corpus(&corpus, engine, support_file("out.txt", "<0><1>", 6), NULL));
	engine_free(engine);
}

/* NumPy's format, version 1: int32, one row. */
static const char *
ids_file(const int32_t *ids, int count)
{
	char bytes[256] = "\x93NUMPY\x01\x00\x76\x00";
	int n = snprintf(bytes + 10, 118,
			 "{'descr': '<i4', 'fortran_order': False, 'shape': (%d,), }", count);

	memset(bytes + 10 + n, ' ', (size_t)(117 - n));
	bytes[127] = '\n';
	memcpy(bytes + 128, ids, (size_t)count * sizeof(*ids));
	return support_file("ids.npy", bytes, 128 + (size_t)count * sizeof(*ids));
}

static void
test_vocabulary__ids_outside_of_it_are_named(void **state)
{
	const int32_t inside[] = { 0, ROWS - 1 }, above[] = { 0, ROWS }, below[] = { -1 };
	const struct corpus *corpus;
	struct engine *engine;

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_ok(open_with(&engine, 5, 0));
		if (!i)
			assert_ok(engine_corpus(&corpus, engine, ids_file(inside, 2), NULL));
		else if (i == 1)
			assert_err(ERR_RANGE, "token 1 is 83, but the model has 83 tokens",
				   engine_corpus(&corpus, engine, ids_file(above, 2), NULL));
		else
			assert_err(ERR_RANGE, "value 0 is -1, which is no token id",
				   engine_corpus(&corpus, engine, ids_file(below, 1), NULL));
		engine_free(engine);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vocabulary__may_be_smaller_than_the_embedding),
		cmocka_unit_test(test_vocabulary__of_more_pieces_than_rows_is_refused),
		cmocka_unit_test(test_vocabulary__added_tokens_may_lie_beyond_the_rows),
		cmocka_unit_test(test_vocabulary__ids_outside_of_it_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
