#ifndef CORE_ERR_H
#define CORE_ERR_H

#include <stdarg.h>

/* ERR(name, kind, text): `kind` is what --json prints as the error's kind. */
#define ERR_LIST(ERR)                                        \
	ERR(ERR_USAGE, "usage", "wrong usage")               \
	ERR(ERR_IO, "io", "input/output error")              \
	ERR(ERR_FORMAT, "format", "malformed file")          \
	ERR(ERR_UNSUPPORTED, "unsupported", "not supported") \
	ERR(ERR_RANGE, "range", "value out of range")        \
	ERR(ERR_NOMEM, "nomem", "out of memory")             \
	ERR(ERR_CANCELLED, "cancelled", "cancelled")         \
	ERR(ERR_GATE, "gate", "a gate said no")

/* Every fallible function returns enum err; OK is 0. */
enum err {
	OK = 0,
#define ERR_ENUM(name, kind, text) name,
	ERR_LIST(ERR_ENUM)
#undef ERR_ENUM
		ERR_COUNT
};

/* One recorded failure: a line for people and its parts for programs. */
struct err_detail {
	enum err code;
	char file[512];    /* the file at fault, or "" */
	char item[256];    /* the tensor, key, parameter or line at fault, or "" */
	char message[768]; /* what is wrong; what to do. Without file and item. */
};

/* Record what went wrong for this thread and return `code`, so that one statement reports and
 * returns. `file` and `item` may be NULL. Everything recorded is made fit for a terminal. The
 * lowest layer that knows calls it; the layers above return the code untouched. */
enum err err_at(enum err code, const char *file, const char *item, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* The same without file and item. */
enum err err_set(enum err code, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Fill in the file of the detail recorded last, where the layer below did not know it. Returns
 * `code`. */
enum err err_in_file(enum err code, const char *file);

/* What this thread recorded last; borrowed until the next call. */
const struct err_detail *err_last(void);

/* Take over a detail recorded on another thread, and return its code. */
enum err err_adopt(const struct err_detail *detail);

/* "FILE: ITEM: message" of the last detail, in a buffer of this thread. */
const char *err_line(void);

/* "usage", "io", ...: the name for --json. */
const char *err_kind(enum err code);

#endif
