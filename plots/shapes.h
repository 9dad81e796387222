#ifndef PLOTS_SHAPES_H
#define PLOTS_SHAPES_H

#include "plots/canvas.h"

/* Glyphs that must join their neighbours, as rectangles in a cell of 0 to 1 each way. */
struct shape {
	double x, y, width, height, alpha;
};

enum { SHAPES_MOST = 8 };

/* How many shapes make this glyph: 0 means that a font draws it. */
int shapes_of(struct shape out[SHAPES_MOST], int32_t glyph);

/* What a cell looks like in 24 bits, reverse and contrast resolved. `plain`: no background. */
struct cell_look {
	uint32_t text, background;
	bool plain;
};
struct cell_look cell_look(const struct cell *cell, bool light);

#endif
