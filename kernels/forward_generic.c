#define FORWARD_SET generic
#include "kernels/forward.inc"
