#ifndef TESTS_SUPPORT_SUPPORT_H
#define TESTS_SUPPORT_SUPPORT_H

/* Include this first of all test headers: cmocka wants its own order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/err.h"

/* A folder of its own for one test, empty, removed by support_clean or when the program ends.
 * Borrowed until the next call. */
const char *support_folder(void);
void support_clean(void);

/* "FOLDER/NAME" of a file made with these bytes in the test's folder; borrowed, eight in a ring. */
const char *support_file(const char *name, const void *data, size_t size);

/* Path below QSCOPE_TEST_DATA (default ../shared/data beside the checkout), or NULL when it is not
 * there: then the test says so in one line and skips. */
const char *support_data(const char *name);
#define support_need_data(name)                                                              \
	(support_data(name)                                                                  \
		 ? support_data(name)                                                        \
		 : (print_message("skipped: %s is not here (set QSCOPE_TEST_DATA)\n", name), \
		    skip(), (const char *)0))

/* Path below the source tree. Borrowed, eight in a ring. */
const char *support_source(const char *name);

/* Every line of every file in this folder of the source tree, without its end: a new file there is
 * used by itself. Fails where there is none. */
void support_each_line(const char *name, void (*use)(const char *line));

/* Deterministic values: uniform in [0, 1), and roughly normal. */
double support_uniform(uint64_t *seed);
float support_normal(uint64_t *seed);

#define assert_ok(expr)                                        \
	do {                                                   \
		enum err code_ = (expr);                       \
		if (code_)                                     \
			fail_msg("%s: %s", #expr, err_line()); \
	} while (0)

/* The call fails with this code and its line contains `part`. */
#define assert_err(expected, part, expr)                                              \
	do {                                                                          \
		enum err code_ = (expr);                                              \
		assert_int_equal(code_, expected);                                    \
		if (!support_contains(err_line(), part))                              \
			fail_msg("\"%s\" does not contain \"%s\"", err_line(), part); \
	} while (0)

int support_contains(const char *text, const char *part);

#endif
