#include "plots/palette.h"

#include <math.h>
#include <stddef.h>

/* Indices 0-15 are never used at 256 colours: users and tmux themes recolour them. */
static const struct palette_entry dark[ROLE_RAMP_0] = {
	[ROLE_TEXT] = { 0xd8d8d8, -1, -1, .bold = false },
	[ROLE_DIM] = { 0x949494, 246, -1, .dim = true },
	[ROLE_TITLE] = { 0xffffff, 231, -1, .bold = true },
	[ROLE_ACCENT] = { 0x5fd7ff, 81, 6, .bold = true },
	[ROLE_GOOD] = { 0x87d787, 114, 2, .bold = false },
	[ROLE_BAD] = { 0xff5f5f, 203, 1, .bold = true },
	[ROLE_WARN] = { 0xffd75f, 221, 3, .bold = false },
	[ROLE_CURSOR] = { 0xffffaf, 229, 3, .bold = true, .reverse = true },
	[ROLE_CURRENT] = { 0x5fafff, 75, 4, .bold = false },
	[ROLE_GHOST] = { 0xbcbcbc, 250, -1, .dim = true }, /* it is drawn as a light shade */
	[ROLE_KEY] = { 0xd7af87, 180, 3, .underline = true },
	[ROLE_BORDER] = { 0x626262, 241, -1, .dim = true },
};

static const struct palette_entry light[ROLE_RAMP_0] = {
	[ROLE_TEXT] = { 0x262626, -1, -1, .bold = false },
	[ROLE_DIM] = { 0x6c6c6c, 242, -1, .dim = true },
	[ROLE_TITLE] = { 0x000000, 16, -1, .bold = true },
	[ROLE_ACCENT] = { 0x005faf, 25, 4, .bold = true },
	[ROLE_GOOD] = { 0x008700, 28, 2, .bold = false },
	[ROLE_BAD] = { 0xd70000, 160, 1, .bold = true },
	[ROLE_WARN] = { 0xaf5f00, 130, 3, .bold = false },
	[ROLE_CURSOR] = { 0x00005f, 17, 4, .bold = true, .reverse = true },
	[ROLE_CURRENT] = { 0x0087d7, 32, 4, .bold = false },
	[ROLE_GHOST] = { 0x585858, 240, -1, .dim = true },
	[ROLE_KEY] = { 0x875f00, 94, 5, .underline = true },
	[ROLE_BORDER] = { 0xb2b2b2, 249, -1, .dim = true },
};

/* Six steps of viridis: the most that xterm's cube can show with rising lightness. Then seven of
 * the cool-warm map (Moreland 2009, "Diverging Color Maps for Scientific Visualization"). */
static const struct palette_entry ramps[RAMP_STEPS + DIVERGE_STEPS] = {
	{ 0x440154, 53, 5, .bold = false },  { 0x414487, 61, 4, .bold = false },
	{ 0x2a788e, 31, 6, .bold = false },  { 0x22a884, 36, 2, .bold = false },
	{ 0x7ad151, 113, 3, .bold = false }, { 0xfde725, 220, 7, .bold = false },
	{ 0x3b4cc0, 62, 4, .bold = true },   { 0x7092f3, 68, 4, .bold = false },
	{ 0xaac7fd, 153, 6, .bold = false }, { 0xdddddd, 253, 7, .bold = false },
	{ 0xf7b89c, 216, 3, .bold = false }, { 0xe8755b, 209, 1, .bold = false },
	{ 0xb40426, 124, 1, .bold = true },
};

const struct palette_entry *
palette_entry(enum role role, bool on_light)
{
	if (role >= ROLE_COUNT)
		role = ROLE_TEXT;
	if (role >= ROLE_RAMP_0)
		return &ramps[role - ROLE_RAMP_0];
	return on_light ? &light[role] : &dark[role];
}

static double
linear(uint32_t part)
{
	double c = part / 255.0;

	return c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4);
}

/* Where black and white have the same contrast to a colour, its relative luminance (WCAG 2.1) is
 * sqrt(1.05 * 0.05) - 0.05. */
uint32_t
palette_text_on(uint32_t rgb)
{
	double luminance = 0.2126 * linear(rgb >> 16 & 255) + 0.7152 * linear(rgb >> 8 & 255) +
			   0.0722 * linear(rgb & 255);

	return luminance > 0.179 ? 0x000000 : 0xffffff;
}

/* Both of the step's colours must carry the same text, so the 256 one decides. */
static bool
wants_black(const struct palette_entry *entry)
{
	return !palette_text_on(entry->index_256 < 0 ? entry->rgb
						     : palette_xterm(entry->index_256));
}

struct palette_text
palette_text(enum role role, enum role background, bool on_light)
{
	const struct palette_entry *text = palette_entry(role, on_light);
	const struct palette_entry *behind = palette_entry(background, on_light);

	if (background == ROLE_TEXT)
		return (struct palette_text){ text->rgb, text->index_256, text->index_8 };
	if (role == ROLE_CURRENT || role == ROLE_GHOST) /* bars in front of bars */
		return (struct palette_text){ text->rgb, text->index_256, text->index_8 };
	if (wants_black(behind))
		return (struct palette_text){ 0x000000, 16, 0 };
	return (struct palette_text){ 0xffffff, 231, 7 };
}

uint32_t
palette_paper(bool on_light)
{
	return on_light ? 0xffffff : 0x121212;
}

uint32_t
palette_xterm(int index)
{
	static const uint32_t levels[6] = { 0x00, 0x5f, 0x87, 0xaf, 0xd7, 0xff };
	uint32_t grey;

	if (index < 16 || index > 255)
		return 0;
	if (index < 232) {
		index -= 16;
		return levels[index / 36] << 16 | levels[index / 6 % 6] << 8 | levels[index % 6];
	}
	grey = (uint32_t)(8 + 10 * (index - 232));
	return grey << 16 | grey << 8 | grey;
}

/* Comparisons are written so that NaN becomes 0. */
static double
clamp_unit(double t)
{
	return t > 0 ? (t < 1 ? t : 1) : 0;
}

enum role
palette_ramp(double t, bool diverging)
{
	int steps = diverging ? DIVERGE_STEPS : RAMP_STEPS;
	int step = (int)(clamp_unit(t) * steps);

	if (step == steps)
		step--;
	return (enum role)((int)(diverging ? ROLE_DIVERGE_0 : ROLE_RAMP_0) + step);
}

static uint32_t
mix(uint32_t a, uint32_t b, double t, int shift)
{
	double low = a >> shift & 255, high = b >> shift & 255;

	return (uint32_t)(low + (high - low) * t + 0.5) << shift;
}

uint32_t
palette_ramp_rgb(double t, bool diverging)
{
	int last = (diverging ? DIVERGE_STEPS : RAMP_STEPS) - 1;
	const struct palette_entry *step = diverging ? &ramps[RAMP_STEPS] : ramps;
	double at = clamp_unit(t) * last;
	int below = at < last ? (int)at : last - 1;
	uint32_t a = step[below].rgb, b = step[below + 1].rgb;

	at -= below;
	return mix(a, b, at, 16) | mix(a, b, at, 8) | mix(a, b, at, 0);
}

/* Okabe and Ito 2008, "Color Universal Design", without its yellow, which is lost on white. */
uint32_t
palette_series_rgb(size_t series)
{
	static const uint32_t colours[7] = { 0x0072b2, 0xd55e00, 0x009e73, 0xcc79a7,
					     0x56b4e9, 0xe69f00, 0x000000 };

	return colours[series % 7];
}
