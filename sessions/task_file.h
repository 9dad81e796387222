#ifndef SESSIONS_TASK_FILE_H
#define SESSIONS_TASK_FILE_H

#include "core/arena.h"
#include "core/err.h"
#include "core/hash.h"

#include <stddef.h>

/* Questions with known answers, one JSON object a line:
 *
 *	{"prompt": "2 + 3 =", "choices": [" 5", " 6"], "answer": 0}
 *	{"prompt": "2 + 3 =", "answer": "5"}
 *
 * `answer` is a choice's number from 0 on, or its text. All items of a file are of one kind. Other
 * keys are left unread. Bytes from outside: bounded, UTF-8 alone, every error with its line. */
enum task_kind { TASK_CHOICES, TASK_GENERATE };

enum { TASK_BYTES_MAX = 256 << 20, TASK_ITEMS_MAX = 1 << 20, TASK_CHOICES_MAX = 64 };

struct task_item {
	const char *prompt;
	const char **choices; /* (choice_count); none to generate */
	size_t choice_count;
	size_t answer;           /* index of the right choice */
	const char *answer_text; /* what is to be generated, or that choice */
	size_t line;
};

struct task_file {  /* immutable once open */
	char *name; /* "arithmetic" of ".../arithmetic.jsonl", "arithmetic.task" of a shipped one */
	char *path;
	char sha256[HASH_HEX];
	enum task_kind kind;
	struct task_item *items;
	size_t count, bytes;
	char *unread;       /* the first key that is not read, or NULL */
	struct arena arena; /* private */
	size_t capacity;
};

/* By shipped name ("arithmetic.task") or path. */
enum err task_file_open(struct task_file **out, const char *name);
/* From memory; `path` is for messages. */
enum err task_file_parse(struct task_file **out, const char *text, size_t length, const char *path);
void task_file_free(struct task_file *task); /* NULL is fine */

const char *task_file_kind_name(enum task_kind kind); /* "choices", "generate" */

#endif
