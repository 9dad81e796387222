#ifndef TESTS_SUPPORT_GGUF_EDIT_H
#define TESTS_SUPPORT_GGUF_EDIT_H

#include "support/gguf_make.h"

/* The models of tests/core/fixtures/gguf by name; gguf_fixtures_find is a cmocka group's setup. */
enum { GGUF_FIXTURES_MAX = 64, GGUF_FIXTURE_NAME = 64 };
extern char gguf_fixtures[GGUF_FIXTURES_MAX][GGUF_FIXTURE_NAME];
extern int gguf_fixture_count;
int gguf_fixtures_find(void **state);

/* The path of one: ".gguf" its model, ".bin" its logits. Borrowed, eight in a ring. */
const char *gguf_fixture(const char *name, const char *end);

/* A GGUF file again with one thing changed. */
struct gguf_edit {
	const char *key; /* left out, or of another value when `put` is set */
	void (*put)(struct gguf_make *make, const char *key);
	const char *tensor; /* left out, or with fewer rows when `shorter` is set */
	bool shorter;
};

/* For `put`: these numbers. */
void gguf_put_0(struct gguf_make *make, const char *key);
void gguf_put_1(struct gguf_make *make, const char *key);
void gguf_put_7(struct gguf_make *make, const char *key);

/* In the test's folder, as "m.gguf"; borrowed. */
const char *gguf_edited(const char *path, const struct gguf_edit *edit);

/* The same model as two files, "m-00001-of-00002.gguf" with all metadata and its neighbour; the
 * tensors alternate. Returns the path of the first, borrowed. */
const char *gguf_split_in_two(const char *path);

#endif
