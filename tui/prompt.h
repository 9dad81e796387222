#ifndef TUI_PROMPT_H
#define TUI_PROMPT_H

#include "plots/canvas.h"
#include "tui/complete.h"

#include <stdbool.h>
#include <stdint.h>

/* The `:` line: GNU readline through its callback interface, under plots that go on living.
 * readline never sees the terminal: keys are queued to it as bytes, what it would draw is copied
 * and drawn by the frame. There is one, since readline's state is the process's. */

/* `history` is the file kept across runs, or NULL. `complete` finds candidates for the word at the
 * cursor. */
struct prompt_options {
	const char *history;
	void (*complete)(void *ctx, struct candidates *out, const char *line, size_t point);
	void *ctx;
};

enum err prompt_start(const struct prompt_options *options);
void prompt_stop(void);

void prompt_open(const char *text); /* with this already typed */
void prompt_close(void);
bool prompt_active(void);

/* A key while it is active. Escape closes, ^C clears or closes, a paste is inserted as text. */
void prompt_key(int32_t key);

/* The line that Enter accepted, or NULL; owned by the caller. Several pasted lines come only after
 * they were agreed to, one by one. */
char *prompt_take(void);

/* Draw into one row; returns the cursor's column. */
int prompt_draw(struct canvas *canvas, struct rect at);

void prompt_refresh(void); /* there may be other candidates now */

/* What could stand at the cursor, for the list above the line. */
const struct candidates *prompt_candidates(void);

const char *prompt_text(void); /* what is typed so far */

#endif
