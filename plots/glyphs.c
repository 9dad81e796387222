#include "plots/glyphs.h"

#include <stddef.h>

struct range {
	int32_t first, last;
};

/* Scripts and symbols of width 1, none of them drawn as emoji by default. East Asian "ambiguous"
 * characters are in: qscope's own box lines and blocks are of that kind. */
static const struct range singles[] = {
	{ 0x20, 0x7e },     { 0xa1, 0xac },     { 0xae, 0x2ff },    { 0x370, 0x377 },
	{ 0x37a, 0x37f },   { 0x384, 0x38a },   { 0x38c, 0x38c },   { 0x38e, 0x3a1 },
	{ 0x3a3, 0x482 },   { 0x48a, 0x52f },   { 0x1e00, 0x1eff }, { 0x2010, 0x2027 },
	{ 0x2030, 0x205e }, { 0x2070, 0x2071 }, { 0x2074, 0x208e }, { 0x2090, 0x209c },
	{ 0x20a0, 0x20bf }, { 0x2100, 0x218b }, { 0x2190, 0x2319 }, { 0x231c, 0x2328 },
	{ 0x2500, 0x25fc }, { 0x25ff, 0x25ff }, { 0x2605, 0x2612 }, { 0x2660, 0x266f },
	{ 0x2713, 0x2717 }, { 0x27e6, 0x27ef }, { 0x2800, 0x28ff }, { 0x2a00, 0x2aff },
};

bool
glyph_is_single(int32_t code)
{
	for (size_t i = 0; i < sizeof(singles) / sizeof(*singles); i++)
		if (code >= singles[i].first && code <= singles[i].last)
			return true;
	return false;
}

bool
glyph_is_combining(int32_t code)
{
	return (code >= 0x300 && code <= 0x36f) || (code >= 0x483 && code <= 0x489) ||
	       (code >= 0x1ab0 && code <= 0x1aff) || (code >= 0x20d0 && code <= 0x20ff) ||
	       (code >= 0xfe00 && code <= 0xfe0f);
}

static const struct {
	int32_t code;
	const char *ascii;
} spellings[] = {
	{ 0xb1, "+-" },   { 0xb2, "2" },     { 0xb3, "3" },    { 0xb5, "u" },    { 0xb7, "." },
	{ 0xd7, "x" },    { 0xf7, "/" },     { 0x394, "d" },   { 0x3a3, "S" },   { 0x3b1, "a" },
	{ 0x3b2, "b" },   { 0x3bb, "l" },    { 0x3bc, "u" },   { 0x3c3, "s" },   { 0x2010, "-" },
	{ 0x2011, "-" },  { 0x2012, "-" },   { 0x2013, "-" },  { 0x2014, "-" },  { 0x2018, "'" },
	{ 0x2019, "'" },  { 0x201c, "\"" },  { 0x201d, "\"" }, { 0x2022, "*" },  { 0x2026, "~" },
	{ 0x2190, "<" },  { 0x2191, "^" },   { 0x2192, ">" },  { 0x2193, "v" },  { 0x221a, "sqrt" },
	{ 0x2212, "-" },  { 0x221e, "inf" }, { 0x2248, "~" },  { 0x2260, "!=" }, { 0x2264, "<=" },
	{ 0x2265, ">=" }, { 0x2591, "." },   { 0x2592, ":" },  { 0x2593, "%" },  { 0x25b2, "^" },
	{ 0x25b6, ">" },  { 0x25b8, ">" },   { 0x25ba, ">" },  { 0x25bc, "v" },  { 0x25be, "v" },
	{ 0x25c0, "<" },  { 0x25c2, "<" },   { 0x25c4, "<" },  { 0x25cb, "o" },  { 0x25cf, "*" },
	{ 0x2713, "+" },  { 0x2717, "x" },
};

/* Box lines: what stays is where a line runs and where lines meet. */
static const char *
box_ascii(int32_t code)
{
	switch (code) {
	case 0x2500:
	case 0x2504:
	case 0x2508:
	case 0x254c:
		return "-";
	case 0x2501:
	case 0x2550:
		return "=";
	case 0x2502:
	case 0x2503:
	case 0x2506:
	case 0x250a:
	case 0x254e:
	case 0x2551:
		return "|";
	default:
		return "+";
	}
}

const char *
glyph_ascii(int32_t code)
{
	static const char table[95][2] = {
		" ", "!", "\"", "#", "$", "%", "&", "'", "(", ")", "*", "+", ",",  "-", ".", "/",
		"0", "1", "2",  "3", "4", "5", "6", "7", "8", "9", ":", ";", "<",  "=", ">", "?",
		"@", "A", "B",  "C", "D", "E", "F", "G", "H", "I", "J", "K", "L",  "M", "N", "O",
		"P", "Q", "R",  "S", "T", "U", "V", "W", "X", "Y", "Z", "[", "\\", "]", "^", "_",
		"`", "a", "b",  "c", "d", "e", "f", "g", "h", "i", "j", "k", "l",  "m", "n", "o",
		"p", "q", "r",  "s", "t", "u", "v", "w", "x", "y", "z", "{", "|",  "}", "~",
	};

	if (code >= 0x20 && code < 0x7f)
		return table[code - 0x20];
	for (size_t i = 0; i < sizeof(spellings) / sizeof(*spellings); i++)
		if (spellings[i].code == code)
			return spellings[i].ascii;
	if (code >= 0x2500 && code < 0x2580)
		return box_ascii(code);
	if (code >= 0x2580 && code < 0x25a0)
		return "#";
	if (code > 0x2800 && code < 0x2900)
		return "*";
	return code == 0x2800 ? " " : "?";
}
