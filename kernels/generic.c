#define LOOPS_SET generic
#include "kernels/loops.inc"
