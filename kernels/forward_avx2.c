#if defined(__x86_64__)
#define FORWARD_SET avx2
#include "kernels/forward.inc"
#else
extern int forward_avx2_is_empty;
#endif
