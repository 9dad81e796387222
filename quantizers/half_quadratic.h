#ifndef QUANTIZERS_HALF_QUADRATIC_H
#define QUANTIZERS_HALF_QUADRATIC_H

#include "core/work.h"
#include "kernels/kernels.h"

#include <stdbool.h>

/* The half-quadratic solver of HQQ (Badri and Shaji 2023), which finds the zero point of each group
 * of weights, its scale given. The groups are alone in all but one thing: they take their steps
 * together, and stop together once the mean |error| of the whole matrix no longer falls.
 *
 *	code = clamp(rint(w scale + zero), 0, most), r = (code - zero) / scale
 *	zero <- mean over the group of code - (w - shrink(w - r)) scale
 */
struct half_quadratic {
	const float *weights; /* count groups of `size` */
	size_t size, count;
	bool interleaved; /* weight i of group g lies at i * count + g, else at g * size + i */
	float most;       /* the last code */
	int iterations;
	float norm, beta; /* p and beta of the shrinking */
	float kappa;      /* beta is multiplied by it after each step */
	bool early_stop;
	bool keep_best; /* the zeros of the least error win; else the last step's, better or not */
};

/* scale (count) in codes per unit of weight; zero (count) holds the start, then the solution. Steps
 * taken are added to *steps. Advances `work` by weights * HALF_QUADRATIC_UNITS in all; memory: 6
 * floats a group. */
enum { HALF_QUADRATIC_UNITS = 4 };
enum err half_quadratic_solve(float *zero, int *steps, const float *scale,
			      const struct half_quadratic *problem, const struct kernels *kernels,
			      const struct work *work);

#endif
