/* qscope texts: what ships to calibrate and evaluate on. */
#include "core/file.h"
#include "sessions/commands/common.h"
#include "sessions/shipped.h"
#include "sessions/task_file.h"

#include <string.h>

struct seen {
	uint64_t bytes, tokens;
	char sha256[HASH_HEX];
};

static enum err
look(struct seen *out, struct engine *engine, const struct shipped_text *text)
{
	const struct corpus *corpus;
	enum err code = engine_corpus(&corpus, engine, text->name, NULL);

	if (code)
		return code;
	out->bytes = corpus->bytes;
	out->tokens = corpus->count;
	memcpy(out->sha256, corpus->sha256, HASH_HEX);
	return OK;
}

static void
text_out(struct json_out *json, const struct shipped_text *text, const struct seen *seen)
{
	json_out_object(json, NULL);
	json_out_text(json, "name", text->name);
	json_out_text(json, "domain", text->domain);
	json_out_text(json, "use", text->evaluation ? "evaluation" : "calibration");
	json_out_text(json, "sha256", seen->sha256);
	json_out_count(json, "bytes", seen->bytes);
	json_out_count(json, "tokens", seen->tokens);
	json_out_end(json);
}

static void
text_row(struct table *table, const struct shipped_text *text, const struct seen *seen)
{
	table_cell(table, "%s", text->name);
	table_cell(table, "%s", text->evaluation ? "evaluation" : "calibration");
	table_cell(table, "%llu", (unsigned long long)seen->bytes);
	table_cell(table, "%llu", (unsigned long long)seen->tokens);
	table_cell(table, "%.12s", seen->sha256);
}

/* The tasks, below the texts. */
static enum err
add_tasks(struct json_out *json, struct table *table)
{
	size_t count;
	const struct shipped_task *tasks = shipped_tasks(&count);
	enum err code = OK;

	json_out_array(json, "tasks");
	for (size_t i = 0; i < count && !code; i++) {
		struct task_file *task;

		if ((code = task_file_open(&task, tasks[i].name)))
			break;
		json_out_object(json, NULL);
		json_out_text(json, "name", tasks[i].name);
		json_out_text(json, "domain", tasks[i].domain);
		json_out_text(json, "kind", task_file_kind_name(task->kind));
		json_out_text(json, "sha256", task->sha256);
		json_out_count(json, "bytes", task->bytes);
		json_out_count(json, "items", task->count);
		json_out_end(json);
		table_cell(table, "%s", tasks[i].name);
		table_cell(table, "task");
		table_cell(table, "%zu", task->bytes);
		table_cell(table, "-");
		table_cell(table, "%.12s", task->sha256);
		task_file_free(task);
	}
	json_out_end(json);
	return code;
}

static enum err
run(struct call *call)
{
	static const char *const heads[] = { "text", "use", "bytes", "tokens", "sha256" };
	const char *model = arguments_value(&call->arguments, "MODEL");
	struct json_out *json = json_out_start("qscope.texts/1");
	struct table *table = table_create(5, heads);
	size_t count;
	const struct shipped_text *texts = shipped_texts(&count);
	struct common common;
	enum err code = common_open(&common, call, model);

	json_out_array(json, "texts");
	for (size_t i = 0; i < count && !code; i++) {
		struct seen seen = { 0 };

		code = look(&seen, common.engine, &texts[i]);
		text_out(json, &texts[i], &seen);
		text_row(table, &texts[i], &seen);
	}
	json_out_end(json);
	if (!code)
		code = add_tasks(json, table);
	common_close(&common);
	if (code || call->options->json)
		table_drop(table);
	if (code || !call->options->json)
		json_out_drop(json);
	if (code)
		return code;
	return call->options->json ? output_json(call, json) : output_table(call, table);
}

const struct command command_texts = {
	.name = "texts",
	.summary = "list the texts and tasks that come with qscope",
	.help = "Each domain has a text to calibrate on and another to evaluate on; `held_out` was "
		"in\n"
		"no training. Tokens are counted with MODEL's tokenizer. Wherever a TEXT is asked\n"
		"for, one of these names or a file of your own will do: .txt, .jsonl with "
		"--field,\n"
		"or token ids in .npy. A task is a file of questions for: qscope eval --task.\n\n"
		"Example: qscope texts",
	.args = (const struct command_arg[]){ COMMON_MODEL, { 0 } },
	.run = run,
};
