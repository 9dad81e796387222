#ifndef SESSIONS_PICTURE_H
#define SESSIONS_PICTURE_H

#include "plots/plot.h"
#include "sessions/engine.h"

/* Results as data for plots. A picture owns the arrays that its `data` points to. */
enum { PICTURE_SERIES = 32 };

struct picture {
	struct plot_data data;
	struct series series[PICTURE_SERIES];
	char title[200], note[200], names[PICTURE_SERIES][80];
	void *owned[64];
	size_t owned_count;
};

void picture_init(struct picture *picture);
void picture_clear(struct picture *picture);
/* Memory that picture_clear frees; NULL: ERR_NOMEM is recorded. */
void *picture_alloc(struct picture *picture, size_t count, size_t size);

/* Quantities of a quantized layer that a map or a line may show. */
struct metric {
	const char *name;  /* "output_error" */
	const char *label; /* "output error, relative" */
	bool log;
	double (*value)(const struct layer_result *result); /* NaN: not known */
};
extern const struct metric metrics[]; /* ends with a NULL name */
const struct metric *metric_find(const char *name);

/* The error histogram of one result. */
enum err picture_histogram(struct picture *out, const struct engine *engine,
			   const struct layer_result *result);

/* The k largest channels of one CHANNEL_* quantity as bars. */
enum err picture_channels(struct picture *out, const struct engine *engine,
			  const struct layer_result *result, int channel, size_t k);

/* Blocks down, modules across; results as from engine_apply. */
enum err picture_map(struct picture *out, const struct engine *engine,
		     struct layer_result *const *results, const struct metric *metric);

/* The mean of a metric over the layers of each block, as one more series (at most
 * PICTURE_SERIES). */
enum err picture_add_line(struct picture *out, const struct engine *engine, const char *name,
			  struct layer_result *const *results, const struct metric *metric);

#endif
