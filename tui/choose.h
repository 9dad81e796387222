#ifndef TUI_CHOOSE_H
#define TUI_CHOOSE_H

#include "plots/canvas.h"

#include <stdint.h>

/* The list of methods over the workbench, in app->methods: what each answers to the questions of
 * quantizers/facts.def, and Enter quantizes by the chosen one. */
struct app;

void choose_open(struct app *app);
void choose_key(struct app *app, int32_t key);
void choose_draw(struct app *app, struct canvas *canvas, struct rect at);

#endif
