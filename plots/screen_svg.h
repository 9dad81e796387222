#ifndef PLOTS_SCREEN_SVG_H
#define PLOTS_SCREEN_SVG_H

#include "plots/canvas.h"

/* A whole screen of cells as a picture, dark, in the 256-colour palette: for the README's screens,
 * made from the program itself. Lines, blocks, shades and braille are drawn as shapes, so they do
 * not hang on the reader's fonts. Equal screens give equal bytes. */

/* SVG with text that can be searched and copied. Owned by the caller. */
enum err canvas_svg(char **out, const struct canvas *canvas);

/* By the path's ending: .svg as above, .png through Cairo. Atomically. */
enum err canvas_save(const struct canvas *canvas, const char *path);

#endif
