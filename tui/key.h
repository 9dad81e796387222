#ifndef TUI_KEY_H
#define TUI_KEY_H

#include <stddef.h>
#include <stdint.h>

/* A key is a code point, a control character (1 to 31), or one of these. */
enum {
	INPUT_FIRST = 0x110000,
#define KEYNAME(id, name, curses, escape) INPUT_##id,
#include "tui/keynames.def"
#undef KEYNAME
	INPUT_LAST,
	INPUT_NONE = -1
};

/* A key by its name as in scripts and help: "a", "Tab", "Enter", "^L", "Left", "Space"; INPUT_NONE
 * when there is none of that name. */
int32_t key_parse(const char *name);

/* The name of a key; returns `out`. */
char *key_title(char out[16], int32_t key);

/* The bytes that a terminal sends for it, as the line editor wants them; returns their count, 0 for
 * a key that it does not get. */
size_t key_bytes(char out[16], int32_t key);

/* From a code of curses' keypad mode; INPUT_NONE for those of no use. */
int32_t key_from_curses(int code);

#endif
