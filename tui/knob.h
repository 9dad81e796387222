#ifndef TUI_KNOB_H
#define TUI_KNOB_H

#include "tui/app.h"

/* The knobs of the selected layer: its method, that method's parameters as declared, the
 * calibration, and what a turn applies to. Made anew from the declarations each time. */
enum knob_kind {
	KNOB_METHOD,
	KNOB_PARAM,
	KNOB_TEXT,
	KNOB_SEQUENCES,
	KNOB_LENGTH,
	KNOB_SEED,
	KNOB_SOURCE,
	KNOB_SCOPE
};

struct knob {
	enum knob_kind kind;
	int param; /* KNOB_PARAM: its index */
};

size_t knob_list(struct knob *out, size_t capacity, const struct app *app);
void knob_show(struct scene_knob *out, const struct knob *knob, const struct app *app);
enum err knob_turn(struct app *app, const struct knob *knob, int direction);

/* Turn the parameter of this name, wherever it is in the list. */
enum err knob_turn_param(struct app *app, const char *name, int direction);

/* Apply a setting to what the scope says; `on` overrides it: a pattern, or "layer", "block",
 * "kind", "all", or NULL. */
enum err knob_apply(struct app *app, const struct layer_setting *setting, const char *on);

/* The setting that a turn starts from: the selected layer's, or the default of one kept. */
struct layer_setting knob_setting(const struct app *app);
/* Another method, with the values of equal parameters carried over where they are allowed: from
 * `from`, and where that has none from what was set before (bits survive a method without them). */
struct layer_setting knob_with_method(const struct app *app, const struct layer_setting *from,
				      const struct quantizer *method);

/* The pattern that the scope stands for, NULL for all; and its words for people. */
const char *knob_scope(char out[256], const struct app *app, const char *on);
void knob_scope_text(char *out, size_t capacity, const struct app *app);
extern const char *const knob_scopes[]; /* "layer", "block", "kind", "all", "pattern"; NULL */

#endif
