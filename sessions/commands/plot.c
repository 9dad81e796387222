/* qscope plot: any picture of the workbench as SVG, PNG or text. */
#include "core/buf.h"
#include "sessions/commands/common.h"
#include "sessions/commands/plan.h"
#include "sessions/picture.h"
#include "sessions/variants.h"
#include "sessions/shipped.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { WIDTH = 960, HEIGHT = 600, COLUMNS = 100, ROWS = 30, TOP = 24, TOKENS = 8192 };

struct drawing {
	struct call *call;
	struct common common;
	struct picture picture;
	const struct plot *plot;
};

static const char *
value_of(const struct drawing *d, const char *name)
{
	return arguments_value(&d->call->arguments, name);
}

static enum err
one_layer(struct layer_result **out, struct drawing *d)
{
	struct calibration_setting calibration = { .text = SHIPPED_CALIBRATION };
	const char *name = value_of(d, "--layer");
	struct layer_setting setting;
	enum err code = common_setting(&setting, d->call);
	int layer;

	*out = NULL;
	if (!code && !name)
		return err_at(ERR_USAGE, NULL, "--layer", "is missing; see: qscope info");
	if (!code)
		code = common_layer(&layer, d->common.engine, name);
	if (!code)
		code = common_check(&setting, d->common.engine, layer);
	if (!code)
		code = common_calibration(&calibration, d->call, d->common.engine);
	if (!code)
		code = plan_announce_layer(d->call, &d->common, layer, &setting, &calibration);
	output_phase(d->call, "quantizing");
	return code ? code
		    : engine_quantize(out, d->common.engine, layer, &setting, &calibration,
				      &d->common.work);
}

static enum err
all_layers(struct layer_result ***out, struct drawing *d, const struct recipe *recipe)
{
	size_t count = engine_model(d->common.engine)->layer_count;
	enum err code = plan_announce_recipe(d->call, &d->common, recipe);

	*out = buf_alloc(count, sizeof(struct layer_result *));
	if (!*out)
		return ERR_NOMEM;
	output_phase(d->call, "quantizing every layer");
	return code ? code : engine_apply(*out, d->common.engine, recipe, &d->common.work);
}

static void
drop_layers(const struct drawing *d, struct layer_result **results)
{
	layer_results_free(results, engine_model(d->common.engine)->layer_count);
}

static enum err
find_metric(const struct metric **out, const struct drawing *d)
{
	const char *name = value_of(d, "--metric");
	const char *names[16] = { 0 };

	*out = name ? metric_find(name) : metrics;
	if (*out)
		return OK;
	for (size_t i = 0; metrics[i].name && i < 15; i++)
		names[i] = metrics[i].name;
	return common_refuse("metric", name, names, "qscope help plot");
}

static enum err
histogram(struct drawing *d)
{
	struct layer_result *result;
	enum err code = one_layer(&result, d);

	if (!code)
		code = picture_histogram(&d->picture, d->common.engine, result);
	layer_result_unref(result);
	return code;
}

static enum err
bars(struct drawing *d)
{
	static const char *const names[] = { "mean_abs", "mean_sq",      "weight_error",
					     "damage",   "method_scale", NULL };
	const char *name = value_of(d, "--metric");
	struct layer_result *result;
	uint64_t top = TOP;
	int channel = 0;
	enum err code;

	while (name && names[channel] && strcmp(names[channel], name))
		channel++;
	if (!names[channel])
		return err_at(ERR_USAGE, NULL, name,
			      "bars show mean_abs, mean_sq, weight_error, damage or method_scale");
	code = arguments_count(&top, &d->call->arguments, "--top", 1, 4096);
	if (code)
		return code;
	code = one_layer(&result, d);
	if (!code)
		code = picture_channels(&d->picture, d->common.engine, result, channel,
					(size_t)top);
	layer_result_unref(result);
	return code;
}

/* A recipe that is calibrated even where its method needs nothing: output errors want it. */
static enum err
measured_recipe(struct recipe *out, struct drawing *d)
{
	enum err code = common_recipe(out, d->call, d->common.engine);

	if (code || out->calibration.text[0])
		return code;
	snprintf(out->calibration.text, sizeof(out->calibration.text), SHIPPED_CALIBRATION);
	return common_calibration(&out->calibration, d->call, d->common.engine);
}

static enum err
heatmap(struct drawing *d)
{
	struct layer_result **results = NULL;
	const struct metric *metric;
	struct recipe recipe;
	enum err code = find_metric(&metric, d);

	recipe_init(&recipe);
	if (!code)
		code = measured_recipe(&recipe, d);
	if (!code)
		code = all_layers(&results, d, &recipe);
	if (!code)
		code = picture_map(&d->picture, d->common.engine, results, metric);
	drop_layers(d, results);
	recipe_clear(&recipe);
	return code;
}

static enum err
line_of(struct drawing *d, const char *name, const struct recipe *recipe,
	const struct metric *metric)
{
	struct layer_result **results = NULL;
	enum err code = all_layers(&results, d, recipe);

	if (!code)
		code = picture_add_line(&d->picture, d->common.engine, name, results, metric);
	drop_layers(d, results);
	return code;
}

/* With a method or recipe its own line, else one for each variant of the main job. */
static enum err
line(struct drawing *d)
{
	bool one = value_of(d, "--recipe") || value_of(d, "--method");
	const struct metric *metric;
	struct recipe recipe;
	enum err code = find_metric(&metric, d);

	recipe_init(&recipe);
	if (!code && one) {
		code = measured_recipe(&recipe, d);
		if (!code)
			code = line_of(d, "recipe", &recipe, metric);
		recipe_clear(&recipe);
		return code;
	}
	snprintf(recipe.calibration.text, sizeof(recipe.calibration.text), SHIPPED_CALIBRATION);
	if (!code)
		code = common_calibration(&recipe.calibration, d->call, d->common.engine);
	for (const struct variant *v = variants; v->name && !code; v++) {
		struct calibration_setting calibration = recipe.calibration;

		code = variant_recipe(&recipe, v, 128, &calibration);
		if (!code)
			code = line_of(d, v->name, &recipe, metric);
	}
	return code;
}

struct points {
	double *x, *y, *error;
	const char **labels;
	size_t count;
};

static enum err
add_point(struct points *points, struct drawing *d, const struct variant *variant,
	  const struct recipe *recipe, const struct eval_setting *eval)
{
	struct layer_result **results = NULL;
	struct eval_result result;
	enum err code = all_layers(&results, d, recipe);

	output_phase(d->call, "%s: evaluating %s", variant->name, eval->text);
	if (!code)
		code = engine_evaluate(&result, d->common.engine, eval, results, &d->common.work);
	if (!code) {
		points->x[points->count] = engine_bits(d->common.engine, results).linear;
		points->y[points->count] = result.delta.mean;
		points->error[points->count] = result.delta.se;
		points->labels[points->count++] = variant->name;
	}
	drop_layers(d, results);
	return code;
}

static enum err
scatter(struct drawing *d)
{
	struct picture *p = &d->picture;
	struct eval_setting eval = { .text = value_of(d, "--text"), .max_tokens = TOKENS };
	struct calibration_setting calibration = { .text = SHIPPED_CALIBRATION };
	struct points points = { .x = picture_alloc(p, VARIANT_COUNT, sizeof(double)),
				 .y = picture_alloc(p, VARIANT_COUNT, sizeof(double)),
				 .error = picture_alloc(p, VARIANT_COUNT, sizeof(double)),
				 .labels = picture_alloc(p, VARIANT_COUNT, sizeof(char *)) };
	struct recipe recipe;
	uint64_t tokens = TOKENS;
	enum err code = points.labels && points.error && points.y && points.x ? OK : ERR_NOMEM;

	if (!eval.text)
		eval.text = SHIPPED_EVALUATION;
	if (!code)
		code = common_protocol(&eval.protocol, NULL);
	if (!code)
		code = arguments_count(&tokens, &d->call->arguments, "--tokens", 2, 1 << 30);
	eval.max_tokens = (size_t)tokens;
	if (!code)
		code = common_calibration(&calibration, d->call, d->common.engine);
	for (const struct variant *v = variants; v->name && !code; v++) {
		code = variant_recipe(&recipe, v, 128, &calibration);
		if (!code)
			code = add_point(&points, d, v, &recipe, &eval);
		recipe_clear(&recipe);
	}
	p->series[0] = (struct series){ .name = "methods",
					.x = points.x,
					.y = points.y,
					.error = points.error,
					.labels = points.labels,
					.count = points.count,
					.role = ROLE_CURRENT };
	p->data.series_count = 1;
	p->data.front = true;
	snprintf(p->title, sizeof(p->title), "loss against bits on %.100s", eval.text);
	p->data.x = (struct axis){ .label = "bits per weight" };
	p->data.y = (struct axis){ .label = "rise in loss, nats per token" };
	return code;
}

static const struct {
	const char *name;
	enum err (*make)(struct drawing *d);
} makers[] = { { "histogram", histogram }, { "bars", bars },       { "heatmap", heatmap },
	       { "line", line },           { "scatter", scatter }, { NULL, NULL } };

/* -------------------------------------------------------------------------- reporting */

static void
values_out(struct json_out *json, const char *key, const double *values, size_t count)
{
	if (!values)
		return;
	json_out_array(json, key);
	for (size_t i = 0; i < count; i++)
		json_out_number(json, NULL, values[i]);
	json_out_end(json);
}

static void
labels_out(struct json_out *json, const char *key, const char *const *labels, size_t count)
{
	if (!labels)
		return;
	json_out_array(json, key);
	for (size_t i = 0; i < count; i++)
		json_out_text(json, NULL, labels[i]);
	json_out_end(json);
}

static void
series_out(struct json_out *json, const struct plot_data *data, bool edges)
{
	json_out_array(json, "series");
	for (size_t i = 0; i < data->series_count; i++) {
		const struct series *s = &data->series[i];

		json_out_object(json, NULL);
		json_out_text(json, "name", s->name);
		labels_out(json, "labels", s->labels, s->count);
		values_out(json, "x", s->x, s->count + edges);
		values_out(json, "y", s->y, s->count);
		values_out(json, "error", s->error, s->count);
		json_out_end(json);
	}
	json_out_end(json);
}

static enum err
print_json(struct drawing *d, const char *path)
{
	const struct plot_data *data = &d->picture.data;
	struct json_out *json = json_out_start("qscope.plot/1");

	json_out_text(json, "plot", d->plot->name);
	json_out_text(json, "title", data->title);
	json_out_text(json, "note", data->note);
	json_out_text(json, "output", path);
	series_out(json, data, !strcmp(d->plot->name, "histogram"));
	labels_out(json, "rows", data->row_labels, data->rows);
	labels_out(json, "columns", data->column_labels, data->columns);
	values_out(json, "cells", data->cells, data->rows * data->columns);
	return output_json(d->call, json);
}

static enum err
print_cells(struct drawing *d)
{
	struct canvas *canvas;
	char *text = NULL;
	enum err code =
		canvas_create(&canvas, ROWS, COLUMNS, value_of(d, "--ascii") != NULL, false);

	if (code)
		return code;
	d->plot->cells(canvas, (struct rect){ 0, 0, ROWS, COLUMNS }, &d->picture.data);
	code = canvas_dump(&text, canvas);
	if (!code)
		output_bytes(d->call, text, strlen(text));
	buf_free(text);
	canvas_free(canvas);
	return code;
}

static enum err
finish(struct drawing *d)
{
	const char *path = value_of(d, "-o");
	uint64_t width = WIDTH, height = HEIGHT;
	enum err code = arguments_count(&width, &d->call->arguments, "--width", 100, 10000);

	if (!code)
		code = arguments_count(&height, &d->call->arguments, "--height", 100, 10000);
	if (!code && path)
		code = plot_save(d->plot, &d->picture.data, path, (int)width, (int)height);
	if (code)
		return code;
	if (d->call->options->json)
		return print_json(d, path);
	return path ? OK : print_cells(d);
}

static enum err
draw(struct drawing *d, const char *name)
{
	const char *names[sizeof(makers) / sizeof(makers[0])] = { 0 };
	size_t i = 0;

	while (makers[i].name && strcmp(makers[i].name, name))
		i++;
	d->plot = makers[i].name ? plot_find(name) : NULL;
	if (d->plot) {
		const char *path = value_of(d, "-o");
		enum err code = path ? plot_check_path(path) : OK;

		if (!code)
			code = makers[i].make(d);
		return code ? code : finish(d);
	}
	for (i = 0; makers[i].name; i++)
		names[i] = makers[i].name;
	return common_refuse("plot", name, names, "qscope help plot");
}

static enum err
run(struct call *call)
{
	struct drawing *d = buf_alloc(1, sizeof(*d));
	enum err code;

	if (!d)
		return ERR_NOMEM;
	d->call = call;
	picture_init(&d->picture);
	code = common_open(&d->common, call, arguments_value(&call->arguments, "MODEL"));
	if (!code)
		code = draw(d, arguments_value(&call->arguments, "PLOT"));
	picture_clear(&d->picture);
	common_close(&d->common);
	buf_free(d);
	return code;
}

const struct command command_plot = {
	.name = "plot",
	.summary = "draw a picture: SVG, PNG, or text on the terminal",
	.help = "histogram  the error of one layer (--layer, --method)\n"
		"bars       its largest channels by --metric mean_abs, mean_sq, weight_error,\n"
		"           damage or method_scale\n"
		"heatmap    a --metric over blocks and modules: output_error, weight_error,\n"
		"           sqnr_db, bits, clipped\n"
		"line       the same metric by block; without --method every variant of qscope "
		"run\n"
		"scatter    rise in loss against bits per weight, for every variant\n"
		"Without -o the picture is drawn as text.\n\n"
		"Example: qscope plot histogram --layer layers.0.attn.q --method rtn -o error.svg",
	.args =
		(const struct command_arg[]){
			{ "PLOT", NULL, "plot", "histogram, bars, heatmap, line or scatter", true,
			  false },
			COMMON_MODEL,
			{ "--layer", "NAME", "layer", "the layer, by either of its names", false,
			  false },
			{ "--recipe", "FILE", "file", "quantize as this recipe says", false,
			  false },
			COMMON_SETTING,
			COMMON_CALIBRATION,
			{ "--metric", "NAME", NULL, "what to show", false, false },
			{ "--top", "N", NULL, "channels to show (default 24)", false, false },
			{ "--text", "TEXT", "text", "text to evaluate on (scatter)", false, false },
			{ "--tokens", "N", NULL, "use at most N tokens of it (default 8192)", false,
			  false },
			{ "-o", "FILE", "file", "write FILE.svg or FILE.png", false, false },
			{ "--width", "N", NULL, "in pixels (default 960)", false, false },
			{ "--height", "N", NULL, "in pixels (default 600)", false, false },
			{ "--ascii", NULL, NULL, "draw text with ASCII alone", false, false },
			{ 0 },
		},
	.run = run,
};
