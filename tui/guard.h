#ifndef TUI_GUARD_H
#define TUI_GUARD_H

#include "core/err.h"

#include <stdbool.h>

/* The terminal as it was before, on every way out. Arm before anything is changed; from then on a
 * fatal signal writes the restoring bytes, resets the line discipline and goes on to whoever
 * handled it before. Only async-signal-safe calls are made. Signals that ask politely (TERM, HUP,
 * INT, QUIT) and those of the terminal (WINCH, TSTP, CONT) come out of guard_fd as bytes instead.
 */
enum err guard_arm(int tty);

/* What leaves full-screen mode on this terminal; known once the terminal's type is. */
void guard_restore_with(const char *bytes);

/* Standard output and error as they were, to be put back before a fatal signal goes on. */
void guard_streams(int out, int err);

int guard_fd(void);      /* readable when a signal came */
int guard_next(void);    /* its number, 0 when there is none */
void guard_disarm(void); /* the terminal is restored by the caller; old handlers return */

/* Restore the terminal now, as a fatal signal would. */
void guard_restore(void);

#endif
