#include "plots/shapes.h"

#include "plots/palette.h"

#include <string.h>

/* Arms of the box lines from the middle: up, right, down, left; 0 none, 1 light, 2 heavy. */
static const struct {
	int32_t glyph;
	unsigned char arms[4];
} boxes[] = {
	{ 0x2500, { 0, 1, 0, 1 } }, { 0x2501, { 0, 2, 0, 2 } }, { 0x2502, { 1, 0, 1, 0 } },
	{ 0x2503, { 2, 0, 2, 0 } }, { 0x250c, { 0, 1, 1, 0 } }, { 0x250f, { 0, 2, 2, 0 } },
	{ 0x2510, { 0, 0, 1, 1 } }, { 0x2513, { 0, 0, 2, 2 } }, { 0x2514, { 1, 1, 0, 0 } },
	{ 0x2517, { 2, 2, 0, 0 } }, { 0x2518, { 1, 0, 0, 1 } }, { 0x251b, { 2, 0, 0, 2 } },
	{ 0x251c, { 1, 1, 1, 0 } }, { 0x2524, { 1, 0, 1, 1 } }, { 0x252c, { 0, 1, 1, 1 } },
	{ 0x2534, { 1, 1, 0, 1 } }, { 0x253c, { 1, 1, 1, 1 } }, { 0x2523, { 2, 2, 2, 0 } },
	{ 0x252b, { 2, 0, 2, 2 } }, { 0x2533, { 0, 2, 2, 2 } }, { 0x253b, { 2, 2, 0, 2 } },
	{ 0x254b, { 2, 2, 2, 2 } },
};

/* A cell is twice as high as wide, so a line of one thickness has two. */
static int
box_shapes(struct shape out[SHAPES_MOST], const unsigned char arms[4])
{
	int count = 0;

	for (int i = 0; i < 4; i++) {
		double thick = arms[i] == 2 ? 0.26 : 0.13, half = thick / 2;

		if (!arms[i])
			continue;
		if (i % 2) /* to the side; both reach over the middle, so that corners close */
			out[count++] = (struct shape){ i == 1 ? 0.5 - half : 0, 0.5 - half / 2,
						       0.5 + half, half, 1 };
		else
			out[count++] = (struct shape){ 0.5 - half, i ? 0.5 - half / 2 : 0, thick,
						       0.5 + half / 2, 1 };
	}
	return count;
}

static int
block_shape(struct shape *out, int32_t glyph)
{
	double eighths;

	*out = (struct shape){ 0, 0, 1, 1, 1 };
	if (glyph == 0x2580) {
		out->height = 0.5;
	} else if (glyph <= 0x2588) {
		eighths = glyph - 0x2580;
		out->y = 1 - eighths / 8;
		out->height = eighths / 8;
	} else if (glyph <= 0x258f) {
		out->width = (0x2590 - glyph) / 8.0;
	} else if (glyph == 0x2590) {
		out->x = out->width = 0.5;
	} else if (glyph <= 0x2593) {
		out->alpha = (glyph - 0x2590) / 4.0;
	} else if (glyph == 0x2594) {
		out->height = 0.125;
	} else if (glyph == 0x2595) {
		out->x = 0.875;
		out->width = 0.125;
	} else {
		return 0;
	}
	return 1;
}

static int
braille_shapes(struct shape out[SHAPES_MOST], int32_t glyph)
{
	/* Dots 1 to 8 as column and row. */
	static const unsigned char places[8][2] = { { 0, 0 }, { 0, 1 }, { 0, 2 }, { 1, 0 },
						    { 1, 1 }, { 1, 2 }, { 0, 3 }, { 1, 3 } };
	int count = 0;

	for (int dot = 0; dot < 8; dot++)
		if ((glyph & 0xff) >> dot & 1)
			out[count++] = (struct shape){ 0.25 + 0.5 * places[dot][0] - 0.15,
						       0.125 + 0.25 * places[dot][1] - 0.075, 0.3,
						       0.15, 1 };
	return count;
}

int
shapes_of(struct shape out[SHAPES_MOST], int32_t glyph)
{
	if (glyph > 0x2800 && glyph < 0x2900)
		return braille_shapes(out, glyph);
	if (glyph >= 0x2580 && glyph < 0x25a0)
		return block_shape(out, glyph);
	for (size_t i = 0; i < sizeof(boxes) / sizeof(*boxes); i++)
		if (boxes[i].glyph == glyph)
			return box_shapes(out, boxes[i].arms);
	return 0;
}

static uint32_t
colour(int index_256, uint32_t rgb)
{
	return index_256 < 0 ? rgb : palette_xterm(index_256);
}

struct cell_look
cell_look(const struct cell *cell, bool light)
{
	struct palette_text text = palette_text(cell->role, cell->background, light);
	const struct palette_entry *behind = palette_entry(cell->background, light);
	struct cell_look look = { .text = colour(text.index_256, text.rgb),
				  .background = palette_paper(light),
				  .plain = cell->background == ROLE_TEXT && !cell->reverse };

	if (cell->background != ROLE_TEXT)
		look.background = colour(behind->index_256, behind->rgb);
	if (cell->reverse) {
		uint32_t swap = look.text;

		look.text = look.background;
		look.background = swap;
	}
	return look;
}
