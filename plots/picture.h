#ifndef PLOTS_PICTURE_H
#define PLOTS_PICTURE_H

#include "core/err.h"

#include <cairo.h>
#include <stdbool.h>

/* Anything that draws on Cairo, as a file: SVG or PNG by the path's ending. Drawn into memory, then
 * written at once; equal drawings give equal bytes. `title` becomes the SVG's own, for readers who
 * do not see; NULL: none. */
struct picture {
	void (*draw)(cairo_t *cairo, double width, double height, const void *what);
	const void *what;
	int width, height; /* in pixels */
	const char *title;
};

enum err picture_save(const struct picture *picture, const char *path);

/* Which format an ending means; an ending that is neither is an error that names both. */
enum picture_format { PICTURE_SVG, PICTURE_PNG };
enum err picture_format(enum picture_format *out, const char *path);

/* Text as XML carries it: what is not UTF-8 or not a character is made visible. Owned by caller. */
char *picture_escape(const char *text);

#endif
