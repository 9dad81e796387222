#ifndef SESSIONS_FORECAST_H
#define SESSIONS_FORECAST_H

#include "sessions/engine.h"

/* What a job will take, before it starts: an upper bound that counts matrix products and bytes and
 * leaves the rest out. What statistics are kept already costs nothing.
 *
 *	struct forecast f = forecast_start(engine);
 *	forecast_recipe(&f, recipe);
 *	code = forecast_check(&f);            one line where it cannot be done
 *	forecast_measure(&rates, &f, work);
 *	seconds = forecast_seconds(&f, &rates); */
struct forecast {
	struct engine *engine;
	double operations;       /* of products: passes, Gram matrices, solvers, measurements */
	uint64_t read;           /* bytes of the checkpoint, as often as they are read */
	uint64_t memory;         /* bytes at once, at the least */
	uint64_t kept;           /* bytes of results for the cache, as far as its limit goes */
	uint64_t spilled;        /* bytes of hidden states on disk at once, likewise */
	uint64_t parked;         /* bytes of quantized weights on disk at once */
	uint64_t output;         /* bytes of files asked for, */
	const char *output_path; /* there */
	const char *greatest;    /* what takes the most memory: a layer's or an input's name */
	bool taken;              /* private: statistics will be kept for what follows */
};

struct forecast forecast_start(struct engine *engine);

/* One layer quantized and measured; every layer of a recipe. */
enum err forecast_layer(struct forecast *forecast, int layer, const struct layer_setting *setting,
			const struct calibration_setting *calibration);
enum err forecast_recipe(struct forecast *forecast, const struct recipe *recipe);

/* One text, unquantized and, if `quantized`, once more. */
enum err forecast_evaluation(struct forecast *forecast, const struct eval_setting *setting,
			     bool quantized);
/* So many tokens through every block, `scored` of them through the head; likewise. */
void forecast_tokens(struct forecast *forecast, size_t tokens, size_t scored, bool quantized);
void forecast_output(struct forecast *forecast, const char *path, uint64_t bytes);

/* ERR_NOMEM: the limit of memory is less than the largest step needs. ERR_IO: the disk has no room
 * for the output, or for quantized weights that memory cannot hold. */
enum err forecast_check(const struct forecast *forecast);

/* Measured now, in a fraction of a second. */
struct forecast_rates {
	/* Per second: products on all threads; bytes of weights read; bytes written to the disk,
	 * 0 where nothing will be or it cannot be known. */
	double operations, read, written;
};
enum err forecast_measure(struct forecast_rates *out, const struct forecast *forecast,
			  const struct work *work);
double forecast_seconds(const struct forecast *forecast, const struct forecast_rates *rates);

/* All of it in a few lines for people. */
void forecast_say(const struct forecast *forecast, const struct forecast_rates *rates,
		  void (*say)(void *ctx, const char *line), void *ctx);
/* "about 40 s", "about 12 min", "about 3.5 h"; returns `out`, of 32 bytes. */
char *forecast_time(char *out, double seconds);

/* Bytes free where a path lies or will lie; UINT64_MAX: unknown. */
uint64_t forecast_free(const char *path);

#endif
