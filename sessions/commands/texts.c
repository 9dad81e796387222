/* qscope texts: what ships to calibrate and evaluate on. */
#include "core/file.h"
#include "sessions/commands/common.h"
#include "sessions/shipped.h"

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
	.summary = "list the texts that come with qscope",
	.help = "Each domain has a text to calibrate on and another to evaluate on; `held_out` was "
		"in\n"
		"no training. Tokens are counted with MODEL's tokenizer. Wherever a TEXT is asked\n"
		"for, one of these names or a file of your own will do: .txt, .jsonl with "
		"--field,\n"
		"or token ids in .npy.\n\n"
		"Example: qscope texts",
	.args = (const struct command_arg[]){ COMMON_MODEL, { 0 } },
	.run = run,
};
