#if defined(__x86_64__)
#define FORWARD_SET avx512
#include "kernels/forward.inc"
#else
extern int forward_avx512_is_empty;
#endif
