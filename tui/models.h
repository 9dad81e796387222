#ifndef TUI_MODELS_H
#define TUI_MODELS_H

#include "sessions/catalog.h"
#include "plots/canvas.h"

#include <stdbool.h>
#include <stdint.h>

/* The models at hand in the workbench: read in the background, completed behind `:open`, and shown
 * as a list to choose from. */
struct app;
struct models;

enum err models_start(struct models **out);
void models_stop(struct models *models); /* NULL is fine */

/* What was read last, NULL before; when that is nothing or old, reading starts. */
const struct catalog *models_want(struct models *models);
bool models_reading(const struct models *models);
int models_wake_fd(const struct models *models); /* readable when a list is there to be taken */
/* Take it; true: there is another list now, or an error was recorded in *code. */
bool models_poll(struct models *models, enum err *code);

/* The list over the workbench, in app->choice. */
void models_open(struct app *app);
void models_key(struct app *app, int32_t key);
void models_draw(struct app *app, struct canvas *canvas, struct rect at);

#endif
