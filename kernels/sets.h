#ifndef KERNELS_SETS_H
#define KERNELS_SETS_H

#include "kernels/kernels.h"

/* One table for each line of kernels.def, in a file of that name. An entry that is NULL is taken
 * from the sets before it. */
#define KERNELS(name, supported)                    \
	extern const struct kernels kernels_##name; \
	extern const struct forward_kernels forward_kernels_##name;
#include "kernels/kernels.def"
#undef KERNELS

#endif
