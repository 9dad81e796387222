#ifndef QUANTIZERS_ROWS_H
#define QUANTIZERS_ROWS_H

#include "quantizers/quantizer.h"

/* For methods that quantize bands of rows one by one, once the scales of the whole tensor, if any,
 * are known: tiles over the workers, progress, publishing, cancelling, counting what was clipped.
 *
 *	static size_t
 *	quantize(const struct rows *rows, size_t first, size_t count)
 *	{
 *		struct scheme *scheme = rows->scheme;
 *		... codes and dequantized of rows [first, first + count), and their scales ...
 *		return clipped;
 *	}
 *
 *	code = rows_alloc(out, layer, scale_count, false);
 *	code = rows_run(&(struct rows){ task, layer, out, 1, quantize, &scheme });
 */
struct rows {
	const struct quant_task *task;
	const struct quant_layer *layer;
	struct quantized *out;
	size_t band; /* rows that are quantized together; the last band may be shorter */
	size_t (*quantize)(const struct rows *rows, size_t first, size_t count);
	void *scheme; /* the method's own; constant while bands run, on any thread */
};

/* Shape, codes, dequantized, scales and, where asked for, zero points. */
enum err rows_alloc(struct quantized *out, const struct quant_layer *layer, size_t scale_count,
		    bool zero_points);
enum err rows_run(const struct rows *rows);
/* The same where its units of progress, one a weight, are in the total already. */
enum err rows_run_expected(const struct rows *rows);

/* The codes of one row by an affine grid, at out->codes and out->dequantized; returns the clipped.
 */
size_t rows_affine(const struct rows *rows, size_t row, const float *w,
		   const struct affine *affine);

/* The sum of magnitudes over the whole tensor, tile by tile in order. */
enum err rows_abs_sum(double *out, const struct quant_task *task, const struct quant_layer *layer);

/* The range of the whole tensor; max |w| is the larger of the two magnitudes. */
enum err rows_range(float *min, float *max, const struct quant_task *task,
		    const struct quant_layer *layer);

#endif
