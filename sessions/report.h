#ifndef SESSIONS_REPORT_H
#define SESSIONS_REPORT_H

#include "core/loss_bands.h"
#include "sessions/engine.h"
#include "sessions/json_out.h"

/* Results as members of JSON objects, shared by the commands and the workbench's state. */

/* Every member of qscope.measure/1 behind `schema`. `calibration` as given to engine_quantize. */
enum err report_measure(struct json_out *json, const struct engine *engine,
			const struct layer_result *result,
			const struct calibration_setting *calibration);

void report_bits(struct json_out *json, const char *key, const struct layer_result *result);
void report_weight_error(struct json_out *json, const char *key,
			 const struct measurement *measurement);
/* "tokens_seen": those that the layer's statistics are of. */
void report_tokens(struct json_out *json, const struct measurement *measurement);
void report_output_error(struct json_out *json, const char *key,
			 const struct measurement *measurement); /* null without statistics */

/* {text, sha256, sequences, length, tokens, seed}, or null when nothing was drawn. */
void report_calibration(struct json_out *json, const char *key,
			const struct calibration_setting *calibration, size_t sequences,
			size_t tokens);

/* One text of qscope.eval/1 as an element of an array. */
void report_eval(struct json_out *json, const char *name, const struct corpus *corpus,
		 const struct eval_result *result,
		 const struct eval_result *weights /* without effects on activations, or NULL */);

/* The same with losses by frequency and position. */
void report_eval_bands(struct json_out *json, const char *name, const struct corpus *corpus,
		       const struct eval_result *result, const struct eval_result *weights,
		       const struct loss_bands *bands);

/* How texts were cut and scored; `windows`: of all of them. */
void report_protocol(struct json_out *json, const struct protocol *protocol,
		     const struct eval_shape *shape, size_t windows);

/* {"linear":...,"model":...} */
void report_engine_bits(struct json_out *json, const char *key, struct engine_bits bits);

#endif
