#ifndef TUI_SCENE_H
#define TUI_SCENE_H

#include "plots/plot.h"
#include "sessions/workspace.h"

/* Every value that a frame shows, gathered once from the workspace. Views draw from it alone, and
 * :save-state writes it, so what is on the screen can be compared with the headless program. */
struct app;

enum {
	SCENE_MODULES = 32,
	SCENE_TEXTS = 64,
	SCENE_KNOBS = 28,
	SCENE_JOBS = 40,
	SCENE_CHANNELS = 256
};

struct scene_map {
	size_t rows, columns;
	double *cells; /* (rows, columns) */
	char *marks;
	int *layers; /* index of the layer there, -1: none */
	char (*row_names)[24];
	const char **row_labels;
	const char *column_labels[SCENE_MODULES];
	char column_names[SCENE_MODULES][24];
	int cursor_row, cursor_column;
	const struct metric *metric;
};

struct scene_histogram {
	bool has_now, has_ghost, growing;
	double share;                              /* of the layer's weights seen, while growing */
	double *edges, *now, *ghost, *ghost_edges; /* HISTOGRAM_BINS + 1 and HISTOGRAM_BINS */
	double below, above;                       /* counts outside the axis shown */
	double low, high;                          /* the axis shown */
	uint64_t count, nonfinite;
	bool log;
};

struct scene_layer { /* the selected one */
	char name[128], tensor[160], method[200];
	size_t rows, columns;
	enum result_state state;
	bool has;
	double bits, mse, relative, sqnr_db, max_abs, seconds;
	uint64_t clipped;
	bool has_output;
	double output_relative, output_per_token;
	char note[200], error[800];
	double previous_relative, previous_output; /* NaN: none */
};

struct scene_channels {
	const char *kind;
	size_t k, count;
	uint32_t ids[SCENE_CHANNELS];
	double values[SCENE_CHANNELS];
	char names[SCENE_CHANNELS][12];
	const char *labels[SCENE_CHANNELS];
	bool by_id;
};

struct scene_text {
	char name[256];
	enum result_state state;
	bool has, has_previous, waiting;
	struct eval_result result, previous;
	char error[300];
};

struct scene_knob {
	const char *name, *help;
	char value[160];
	bool at_default;
};

struct scene {
	bool open; /* a model is */
	char model[256], format[32], profile[200];
	size_t parameters, blocks, hidden;
	struct engine_bits bits;
	bool has_bits;
	struct calibration_setting calibration;
	size_t step, steps;
	struct scene_map map;
	struct scene_layer layer;
	struct scene_histogram histogram;
	struct scene_channels channels;
	struct scene_text texts[SCENE_TEXTS];
	size_t text_count;
	char protocol[100];
	struct scene_knob knobs[SCENE_KNOBS];
	size_t knob_count;
	char scope[300]; /* what a knob changes */
	struct job_view jobs[SCENE_JOBS];
	size_t job_count;
};

extern const char *const scene_channel_kinds[]; /* "mean_abs", "damage", "method_scale"; NULL */

enum err scene_gather(struct app *app);
void scene_clear(struct scene *scene);
enum err scene_map_gather(struct app *app); /* without room the map is empty, for a frame */
void scene_map_clear(struct scene_map *map);
enum err scene_json(char **out, const struct app *app); /* qscope.state/1, owned by the caller */

/* The picture of a view, pointing into the scene; NULL: it has none. `series` holds three. */
const struct plot *scene_plot(struct plot_data *out, struct series *series, const struct app *app,
			      int view);

#endif
