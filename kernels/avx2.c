#include "kernels/sets.h"

#if defined(__x86_64__)
const struct kernels kernels_avx2 = {
	.name = "avx2",
	.forward = &forward_kernels_avx2,
};
#endif
