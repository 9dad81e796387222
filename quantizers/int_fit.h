#ifndef QUANTIZERS_INT_FIT_H
#define QUANTIZERS_INT_FIT_H

#include "quantizers/grid.h"
#include "quantizers/rows.h"

/* How int_quant finds the range of each stretch of weights that shares a scale, an area: all rows
 * of a band by `width` columns, or the whole tensor. */
enum int_rule { INT_COMPRESSED_TENSORS, INT_QUARK };
enum int_observer { INT_MINMAX, INT_MSE, INT_PERCENTILE };

struct int_setting {
	int bits;
	bool symmetric, tensor;
	enum int_rule rule;
	enum int_observer observer;
	enum scale_dtype scale_dtype;
	double percentile;  /* of magnitudes, 0 to 100 */
	size_t band, width; /* rows and columns of an area */
};

/* Ranges of the areas, one row of them for each band; one for the tensor. */
struct int_fit {
	const struct quant_task *task;
	const struct quant_layer *layer;
	const struct int_setting *setting;
	size_t bands, per_band, count;
	float *min, *max;       /* (count) that the observer chose */
	float *least, *most;    /* (count) observed; INT_MSE alone */
	double *error, *lowest; /* (count, or bands for the tensor); INT_MSE alone */
	float shrink;           /* of the candidate */
};

enum err int_fit_run(struct int_fit *fit); /* task, layer, setting given; the rest zero */
void int_fit_free(struct int_fit *fit);

/* The grid of a range, by the rule. */
struct affine int_fit_grid(const struct int_setting *setting, float min, float max);

/* Quark's percentile observer over all magnitudes of a tensor (int_percentile.c). */
enum err int_percentile(float *out, const struct quant_task *task, const struct quant_layer *layer,
			double percentile);

#endif
