/* qscope compare: recipes, methods and checkpoints of one model side by side. */
#include "core/buf.h"
#include "core/file.h"
#include "sessions/commands/compare_tasks.h"
#include "sessions/comparison_report.h"
#include "sessions/report.h"
#include "sessions/shipped.h"

#include <math.h>
#include <string.h>

enum { WIDTH = 1120, HEIGHT = 720, SEEDS_MAX = 64 };

struct comparing {
	struct call *call;
	struct common common;
	struct contenders candidates;
	const char *texts[COMMON_TEXTS_MAX];
	struct comparison_setting setting;
	struct comparison *comparison;
	struct comparison_hooks hooks;
	struct compare_tasks tasks;
	struct forecast forecast;
	const char *plot, *markdown;
	uint64_t width, height;
};

/* ------------------------------------------------------------------------------ arguments */

static enum err
read_numbers(struct comparing *c)
{
	const struct arguments *arguments = &c->call->arguments;
	uint64_t context = 0, tokens = 0, seeds = 1;
	enum err code = arguments_count(&context, arguments, "--context", 2, 1 << 24);

	if (!code)
		code = arguments_count(&tokens, arguments, "--tokens", 2, UINT64_C(1) << 40);
	if (!code)
		code = arguments_count(&seeds, arguments, "--seeds", 1, SEEDS_MAX);
	if (!code)
		code = arguments_count(&c->width, arguments, "--width", 100, 10000);
	if (!code)
		code = arguments_count(&c->height, arguments, "--height", 100, 10000);
	c->setting.eval.context = (size_t)context;
	c->setting.eval.max_tokens = (size_t)tokens;
	c->setting.seeds = (size_t)seeds;
	c->setting.noise_seed = c->call->options->seed;
	return code;
}

static enum err
read_candidates(struct comparing *c)
{
	const struct arguments *arguments = &c->call->arguments;
	const char *word;
	size_t at = 0;
	enum err code = contenders_start(&c->candidates);

	while (!code && (word = arguments_next(arguments, "CANDIDATE", &at)))
		code = contenders_add(&c->candidates, word);
	for (at = 0; !code && (word = arguments_next(arguments, "--bits", &at));)
		code = contenders_set_bits(&c->candidates, word);
	for (size_t i = 0; i < c->candidates.count; i++)
		c->candidates.list[i].noise = arguments_value(arguments, "--noise") != NULL;
	for (at = 0; !code && (word = arguments_next(arguments, "--noise-for", &at));) {
		struct contender *candidate = contenders_find(&c->candidates, word);

		if (!candidate)
			return contenders_unknown(&c->candidates, "--noise-for", word);
		if (candidate->kind != CONTENDER_RECIPE)
			return err_at(ERR_USAGE, NULL, "--noise-for",
				      "%s is not quantized here; name a method or a recipe", word);
		candidate->noise = true;
	}
	return code ? code : contenders_read(&c->candidates);
}

/* What is written at the end is looked at first. A table's name ends in .md, so that it never takes
 * the place of a list, a recipe or a checkpoint. */
static enum err
check_outputs(const struct comparing *c)
{
	const char *const paths[] = { c->plot, c->markdown };
	size_t length = c->markdown ? strlen(c->markdown) : 0;
	enum err code = c->plot ? plot_check_path(c->plot) : OK;

	if (!code && c->markdown && (length < 4 || strcmp(c->markdown + length - 3, ".md")))
		return err_at(ERR_USAGE, c->markdown, NULL, "a table's name ends in .md");
	for (size_t i = 0; i < 2 && !code; i++) {
		const char *slash = paths[i] ? strrchr(paths[i], '/') : NULL;
		char *folder = slash ? buf_strdup(paths[i]) : NULL;

		if (slash && !folder)
			return ERR_NOMEM;
		if (folder)
			folder[slash - paths[i]] = '\0';
		if (folder && folder[0] && !file_is_folder(folder))
			code = err_at(ERR_IO, paths[i], NULL,
				      "its folder is not there; make it, or write elsewhere");
		buf_free(folder);
	}
	return code;
}

static enum err
read_arguments(struct comparing *c)
{
	const struct arguments *arguments = &c->call->arguments;
	enum err code = common_protocol(&c->setting.eval.protocol,
					arguments_value(arguments, "--protocol"));

	c->width = WIDTH;
	c->height = HEIGHT;
	c->setting.eval.field = arguments_value(arguments, "--field");
	c->plot = arguments_value(arguments, "--plot");
	c->markdown = arguments_value(arguments, "--markdown");
	if (!code)
		code = check_outputs(c);
	if (!code)
		code = read_numbers(c);
	if (!code)
		code = common_texts(c->texts, &c->setting.text_count, c->call);
	c->setting.texts = c->texts;
	return code ? code : read_candidates(c);
}

/* A candidate's own calibration, else the first shipped text: output errors want one whatever the
 * method needs. */
static enum err
settle(struct comparing *c)
{
	enum err code = OK;

	for (size_t i = 0; i < c->candidates.count && !code; i++) {
		struct calibration_setting *calibration = &c->candidates.list[i].recipe.calibration;

		if (!calibration->text[0] && shipped_text_path(SHIPPED_CALIBRATION))
			memcpy(calibration->text, SHIPPED_CALIBRATION, sizeof(SHIPPED_CALIBRATION));
		code = common_calibration(calibration, c->call, c->common.engine);
	}
	return code;
}

/* Every text is opened before anything runs: a misspelt one is found at once. */
static enum err
open_texts(struct comparing *c, struct eval_shape *shape)
{
	struct eval_setting setting = c->setting.eval;
	enum err code = OK;

	for (size_t i = c->setting.text_count; i-- > 0 && !code;) {
		setting.text = c->texts[i];
		code = engine_eval_shape(shape, c->common.engine, &setting);
	}
	return code;
}

static void
say_bits(struct comparing *c)
{
	for (size_t i = 0; i < c->candidates.count; i++) {
		const struct contender *candidate = &c->candidates.list[i];

		if (candidate->kind == CONTENDER_CHECKPOINT && isnan(candidate->bits))
			output_narrate(
				c->call,
				"%s: its bits are counted as its files hold them; of weights "
				"that were quantized elsewhere say --bits %s=X",
				candidate->name, candidate->name);
	}
}

/* -------------------------------------------------------------------------------- forecast */

static enum err
forecast(struct comparing *c)
{
	struct eval_setting setting = c->setting.eval;
	enum err code = OK;

	c->forecast = forecast_start(c->common.engine);
	for (size_t i = 0; i < c->candidates.count && !code; i++) {
		const struct contender *candidate = &c->candidates.list[i];
		size_t seeds = contender_calibrates(candidate) ? c->setting.seeds : 1;
		size_t times = seeds + candidate->noise;

		for (size_t s = 0; candidate->kind == CONTENDER_RECIPE && s < seeds && !code; s++)
			code = forecast_recipe(&c->forecast, &candidate->recipe);
		for (size_t t = 0; t < c->setting.text_count * times && !code; t++) {
			setting.text = c->texts[t % c->setting.text_count];
			code = forecast_evaluation(&c->forecast, &setting,
						   candidate->kind != CONTENDER_BASELINE);
		}
		if (!code)
			code = eval_tasks_forecast(&c->tasks.asked, &c->forecast,
						   candidate->kind != CONTENDER_BASELINE);
	}
	return code;
}

static enum err
dry_run(struct comparing *c)
{
	struct plan *plan = plan_create(c->call);
	const struct corpus *corpus;
	enum err code;

	plan_model(plan, c->common.engine);
	code = plan_calibration(plan, c->common.engine, &c->candidates.list[0].recipe.calibration);
	for (size_t i = 0; i < c->setting.text_count && !code; i++) {
		code = engine_corpus(&corpus, c->common.engine, c->texts[i], c->setting.eval.field);
		if (!code)
			plan_read(plan, corpus->path, corpus->bytes);
	}
	for (size_t i = 0; i < c->candidates.count; i++) {
		const struct contender *candidate = &c->candidates.list[i];

		plan_compute(plan, "%s (%s): %s, evaluate %zu texts", candidate->name,
			     contender_kinds[candidate->kind],
			     candidate->kind == CONTENDER_RECIPE ? "quantize every layer"
								 : "as it is",
			     c->setting.text_count);
	}
	eval_tasks_plan(&c->tasks.asked, plan);
	if (c->plot)
		plan_write(plan, c->plot, 0);
	if (c->markdown)
		plan_write(plan, c->markdown, 0);
	if (!code)
		code = plan_forecast(plan, &c->forecast, &c->common.work);
	return plan_finish(plan, code);
}

/* ------------------------------------------------------------------------------- reporting */

static enum err
print_json(struct comparing *c, const struct eval_shape *shape)
{
	struct json_out *json = json_out_start("qscope.compare/1");
	size_t windows = 0;
	enum err code = common_model_out(json, c->common.engine);

	for (size_t i = 0; i < c->setting.text_count; i++)
		windows += c->comparison->outcomes[0].texts[i].eval.windows;
	report_protocol(json, c->setting.eval.protocol, shape, windows);
	if (!code)
		code = comparison_json(json, c->comparison, &c->hooks);
	if (code) {
		json_out_drop(json);
		return code;
	}
	return output_json(c->call, json);
}

static enum err
print_table(struct comparing *c)
{
	bool csv = c->call->options->csv;
	size_t counted = comparison_counted(c->comparison);
	enum err code = output_table(c->call, comparison_table(c->comparison, csv));

	if (!code && c->tasks.asked.count) {
		output_text(c->call, "\n");
		code = output_table(c->call, compare_tasks_table(&c->tasks));
	}
	if (code || csv)
		return code;
	output_text(
		c->call,
		"\nmean over %zu %s, natural logarithms, \xc2\xb1 one standard error by windows; "
		"protocol %s;\nerrors are squares over squares; * on the front: no other has "
		"fewer bits and less loss\n",
		counted, counted == 1 ? "text" : "texts", c->setting.eval.protocol->name);
	return OK;
}

static enum err
write_markdown(struct comparing *c)
{
	char *text = table_markdown(comparison_table(c->comparison, false)), *all = text;
	char *tasks = NULL;
	enum err code;

	if (c->tasks.asked.count) {
		tasks = table_markdown(compare_tasks_table(&c->tasks));
		all = text && tasks ? buf_printf("%s\n%s", text, tasks) : NULL;
	}
	code = all ? file_write(c->markdown, all, strlen(all), false)
		   : err_set(ERR_NOMEM, "no memory for a table; close other programs");
	if (all != text)
		buf_free(all);
	buf_free(tasks);
	buf_free(text);
	return code;
}

static enum err
write_plot(struct comparing *c)
{
	struct picture *picture = buf_alloc(1, sizeof(*picture));
	enum err code = picture ? comparison_picture(picture, c->comparison) : ERR_NOMEM;

	if (!code)
		code = plot_save(plot_find("scatter"), &picture->data, c->plot, (int)c->width,
				 (int)c->height);
	if (picture)
		picture_clear(picture);
	buf_free(picture);
	return code;
}

static enum err
report(struct comparing *c, const struct eval_shape *shape)
{
	enum err code = OK;

	if (c->plot)
		code = write_plot(c);
	if (!code && c->markdown)
		code = write_markdown(c);
	if (code)
		return code;
	return c->call->options->json ? print_json(c, shape) : print_table(c);
}

/* --------------------------------------------------------------------------------- running */

static void
phase(void *ctx, const char *title)
{
	const struct comparing *c = ctx;

	output_phase(c->call, "%s", title);
}

static enum err
ask(void *ctx, size_t candidate, const struct subject *subject, const struct work *work)
{
	struct comparing *c = ctx;

	return compare_tasks_run(&c->tasks, c->call, c->common.engine, candidate, subject, work);
}

static void
answers(void *ctx, size_t candidate, struct json_out *json)
{
	const struct comparing *c = ctx;

	compare_tasks_out(json, &c->tasks, candidate);
}

static enum err
compare(struct comparing *c)
{
	struct eval_shape shape;
	enum err code = settle(c);

	c->hooks = (struct comparison_hooks){
		.ctx = c, .phase = phase, .measure = ask, .report = answers
	};
	if (!code)
		code = compare_tasks_room(&c->tasks, &c->candidates);
	if (!code)
		code = open_texts(c, &shape);
	if (!code)
		code = comparison_open(&c->comparison, c->common.engine, &c->candidates,
				       &c->setting);
	if (!code)
		code = forecast(c);
	if (!code && c->call->options->dry_run)
		return dry_run(c);
	if (!code)
		code = plan_announce(c->call, &c->forecast, &c->common.work);
	if (!code)
		say_bits(c);
	if (!code)
		code = comparison_run(c->comparison, &c->hooks, &c->common.work);
	return code ? code : report(c, &shape);
}

static enum err
run(struct call *call)
{
	struct comparing *c = buf_alloc(1, sizeof(*c));
	enum err code;

	if (!c)
		return ERR_NOMEM;
	c->call = call;
	code = read_arguments(c);
	if (!code)
		code = compare_tasks_open(&c->tasks, call);
	if (!code)
		code = common_open(&c->common, call, arguments_value(&call->arguments, "--model"));
	if (!code)
		code = compare(c);
	comparison_free(c->comparison);
	compare_tasks_close(&c->tasks);
	contenders_clear(&c->candidates);
	common_close(&c->common);
	buf_free(c);
	return code;
}

const struct command command_compare = {
	.name = "compare",
	.summary = "set methods, recipes and checkpoints of one model side by side",
	.help = "All on the same tokens under the same protocol. A CANDIDATE is\n\n"
		"  rtn,bits=3,group_size=128   a method with settings\n"
		"  recipe.json                 a recipe\n"
		"  FOLDER, FILE or org/name    a checkpoint of the same model, anyone's: "
		"PyTorch's\n"
		"                              result as .safetensors, say; --bits tells its bits\n"
		"  NAME=...                    one of these under a name of its own\n"
		"  @FILE                       a list: one on each line, # begins a comment\n\n"
		"The baseline, the model as it is, is always the first. Beside each: bits per "
		"weight,\n"
		"relative squared error of the linear layers' weights and outputs, rise in loss "
		"with\n"
		"its standard error, KL divergence, share of equal top tokens, seconds; where "
		"inputs\n"
		"are rounded too, the weights alone. With --json also the difference of every "
		"pair.\n"
		"--noise sets Gaussian noise of the same energy in each layer beside a method, "
		"--seeds\n"
		"the spread over that many draws of the calibration text; --task has each answer "
		"questions.\n\n"
		"Example: qscope compare rtn,bits=4 hqq,bits=4 mine=quantized/qscope-recipe.json "
		"\\\n"
		"             --text stories.evaluation --plot loss.svg",
	.args =
		(const struct command_arg[]){
			{ "CANDIDATE", NULL, "method|file",
			  "what to compare: method,NAME=VALUE..., recipe, checkpoint or @LIST",
			  true, true },
			{ "--model", "MODEL", "model",
			  "folder, file, or org/name in the Hugging Face cache (default: the "
			  "shipped model)",
			  false, false },
			COMMON_CALIBRATION,
			{ "--propagated", NULL, NULL,
			  "calibrate each block through the quantized ones", false, false },
			{ "--text", "TEXT", "text",
			  "evaluate on: a shipped name or a file (default: every shipped one)",
			  false, true },
			COMMON_PROTOCOL,
			{ "--context", "N", NULL, "tokens of a window", false, false },
			{ "--tokens", "N", NULL, "use at most N tokens of each text", false,
			  false },
			EVAL_TASKS_ARGUMENTS,
			{ "--bits", "[NAME=]X", NULL,
			  "bits per weight of a checkpoint, as its maker says", false, true },
			{ "--noise", NULL, NULL,
			  "beside each recipe Gaussian noise of equal energy, drawn by --seed",
			  false, false },
			{ "--noise-for", "NAME", NULL, "the same beside one candidate", false,
			  true },
			{ "--seeds", "N", NULL,
			  "calibrate with N seeds and show the spread (default 1)", false, false },
			{ "--plot", "FILE", "file", "draw loss against bits: FILE.svg or FILE.png",
			  false, false },
			{ "--width", "N", NULL, "of that in pixels (default 1120)", false, false },
			{ "--height", "N", NULL, "likewise (default 720)", false, false },
			{ "--markdown", "FILE", "file", "write the table as Markdown too: FILE.md",
			  false, false },
			{ 0 },
		},
	.run = run,
};
