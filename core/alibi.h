#ifndef CORE_ALIBI_H
#define CORE_ALIBI_H

#include "core/err.h"
#include "core/shape.h"

/* ALiBi (Press et al. 2021, arXiv 2108.12409): what each head adds to its scores, a slope times the
 * key's position (what the query's adds is the same for all keys). *out is (heads, positions), the
 * caller's; `scale` is that of the scores. */
enum err alibi_create(float **out, const struct model_shape *shape, float scale, size_t positions);

#endif
