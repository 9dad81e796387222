#ifndef TUI_PLACES_H
#define TUI_PLACES_H

#include "core/err.h"

#include <stddef.h>

/* "$XDG_STATE_HOME/qscope/NAME", its folder made when it is not there. ERR_IO when it cannot be:
 * then the caller does without. */
enum err places_state(char *out, size_t capacity, const char *name);

#endif
