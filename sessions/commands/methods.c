/* qscope methods: every scheme and its knobs, from their declarations. */
#include "core/text.h"
#include "quantizers/quantizer.h"
#include "sessions/commands/common.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const scopes[] = {
	[SCOPE_LINEAR] = "linear", [SCOPE_INPUT_GROUP] = "input_group", [SCOPE_BLOCK] = "block"
};
static const char *const types[] = { [PARAM_INT] = "int",
				     [PARAM_FLOAT] = "float",
				     [PARAM_BOOL] = "bool",
				     [PARAM_CHOICE] = "choice" };

static void
values_out(struct json_out *json, const struct param *param)
{
	if (!param->values && param->type != PARAM_CHOICE) {
		json_out_null(json, "values");
		return;
	}
	json_out_array(json, "values");
	for (size_t i = 0; param->values && i < param->value_count; i++)
		json_out_number(json, NULL, param->values[i]);
	for (size_t i = 0; param->type == PARAM_CHOICE && param->choices[i]; i++)
		json_out_text(json, NULL, param->choices[i]);
	json_out_end(json);
}

static void
default_out(struct json_out *json, const struct param *param)
{
	if (param->type == PARAM_BOOL)
		json_out_bool(json, "default", param->def != 0);
	else if (param->type == PARAM_CHOICE)
		json_out_text(json, "default", param->choices[(size_t)param->def]);
	else
		json_out_number(json, "default", param->def);
}

static void
param_out(struct json_out *json, const struct param *param)
{
	bool number = param->type == PARAM_INT || param->type == PARAM_FLOAT;

	json_out_object(json, NULL);
	json_out_text(json, "name", param->name);
	json_out_text(json, "type", types[param->type]);
	json_out_number(json, "min", number ? param->min : (double)NAN);
	json_out_number(json, "max", number ? param->max : (double)NAN);
	values_out(json, param);
	default_out(json, param);
	json_out_text(json, "help", param->help);
	json_out_end(json);
}

static void
needs_out(struct json_out *json, unsigned needs)
{
	json_out_array(json, "needs");
	if (needs & NEED_CHANNELS)
		json_out_text(json, NULL, "channels");
	if (needs & NEED_GRAM)
		json_out_text(json, NULL, "gram");
	json_out_end(json);
}

/* Effects on activations are chosen by the parameter of that name. */
static void
activations_out(struct json_out *json, const struct quantizer *method)
{
	int index = param_find(method->params, "activations");

	json_out_array(json, "activations");
	for (size_t i = 0; index >= 0 && method->params[index].choices[i]; i++)
		json_out_text(json, NULL, method->params[index].choices[i]);
	if (index < 0)
		json_out_text(json, NULL, "none");
	json_out_end(json);
}

static void
facts_out(struct json_out *json, const struct quantizer *method)
{
	json_out_object(json, "facts");
	for (const struct fact *fact = facts; fact->name; fact++)
		json_out_text(json, fact->name, fact_answer(&method->facts, fact));
	json_out_end(json);
}

static void
method_out(struct json_out *json, const struct quantizer *method)
{
	json_out_object(json, NULL);
	json_out_text(json, "name", method->name);
	json_out_text(json, "family", method->family);
	json_out_text(json, "scope", scopes[method->scope]);
	needs_out(json, method->needs);
	activations_out(json, method);
	json_out_text(json, "summary", method->summary);
	json_out_object(json, "source");
	json_out_text(json, "paper", method->paper);
	json_out_text(json, "repository", method->repository);
	json_out_text(json, "version", method->version);
	json_out_end(json);
	facts_out(json, method);
	json_out_array(json, "params");
	for (size_t i = 0; i < param_count(method->params); i++)
		param_out(json, &method->params[i]);
	json_out_end(json);
	json_out_end(json);
}

/* "2..8", "true|false", "none|int8_token", "32, 64, 128". */
static void
allowed_text(char *out, size_t capacity, const struct param *param)
{
	size_t used = 0;
	char value[64];

	out[0] = '\0';
	if (param->type == PARAM_BOOL)
		snprintf(out, capacity, "true, false");
	else if (param->type != PARAM_CHOICE && !param->values)
		snprintf(out, capacity, "%.12g to %.12g", param->min, param->max);
	for (size_t i = 0; param->values && i < param->value_count && used < capacity; i++)
		used += (size_t)snprintf(out + used, capacity - used, "%s%s", i ? ", " : "",
					 json_number_text(value, param->values[i]));
	for (size_t i = 0; param->type == PARAM_CHOICE && param->choices[i] && used < capacity; i++)
		used += (size_t)snprintf(out + used, capacity - used, "%s%s", i ? ", " : "",
					 param->choices[i]);
}

static void
param_row(struct table *table, const struct quantizer *method, const struct param *param)
{
	char text[128];

	table_cell(table, "%s", method->name);
	table_cell(table, "%s", param->name);
	param_format(text, sizeof(text), param, param->def);
	table_cell(table, "%s", text);
	allowed_text(text, sizeof(text), param);
	table_cell(table, "%s", text);
	table_cell(table, "%s", param->help);
}

static enum err
print_facts(struct call *call, const char *only)
{
	static const char *const heads[] = { "method", "question", "answer" };
	struct table *table = table_create(3, heads);

	for (size_t i = 0; quantizers[i]; i++) {
		const struct fact *fact = facts;

		for (; fact->name && (!only || !strcmp(only, quantizers[i]->name)); fact++) {
			table_cell(table, "%s", quantizers[i]->name);
			table_cell(table, "%s", fact->question);
			table_cell(table, "%s", fact_answer(&quantizers[i]->facts, fact));
		}
	}
	return output_table(call, table);
}

static void
print_head(struct call *call, const struct quantizer *method, bool alone)
{
	output_text(call, "%s (%s): %s\n", method->name, method->family, method->summary);
	for (const struct fact *fact = facts; fact->name && alone; fact++)
		output_text(call, "  %-36s %s\n", fact->question,
			    fact_answer(&method->facts, fact));
}

static enum err
print_table(struct call *call, const char *only)
{
	static const char *const heads[] = { "method", "parameter", "default", "allowed", "help" };
	struct table *table = table_create(5, heads);

	for (size_t i = 0; quantizers[i]; i++) {
		if (only && strcmp(only, quantizers[i]->name))
			continue;
		if (!call->options->csv)
			print_head(call, quantizers[i], only != NULL);
		for (size_t p = 0; p < param_count(quantizers[i]->params); p++)
			param_row(table, quantizers[i], &quantizers[i]->params[p]);
	}
	if (!call->options->csv)
		output_text(call, "\n");
	return output_table(call, table);
}

static enum err
run(struct call *call)
{
	const char *only = arguments_value(&call->arguments, "METHOD");
	const struct quantizer *method;
	struct json_out *json;
	enum err code = only ? common_method(&method, only) : OK;

	if (code)
		return code;
	if (!call->options->json && arguments_value(&call->arguments, "--facts"))
		return print_facts(call, only);
	if (!call->options->json)
		return print_table(call, only);
	json = json_out_start("qscope.methods/1");
	json_out_array(json, "methods");
	for (size_t i = 0; quantizers[i]; i++)
		if (!only || !strcmp(only, quantizers[i]->name))
			method_out(json, quantizers[i]);
	json_out_end(json);
	return output_json(call, json);
}

const struct command command_methods = {
	.name = "methods",
	.summary = "list the quantization methods and their parameters",
	.help = "Every method by name with what it needs, where it comes from, and each parameter\n"
		"with its range and default. Set a parameter elsewhere with --set NAME=VALUE. For "
		"one\n"
		"METHOD, and with --facts for all, what helps to choose: calibration, bits, "
		"groups,\n"
		"fine-tuning, formats, kernels, typical loss, and who says so.\n\n"
		"Example: qscope methods gptq\n"
		"         qscope methods --facts",
	.args =
		(const struct command_arg[]){
			{ "METHOD", NULL, "method", "only this one", false, false },
			{ "--facts", NULL, NULL, "the answers for choosing, as a table", false,
			  false },
			{ 0 },
		},
	.run = run,
};
