#ifndef CORE_RNG_H
#define CORE_RNG_H

#include <stddef.h>
#include <stdint.h>

/* The one generator of reproducible draws: xoshiro256** (Blackman and Vigna 2018), its state filled
 * by splitmix64 from the seed. docs/calibration.md writes it down so that others can repeat a draw.
 * No secret may depend on it. */
struct rng {
	uint64_t state[4];
};

void rng_seed(struct rng *rng, uint64_t seed);
uint64_t rng_next(struct rng *rng);
uint64_t rng_below(struct rng *rng, uint64_t n);                /* uniform in [0, n), n > 0 */
void rng_shuffle(struct rng *rng, size_t *items, size_t count); /* Fisher-Yates, from the end */

#endif
