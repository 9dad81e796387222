/* A folder without weights that are read: what it holds instead. */
#include "core/formats/huggingface.h"

#include "core/buf.h"
#include "core/file.h"
#include "core/folder.h"
#include "core/hub.h"
#include "core/json.h"

#include <fnmatch.h>
#include <string.h>

enum { NAMES_MAX = 10000 };

/* What is at hand while a folder is looked through. */
struct look {
	const char *folder, *name; /* name: the file at fault */
	const struct folder *names;
	char *path; /* of that file */
	char advice[HUB_ADVICE];
};

/* ------------------------------------------------------------------------ those that tell more */

/* A text of a JSON object beside the weights, made fit for a message. Returns `out`. */
static const char *
member(char out[160], const char *path, const char *key)
{
	struct json_document *document;
	const struct json *value = NULL;

	strcpy(out, "unknown");
	if (json_read(&document, path, HUGGINGFACE_CONFIG_MAX))
		return out;
	value = json_get(json_root(document), key);
	if (value && value->type == JSON_STRING)
		json_brief(out, 160, value);
	json_free(document);
	return out;
}

static enum err
say_adapter(const struct look *look)
{
	char base[160];

	return err_at(ERR_UNSUPPORTED, look->path, NULL,
		      "makes this an adapter (LoRA) of the model %s, not a model; merge them: "
		      "python -c \"from peft import AutoPeftModelForCausalLM as M; "
		      "M.from_pretrained('FOLDER').merge_and_unload().save_pretrained('OUT')\"",
		      member(base, look->path, "base_model_name_or_path"));
}

static enum err
say_pipeline(const struct look *look)
{
	char class[160];

	return err_at(ERR_UNSUPPORTED, look->path, NULL,
		      "makes this a diffusers pipeline (%s), which generates images or sound; open "
		      "a language model",
		      member(class, look->path, "_class_name"));
}

/* Names of the training state that trainers keep as pickles beside the weights. */
static bool
is_training_state(const char *name)
{
	static const char *const patterns[] = { "training_args.*", "optimizer*",     "scheduler*",
						"rng_state*",      "random_states*", "scaler*" };

	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++)
		if (!fnmatch(patterns[i], name, 0))
			return true;
	return false;
}

static enum err
say_pickle(const struct look *look)
{
	return err_at(ERR_UNSUPPORTED, look->path, NULL, "holds its weights as " CHECKPOINT_PICKLE);
}

/* A .bin may be anything: one that begins as a pickle does is one. */
static enum err
say_bin(const struct look *look)
{
	if (checkpoint_is_pickle(look->path))
		return say_pickle(look);
	return err_at(ERR_IO, look->folder, NULL,
		      "holds no model.safetensors but several .bin files; if they are llama2.c's, "
		      "name one of them: %s",
		      look->path);
}

static enum err
say_no_weights(const struct look *look)
{
	char *missing = hub_missing_file(look->folder), *path;
	enum err code = ERR_NOMEM;

	path = file_join(look->folder, missing ? missing : HUGGINGFACE_SINGLE);
	if (path)
		code = err_at(ERR_IO, path, NULL,
			      "is missing: the folder holds a config but no weights; %s",
			      look->advice);
	buf_free(missing);
	buf_free(path);
	return code;
}

static enum err
say_tokenizer(const struct look *look)
{
	return err_at(ERR_IO, look->folder, NULL, "holds a tokenizer alone, no weights; %s",
		      look->advice);
}

/* ------------------------------------------------------------------------ the table */

/* The first pattern that a name matches is the reason given. */
static const struct {
	const char *pattern, *text;               /* text: follows the path of that file */
	enum err (*say)(const struct look *look); /* where there is no text */
} signs[] = {
#define SIGN(pattern, text)      { pattern, text, NULL },
#define SIGN_SAID(pattern, name) { pattern, NULL, say_##name },
#include "core/formats/signs.def"
#undef SIGN
#undef SIGN_SAID
};

static const char *
find_sign(const struct folder *names, const char *pattern)
{
	for (size_t i = 0; i < names->count; i++)
		if (!fnmatch(pattern, names->names[i], FNM_PERIOD) &&
		    !is_training_state(names->names[i]))
			return names->names[i];
	return NULL;
}

/* A trainer's folder of checkpoints, a clone of several models. */
static enum err
say_subfolder(const struct look *look)
{
	for (size_t i = 0; i < look->names->count; i++) {
		char *path = buf_printf("%s/%s/config.json", look->folder, look->names->names[i]);
		bool found = path && file_exists(path);

		buf_free(path);
		if (found)
			return err_at(ERR_IO, look->folder, NULL,
				      "holds no model.safetensors; did you mean the folder %s in "
				      "it?",
				      look->names->names[i]);
	}
	if (!look->names->count)
		return err_at(ERR_IO, look->folder, NULL,
			      "holds no model.safetensors: it is empty; %s", look->advice);
	return err_at(ERR_IO, look->folder, NULL,
		      "holds no model.safetensors and no " HUGGINGFACE_INDEX
		      "; give the folder that does");
}

static enum err
say(struct look *look)
{
	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
		enum err code;

		if (!(look->name = find_sign(look->names, signs[i].pattern)))
			continue;
		if (!(look->path = file_join(look->folder, look->name)))
			return ERR_NOMEM;
		code = signs[i].say
			       ? signs[i].say(look)
			       : err_at(ERR_UNSUPPORTED, look->path, NULL, "%s", signs[i].text);
		buf_free(look->path);
		return code;
	}
	return say_subfolder(look);
}

enum err
huggingface_refuse(const char *folder)
{
	struct folder names = { 0 };
	struct look look = { .folder = folder, .names = &names };
	enum err code = folder_read(&names, folder, NAMES_MAX);

	hub_advice(look.advice, folder);
	if (!code)
		code = say(&look);
	folder_clear(&names);
	return code;
}
