#include "sessions/commands/eval_long_form.h"

#include "core/buf.h"

#include <math.h>

enum err
eval_long_form_read(struct eval_long_form *out, const struct arguments *arguments)
{
	uint64_t prompts = 0, tokens = 0;
	enum err code = arguments_count(&prompts, arguments, "--long-form", 1, 1 << 16);

	*out = (struct eval_long_form){ 0 };
	if (!code)
		code = arguments_count(&tokens, arguments, "--generate", 1, 1 << 20);
	if (!code && tokens && !prompts)
		return err_at(ERR_USAGE, NULL, "--generate", "is about --long-form; add it");
	out->setting.prompts = (size_t)prompts;
	out->setting.tokens = tokens ? (size_t)tokens : LONG_FORM_TOKENS;
	out->setting.field = arguments_value(arguments, "--field");
	return code;
}

enum err
eval_long_form_open(struct eval_long_form *out, const char *const *texts, size_t count)
{
	if (!out->setting.prompts)
		return OK;
	out->texts = texts;
	out->count = count;
	out->results = buf_alloc(count + 1, sizeof(*out->results));
	return out->results ? OK : ERR_NOMEM;
}

void
eval_long_form_close(struct eval_long_form *form)
{
	buf_free(form->results);
	*form = (struct eval_long_form){ 0 };
}

enum err
eval_long_form_forecast(struct eval_long_form *form, struct forecast *forecast, bool quantized)
{
	size_t texts = form->count * form->setting.prompts, tokens = form->setting.tokens;
	enum err code = OK;

	for (size_t i = 0; i < form->count && !code; i++) {
		form->setting.text = form->texts[i];
		code = long_form_check(forecast->engine, &form->setting);
	}
	if (!code && texts)
		forecast_tokens(forecast, texts * (LONG_FORM_PROMPT + tokens), texts * tokens,
				quantized);
	return code;
}

void
eval_long_form_plan(const struct eval_long_form *form, struct plan *plan)
{
	for (size_t i = 0; i < form->count; i++)
		plan_compute(plan, "write %zu tokens from each of %zu prompts of %s",
			     form->setting.tokens, form->setting.prompts, form->texts[i]);
}

enum err
eval_long_form_run(struct eval_long_form *form, struct call *call, struct common *common,
		   struct layer_result *const *layers)
{
	enum err code = OK;

	for (size_t i = 0; i < form->count && !code; i++) {
		output_phase(call, "writing on from %s (%zu of %zu)", form->texts[i], i + 1,
			     form->count);
		form->setting.text = form->texts[i];
		code = long_form_run(&form->results[i], common->engine, &form->setting, layers,
				     &common->work);
	}
	return code;
}

/* ---------------------------------------------------------------------------- reporting */

static void
result_out(struct json_out *json, const char *text, const struct long_form_result *r)
{
	json_out_object(json, NULL);
	json_out_text(json, "text", text);
	json_out_count(json, "prompts", r->prompts);
	json_out_count(json, "prompt_tokens", r->prompt_tokens);
	json_out_count(json, "tokens", r->tokens);
	if (r->has_current) {
		json_out_object(json, "parted");
		json_out_number(json, "mean", r->parted_mean);
		json_out_number(json, "median", r->parted_median);
		json_out_number(json, "never", r->never);
		json_out_end(json);
	} else {
		json_out_null(json, "parted");
	}
	json_out_number(json, "repetition", r->repetition);
	json_out_number(json, "baseline_repetition",
			r->has_current ? r->baseline_repetition : (double)NAN);
	json_out_end(json);
}

void
eval_long_form_out(struct json_out *json, const struct eval_long_form *form)
{
	json_out_array(json, "long_form");
	for (size_t i = 0; i < form->count; i++)
		result_out(json, form->texts[i], &form->results[i]);
	json_out_end(json);
}

enum err
eval_long_form_print(struct call *call, const struct eval_long_form *form)
{
	static const char *const heads[] = { "long form", "prompts", "tokens",     "parted at",
					     "median",    "never %", "repeated %", "before %" };
	double none = (double)NAN;
	struct table *table;

	if (!form->count)
		return OK;
	table = table_create(sizeof(heads) / sizeof(heads[0]), heads);
	for (size_t i = 0; i < form->count; i++) {
		const struct long_form_result *r = &form->results[i];

		table_cell(table, "%s", form->texts[i]);
		table_cell(table, "%zu", r->prompts);
		table_cell(table, "%zu", r->tokens);
		table_number(table, r->has_current ? r->parted_mean : none, "%.1f");
		table_number(table, r->has_current ? r->parted_median : none, "%.1f");
		table_number(table, r->has_current ? 100 * r->never : none, "%.0f");
		table_number(table, 100 * r->repetition, "%.1f");
		table_number(table, r->has_current ? 100 * r->baseline_repetition : none, "%.1f");
	}
	return output_table(call, table);
}
