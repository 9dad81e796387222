#ifndef SESSIONS_PLACES_H
#define SESSIONS_PLACES_H

#include "core/err.h"

#include <stddef.h>

/* A file below the XDG state folder ($XDG_STATE_HOME/qscope, else ~/.local/state/qscope), where
 * qscope keeps what it remembers by itself: "history", "recent.json", "sessions/NAME". */
enum err places_find(char *out, size_t capacity, const char *name);
/* The same, and its folder is made. */
enum err places_state(char *out, size_t capacity, const char *name);

#endif
