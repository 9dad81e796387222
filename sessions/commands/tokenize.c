/* qscope tokenize: text to ids and back. */
#include "core/buf.h"
#include "core/file.h"
#include "core/hub.h"
#include "sessions/commands/common.h"
#include "sessions/ids.h"
#include "sessions/shipped.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_LIMIT = 256 << 20 };

static bool
ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), tail = strlen(end);

	return length >= tail && !strcmp(text + length - tail, end);
}

static bool
is_model(const char *word)
{
	struct hub_id id;

	return file_is_folder(word) || tokenizer_is_file(word) || ends_with(word, ".bin") ||
	       ends_with(word, ".safetensors") ||
	       (!file_exists(word) && hub_parse(&id, word) && hub_has(&id));
}

/* With one word alone it is a model when there is no text to name, or it looks like one; else a
 * text. */
static void
sort_words(const char **model, const char **text, const struct arguments *arguments)
{
	*model = arguments_value(arguments, "MODEL");
	*text = arguments_value(arguments, "TEXT");
	if (*model && !*text && !arguments_value(arguments, "--string") &&
	    !arguments_value(arguments, "--decode") && !is_model(*model)) {
		*text = *model;
		*model = NULL;
	}
}

static enum err
read_stdin(char **out, size_t *length, const struct work *work)
{
	struct words words = { 0 };
	char block[65536];
	ssize_t got;
	enum err code = OK;

	while ((got = read(STDIN_FILENO, block, sizeof(block))) > 0 && words.length < TEXT_LIMIT)
		words_append(&words, block, (size_t)got);
	if (work_cancelled(work))
		code = work_check(work);
	else if (got < 0)
		code = err_at(ERR_IO, "standard input", NULL, "cannot be read; name a file");
	else if (got > 0)
		code = err_at(ERR_RANGE, "standard input", NULL,
			      "has more than the %lld bytes allowed here; cut it into parts",
			      (long long)TEXT_LIMIT);
	if (code) {
		words_drop(&words);
		return code;
	}
	*length = words.length;
	*out = words_take(&words);
	return *out ? OK : ERR_NOMEM;
}

static enum err
read_text(char **out, size_t *length, const struct call *call, const char *name)
{
	const char *string = arguments_value(&call->arguments, "--string");
	const char *shipped = name ? shipped_text_path(name) : NULL;

	if (string) {
		*length = strlen(string);
		return (*out = buf_strdup(string)) ? OK : ERR_NOMEM;
	}
	if (name && strcmp(name, "-"))
		return file_read(out, length, shipped ? shipped : name, TEXT_LIMIT);
	if (!name && isatty(STDIN_FILENO))
		return err_at(ERR_USAGE, NULL, "TEXT",
			      "is missing; name a file or a shipped text, or write --string '...'");
	return read_stdin(out, length, call->work);
}

static enum err
need_tokenizer(const struct tokenizer **out, const struct engine *engine)
{
	*out = engine_tokenizer(engine);
	return *out ? OK
		    : err_at(ERR_UNSUPPORTED, engine_model(engine)->path, NULL,
			     "no tokenizer beside the model; put its tokenizer.json there");
}

static enum err
print_ids(struct call *call, const int32_t *ids, size_t count)
{
	struct json_out *json;

	if (!call->options->json) {
		for (size_t i = 0; i < count; i++)
			output_text(call, "%s%d", i ? " " : "", ids[i]);
		output_text(call, "\n");
		return OK;
	}
	json = json_out_start("qscope.tokenize/1");
	json_out_count(json, "count", count);
	json_out_array(json, "ids");
	for (size_t i = 0; i < count; i++)
		json_out_integer(json, NULL, ids[i]);
	json_out_end(json);
	return output_json(call, json);
}

static enum err
print_text(struct call *call, const char *text, size_t length, size_t count)
{
	struct json_out *json;

	if (!call->options->json) {
		output_bytes(call, text, length);
		output_bytes(call, "\n", 1);
		return OK;
	}
	json = json_out_start("qscope.tokenize/1");
	json_out_count(json, "count", count);
	json_out_text(json, "text", text);
	return output_json(call, json);
}

static enum err
encode(struct call *call, const struct tokenizer *tokenizer, const char *name)
{
	bool special = arguments_value(&call->arguments, "--special") != NULL;
	int32_t *ids = NULL;
	size_t length, count;
	char *text;
	enum err code = read_text(&text, &length, call, name);

	if (code)
		return code;
	code = tokenizer_encode(&ids, &count, tokenizer, text, length, special);
	if (!code)
		code = print_ids(call, ids, count);
	buf_free(ids);
	buf_free(text);
	return code ? err_in_file(code, name ? name : "") : OK;
}

static enum err
decode(struct call *call, const struct tokenizer *tokenizer)
{
	const char *list = arguments_value(&call->arguments, "--ids");
	int32_t *ids = NULL;
	size_t count = 0, length;
	char *text = NULL;
	enum err code;

	if (!list)
		return err_at(ERR_USAGE, NULL, "--decode", "needs --ids 1,2,3");
	code = ids_parse(&ids, &count, list, tokenizer_vocab(tokenizer));
	if (!code)
		code = tokenizer_decode(&text, &length, tokenizer, ids, count,
					arguments_value(&call->arguments, "--special") == NULL);
	if (!code)
		code = print_text(call, text, length, count);
	buf_free(ids);
	buf_free(text);
	return code;
}

static enum err
convert(struct call *call, const struct tokenizer *tokenizer, const char *text)
{
	if (arguments_value(&call->arguments, "--decode"))
		return decode(call, tokenizer);
	return encode(call, tokenizer, text);
}

/* A tokenizer by itself; its weights, if it has some, need not be ones that can be read. */
static enum err
run_file(struct call *call, const char *path, const char *text)
{
	struct tokenizer *tokenizer;
	enum err code = tokenizer_open(&tokenizer, path, 0);

	if (code)
		return code;
	if (tokenizer_warning(tokenizer))
		output_narrate(call, "%s", tokenizer_warning(tokenizer));
	code = convert(call, tokenizer, text);
	tokenizer_free(tokenizer);
	return code;
}

static enum err
run(struct call *call)
{
	const char *model, *text;
	const struct tokenizer *tokenizer;
	struct common common;
	enum err code;

	sort_words(&model, &text, &call->arguments);
	if (model && tokenizer_is_file(model))
		return run_file(call, model, text);
	code = common_open(&common, call, model);
	if (code)
		return code;
	code = need_tokenizer(&tokenizer, common.engine);
	code = code ? code : convert(call, tokenizer, text);
	common_close(&common);
	return code;
}

const struct command command_tokenize = {
	.name = "tokenize",
	.summary = "turn text into token ids, or ids into text",
	.help = "Reads TEXT (a file or a shipped text's name), --string, or standard input.\n"
		"--special adds and shows the special tokens that the tokenizer puts around a "
		"text.\n"
		"MODEL may be a tokenizer alone: a tokenizer.json, a SentencePiece .model, or a "
		"GGUF file,\nwith or without weights.\n\n"
		"Example: qscope tokenize --string 'Once upon a time'\n"
		"         qscope tokenize --decode --ids 384,266,12",
	.args =
		(const struct command_arg[]){
			COMMON_MODEL,
			{ "TEXT", NULL, "text", "a file or a shipped text", false, false },
			{ "--string", "WORDS", NULL, "the text itself", false, false },
			{ "--decode", NULL, NULL, "turn --ids into text", false, false },
			{ "--ids", "LIST", NULL, "token ids with commas: 1,2,3", false, false },
			{ "--special", NULL, NULL, "with special tokens", false, false },
			{ 0 },
		},
	.run = run,
};
