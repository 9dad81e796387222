#include "kernels/sets.h"

#if defined(__x86_64__)
const struct kernels kernels_avx512 = {
	.name = "avx512",
	.forward = &forward_kernels_avx512,
};
#endif
