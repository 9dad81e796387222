#ifndef TUI_REQUEST_H
#define TUI_REQUEST_H

#include <stddef.h>
#include <stdint.h>

/* What a key asks for. Every request has a name, a key, a line of help and a `:` command that does
 * the same: the overlay and the line under the plots show them. */
enum request {
	REQUEST_NONE,
#define REQUEST(id, key, alias, command, help) REQUEST_##id,
#include "tui/requests.def"
#undef REQUEST
	REQUEST_COUNT
};

struct request_entry {
	const char *name;        /* "move_up" */
	const char *key, *alias; /* as key_parse reads them; alias may be "" */
	const char *command;     /* the equal `:` line, "" when there is none */
	const char *help;
};

const struct request_entry *request_entry(enum request request); /* NULL for REQUEST_NONE */
enum request request_of_key(int32_t key);

#endif
