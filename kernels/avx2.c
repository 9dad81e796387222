#if defined(__x86_64__)
#define LOOPS_SET avx2
#include "kernels/loops.inc"
#else
extern int avx2_is_empty;
#endif
