#ifndef TUI_PICKER_H
#define TUI_PICKER_H

#include "plots/canvas.h"

#include <stdbool.h>
#include <stdint.h>

/* A list over the whole screen to choose one row from: typing filters it, arrows move, Enter takes,
 * Escape or ^C closes. The owner knows the rows. */
struct picker {
	bool open;
	char filter[64];
	int at; /* among the rows that match */
};

enum picker_answer { PICKER_STAYS, PICKER_CLOSED, PICKER_TAKEN };

void picker_open(struct picker *picker);
/* `count`: rows that match. Closes the list except for PICKER_STAYS. */
enum picker_answer picker_key(struct picker *picker, int32_t key, int count);
/* Does every word typed stand somewhere in this text? */
bool picker_matches(const struct picker *picker, const char *text);

/* Frame, filter and count; the place for rows, `below` rows left free under it, and the first
 * matching row to draw there. */
struct picker_rows {
	struct rect at;
	int first;
};
struct picker_rows picker_draw(const struct picker *picker, struct canvas *canvas, struct rect at,
			       const char *title, int count, int below);
void picker_mark(struct canvas *canvas, struct rect at, int row); /* the chosen one */

#endif
