#ifndef PLOTS_GLYPHS_H
#define PLOTS_GLYPHS_H

#include <stdbool.h>
#include <stdint.h>

/* True for a code point that every terminal draws exactly one column wide. A list of what is known
 * to be narrow, for a wrong guess would shift all that follows in its row. */
bool glyph_is_single(int32_t code);

/* True for a mark that is drawn over the character before it and takes no column. */
bool glyph_is_combining(int32_t code);

/* What stands for a code point where only ASCII can be drawn: one to three characters. */
const char *glyph_ascii(int32_t code);

#endif
