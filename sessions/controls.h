#ifndef SESSIONS_CONTROLS_H
#define SESSIONS_CONTROLS_H

#include "sessions/engine.h"

/* What stands beside methods in a comparison: weights that come from somewhere else, and noise that
 * is as strong as what a method did. Like the engine's calls that take `work`. */

/* Another model in place of the engine's, which is its baseline: see evaluator_run_model. `losses`
 * may be NULL; else they are the caller's. */
enum err engine_evaluate_model(struct eval_result *out, struct token_losses **losses,
			       struct engine *engine, const struct eval_setting *setting,
			       const struct model *model, const struct work *work);

/* A layer with other weights (rows, columns) in place of its own, measured as a quantized one;
 * NULL: its own, for the signal. Without output error where nothing is known of the layer's input,
 * or calibration->text is "". Freed by measurement_free. */
enum err engine_measure(struct measurement **out, struct engine *engine, int layer,
			const float *weights, const struct calibration_setting *calibration,
			const struct work *work);

/* A layer's weights plus Gaussian noise whose squares sum to `energy`: what a method's error would
 * do if it knew nothing of the layer. Equal seeds give equal noise. The result has weights and
 * measurement alone, no method; the caller unrefs it. */
struct noise {
	double energy;
	uint64_t seed;
};
enum err engine_noise(struct layer_result **out, struct engine *engine, int layer,
		      const struct noise *noise, const struct calibration_setting *calibration,
		      const struct work *work);

#endif
