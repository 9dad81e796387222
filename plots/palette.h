#ifndef PLOTS_PALETTE_H
#define PLOTS_PALETTE_H

#include "plots/canvas.h"

/* What a role looks like at each colour depth, on dark and on light backgrounds. The two ramps are
 * the same on both. At 8 colours and in mono the attributes carry the meaning too. */
struct palette_entry {
	uint32_t rgb;      /* 0xrrggbb */
	int16_t index_256; /* xterm's fixed part of the palette (16-255); -1: the terminal's own */
	int8_t index_8;    /* 0-7 as in ANSI; -1: the terminal's own */
	bool bold, dim, reverse, underline; /* at 8 colours and in mono */
};

const struct palette_entry *palette_entry(enum role role, bool light);

/* The colour of a text on the background of another role: black or white on ramp and marked
 * backgrounds, since the role's own colour may vanish there. 24-bit, xterm-256, ANSI. */
struct palette_text {
	uint32_t rgb;
	int16_t index_256;
	int8_t index_8;
};
struct palette_text palette_text(enum role role, enum role background, bool light);

/* Black or white, whichever stands out more on a colour. */
uint32_t palette_text_on(uint32_t rgb);

/* Seven colours on white paper that stay apart under every common colour blindness; they repeat. */
uint32_t palette_series_rgb(size_t series);

/* What lies behind everything where there is no terminal: pictures. */
uint32_t palette_paper(bool light);

/* 24-bit colour of xterm's index 16-255. */
uint32_t palette_xterm(int index);

/* The step of a ramp for t in [0, 1] (clamped). */
enum role palette_ramp(double t, bool diverging);

/* The same without steps, for pictures. */
uint32_t palette_ramp_rgb(double t, bool diverging);

#endif
