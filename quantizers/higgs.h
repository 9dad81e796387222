#ifndef QUANTIZERS_HIGGS_H
#define QUANTIZERS_HIGGS_H

/* Grids of least mean square error for normal numbers, ascending, and for pairs of them, x before
 * y; made by scripts/make-higgs-grids. */
extern const float higgs_line_4[4], higgs_line_8[8], higgs_line_16[16];
extern const float higgs_plane_16[32], higgs_plane_64[128], higgs_plane_256[512];

#endif
