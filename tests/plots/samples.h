#ifndef TESTS_PLOTS_SAMPLES_H
#define TESTS_PLOTS_SAMPLES_H

/* One example of each plot, of the kind the workbench shows: used by goldens, sizes and pictures.
 */
#include "plots/plot.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SAMPLE_BINS = 4096, SAMPLE_BLOCKS = 8, SAMPLE_MODULES = 7, SAMPLE_CHANNELS = 12 };

/* Counts of 65,536 roughly normal errors of this width over [-0.02, 0.02). */
static inline void
sample_counts(double *out, double sigma)
{
	for (int i = 0; i < SAMPLE_BINS; i++) {
		double x = (i + 0.5) / SAMPLE_BINS * 0.04 - 0.02;

		out[i] = floor(65536 * 0.04 / SAMPLE_BINS / sigma * 0.39894228 *
				       exp(-x * x / (2 * sigma * sigma)) +
			       0.5);
	}
	out[SAMPLE_BINS / 16] += 1; /* one lonely outlier */
}

static inline struct plot_data
sample_histogram(void)
{
	static double edges[SAMPLE_BINS + 1], now[SAMPLE_BINS], before[SAMPLE_BINS];
	static struct series series[2];

	for (int i = 0; i <= SAMPLE_BINS; i++)
		edges[i] = -0.02 + 0.04 * i / SAMPLE_BINS;
	sample_counts(now, 0.0024);
	sample_counts(before, 0.0048);
	series[0] = (struct series){ .name = "gptq 4 bits",
				     .x = edges,
				     .y = now,
				     .count = SAMPLE_BINS,
				     .role = ROLE_CURRENT };
	series[1] = (struct series){ .name = "rtn 3 bits",
				     .x = edges,
				     .y = before,
				     .count = SAMPLE_BINS,
				     .role = ROLE_GHOST };
	return (struct plot_data){
		.title = "layers.3.mlp.down weight error",
		.note = "n 65536  \xcf\x83 0.0024  max 0.0214  \xe2\x89\x88 sampled",
		.x = { .label = "dequantized \xe2\x88\x92 original", .low = -0.02, .high = 0.02 },
		.y = { .label = "weights", .log = true },
		.series = series,
		.series_count = 2,
		.below = 0,
		.above = 3,
		.cursor_row = -1,
		.cursor_column = -1,
	};
}

static inline struct plot_data
sample_bars(void)
{
	static const char *const labels[SAMPLE_CHANNELS] = {
		"channel 17", "channel 402", "channel 3",   "channel 255",
		"channel 96", "channel 511", "channel 44",  "channel 128",
		"channel 31", "channel 7",   "channel 300", "\xe6\xbc\xa2",
	};
	static double now[SAMPLE_CHANNELS], before[SAMPLE_CHANNELS], error[SAMPLE_CHANNELS];
	static struct series series[2];

	for (int i = 0; i < SAMPLE_CHANNELS; i++) {
		now[i] = 4.2345678 * pow(0.72, i);
		before[i] = now[i] * (i % 3 == 0 ? 1.3 : i % 3 == 1 ? 0.6 : 1.0);
		error[i] = now[i] * 0.08;
	}
	series[0] = (struct series){ .name = "current",
				     .y = now,
				     .error = error,
				     .labels = labels,
				     .count = SAMPLE_CHANNELS,
				     .role = ROLE_CURRENT };
	series[1] = (struct series){
		.name = "previous", .y = before, .count = SAMPLE_CHANNELS, .role = ROLE_GHOST
	};
	return (struct plot_data){
		.title = "salient channels",
		.note = "mean |x| on stories.calibration",
		.x = { .label = "mean |x|" },
		.series = series,
		.series_count = 2,
		.cursor_row = 1,
		.cursor_column = -1,
	};
}

static inline struct plot_data
sample_heatmap(void)
{
	static const char *const modules[SAMPLE_MODULES] = { "q",    "k",  "v",   "o",
							     "gate", "up", "down" };
	static char names[SAMPLE_BLOCKS][24];
	static const char *blocks[SAMPLE_BLOCKS];
	static double cells[SAMPLE_BLOCKS * SAMPLE_MODULES];
	static char marks[SAMPLE_BLOCKS * SAMPLE_MODULES];

	for (int i = 0; i < SAMPLE_BLOCKS; i++) {
		snprintf(names[i], sizeof(names[i]), "block %d", i);
		blocks[i] = names[i];
		for (int j = 0; j < SAMPLE_MODULES; j++)
			cells[i * SAMPLE_MODULES + j] =
				1e-4 * pow(10, (i + 2 * j % SAMPLE_MODULES) / 6.0);
	}
	memset(marks, 0, sizeof(marks));
	cells[9] = NAN;
	marks[16] = '!';
	marks[17] = '~';
	return (struct plot_data){
		.title = "relative output error",
		.note = "gptq 4 bits g128",
		.value = { .label = "tr(DHD')/tr(WHW')", .log = true },
		.cells = cells,
		.marks = marks,
		.rows = SAMPLE_BLOCKS,
		.columns = SAMPLE_MODULES,
		.row_labels = blocks,
		.column_labels = modules,
		.cursor_row = 4,
		.cursor_column = 3,
	};
}

/* The running perplexity of two runs, with error bars on the second. */
static inline struct plot_data
sample_line(void)
{
	static double x[64], now[64], before[64], error[64];
	static struct series series[2];

	for (int i = 0; i < 64; i++) {
		x[i] = 128 * (i + 1);
		now[i] = 12 + 6 * exp(-i / 9.0) + 0.4 * sin(i / 3.0);
		before[i] = 14 + 7 * exp(-i / 8.0) + 0.4 * sin(i / 2.7 + 1);
		error[i] = i % 8 ? 0 : 3.0 / sqrt(i + 4.0);
	}
	now[20] = NAN;
	series[0] = (struct series){ .name = "gptq 3 bits", .x = x, .y = now, .count = 64 };
	series[1] = (struct series){
		.name = "rtn 3 bits", .x = x, .y = before, .error = error, .count = 64
	};
	return (struct plot_data){
		.title = "running perplexity",
		.note = "stories.evaluation",
		.x = { .label = "tokens" },
		.y = { .label = "ppl" },
		.series = series,
		.series_count = 2,
		.cursor_row = -1,
		.cursor_column = -1,
	};
}

/* Bits against damage for two methods. */
static inline struct plot_data
sample_scatter(void)
{
	static const char *const labels[2][4] = { { "rtn 2", "rtn 3", "rtn 4", "rtn 8" },
						  { "gptq 2", "gptq 3", "gptq 4", "gptq 8" } };
	static const double bits[4] = { 2.25, 3.25, 4.25, 8.25 };
	static const double damage[2][4] = { { 2.1, 0.21, 0.034, 0.0012 },
					     { 0.72, 0.081, 0.015, 0.0013 } };
	static const double error[2][4] = { { 0.2, 0.03, 0.004, 0.0004 },
					    { 0.08, 0.01, 0.003, 0.0004 } };
	static struct series series[2];

	for (int k = 0; k < 2; k++)
		series[k] = (struct series){ .name = k ? "gptq" : "rtn",
					     .x = bits,
					     .y = damage[k],
					     .error = error[k],
					     .labels = labels[k],
					     .count = 4 };
	return (struct plot_data){
		.title = "damage against size",
		.note = "mean of six texts",
		.x = { .label = "bits per weight" },
		.y = { .label = "\xce\x94NLL", .log = true },
		.series = series,
		.series_count = 2,
		.front = true,
		.cursor_row = -1,
		.cursor_column = -1,
	};
}

struct sample {
	const char *name;
	struct plot_data (*data)(void);
};

static const struct sample samples[] = {
	{ "histogram", sample_histogram }, { "bars", sample_bars },
	{ "heatmap", sample_heatmap },     { "line", sample_line },
	{ "scatter", sample_scatter },
};

enum { SAMPLE_COUNT = sizeof(samples) / sizeof(*samples) };

#endif
