#ifndef TUI_TERM_H
#define TUI_TERM_H

#include "plots/canvas.h"
#include "tui/key.h"

/* A screen with a keyboard: the real one through curses, or one in memory for scripts. */
struct term {
	const struct term_kind *kind;
	int rows, columns;
	bool ascii, mono; /* what it can show */
	int fd;           /* to poll for keys; -1: none */
	char note[160];   /* one line to tell the user at start, or "" */
};

struct term_kind {
	/* Put the canvas on the screen; the cursor where given, hidden when its row is -1. */
	void (*show)(struct term *term, const struct canvas *canvas, int row, int column);
	int32_t (*read)(struct term *term); /* INPUT_NONE: none is waiting */
	void (*resize)(struct term *term);  /* look up the size again */
	void (*redraw)(struct term *term);  /* the next show draws everything */
	void (*suspend)(
		struct term *term);       /* stop the process as ^Z does; returns when continued */
	void (*close)(struct term *term); /* restore and free */
};

struct term_options {
	bool ascii, no_color, light;
};

/* Never refuses a TERM or a locale: falls back and says so in `note`. ERR_IO without a terminal. */
enum err term_curses_open(struct term **out, const struct term_options *options);

enum err term_virtual_open(struct term **out, int rows, int columns, bool ascii);

#endif
