/* A folder as Hugging Face lays it out: config.json beside model.safetensors, or beside several
 * shards that model.safetensors.index.json names. */
#include "core/formats/huggingface.h"

#include "core/buf.h"
#include "core/config.h"
#include "core/file.h"
#include "core/formats/safetensors.h"
#include "core/hub.h"
#include "core/json.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ------------------------------------------------------------------------ files */

enum err
huggingface_check_link(const char *folder, const char *path)
{
	char target[PATH_MAX], advice[HUB_ADVICE];
	struct stat st;

	if (lstat(path, &st) || !S_ISLNK(st.st_mode))
		return OK;
	if (!realpath(path, target)) {
		int error = errno;

		return err_at(ERR_IO, path, NULL, "is a link that leads nowhere: %s; %s",
			      strerror(error), hub_advice(advice, folder));
	}
	if (hub_owns(folder, target))
		return OK;
	return err_at(ERR_FORMAT, path, NULL, "is a link out of its cache, to %s; %s", target,
		      hub_advice(advice, folder));
}

enum err
huggingface_read_file(struct checkpoint *checkpoint, const char *path)
{
	enum err code = huggingface_check_link(checkpoint->path, path);

	if (!code)
		code = checkpoint_check_pointer(path);
	return code ? code : safetensors_read(checkpoint, path);
}

/* Also true of a link that leads nowhere: it is to be named, not passed over. */
static bool
is_there(const char *path)
{
	struct stat st;

	return !lstat(path, &st);
}

/* A pointer in place of the tokenizer is no part of the weights, but as good a reason to stop. */
static enum err
check_tokenizers(const char *folder)
{
	static const char *const names[] = { "tokenizer.json", "tokenizer.model" };
	enum err code = OK;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && !code; i++) {
		char *path = file_join(folder, names[i]);

		code = path ? checkpoint_check_pointer(path) : ERR_NOMEM;
		buf_free(path);
	}
	return code;
}

/* *out is the caller's; NULL when there is none. */
static enum err
read_config(struct json_document **out, const char *folder)
{
	char *path = file_join(folder, "config.json");
	enum err code = path ? OK : ERR_NOMEM;

	*out = NULL;
	if (!code && is_there(path)) {
		code = huggingface_check_link(folder, path);
		if (!code)
			code = json_read(out, path, HUGGINGFACE_CONFIG_MAX);
	}
	buf_free(path);
	return code;
}

/* ------------------------------------------------------------------------ weights */

/* The files of weights that a folder may hold, the first found is read. */
enum weights { SINGLE, INDEX, PICKLE, PICKLE_INDEX, NO_WEIGHTS };
static const char *const weights_names[NO_WEIGHTS] = {
	[SINGLE] = HUGGINGFACE_SINGLE,
	[INDEX] = HUGGINGFACE_INDEX,
	[PICKLE] = "pytorch_model.bin",
	[PICKLE_INDEX] = "pytorch_model.bin.index.json",
};

/* *path is the caller's. */
static enum err
find_weights(enum weights *out, char **path, const char *folder)
{
	for (int i = 0; i < NO_WEIGHTS; i++) {
		if (!(*path = file_join(folder, weights_names[i])))
			return ERR_NOMEM;
		*out = (enum weights)i;
		if (is_there(*path))
			return OK;
		buf_free(*path);
	}
	*out = NO_WEIGHTS;
	*path = NULL;
	return OK;
}

bool
huggingface_is_whole(const char *folder)
{
	enum { ASKED_MAX = 32 << 20 };
	enum weights weights;
	char *path = NULL, *config = file_join(folder, "config.json"), *missing = NULL;
	bool whole = config && file_exists(config) && !find_weights(&weights, &path, folder) &&
		     weights != NO_WEIGHTS && file_exists(path);

	if (whole && weights == INDEX)
		whole = !huggingface_missing_shard(&missing, folder, path, ASKED_MAX) && !missing;
	buf_free(missing);
	buf_free(config);
	buf_free(path);
	return whole;
}

static enum err
no_config(const char *folder)
{
	char *path = file_join(folder, "config.json"), advice[HUB_ADVICE];
	enum err code = ERR_NOMEM;

	if (path)
		code = err_at(ERR_IO, path, NULL,
			      "is missing; a model folder needs its config.json: %s",
			      hub_advice(advice, folder));
	buf_free(path);
	return code;
}

static enum err
read_weights(struct checkpoint *checkpoint, enum weights weights, const char *path)
{
	enum err code;

	if (weights == NO_WEIGHTS)
		return huggingface_refuse(checkpoint->path);
	if (weights == PICKLE || weights == PICKLE_INDEX)
		return err_at(ERR_UNSUPPORTED, path, NULL,
			      "holds its weights as " CHECKPOINT_PICKLE);
	if (!checkpoint->config)
		return no_config(checkpoint->path);
	code = weights == SINGLE ? huggingface_read_file(checkpoint, path)
				 : huggingface_read_shards(checkpoint, path);
	return code ? code : check_tokenizers(checkpoint->path);
}

static enum err
open_folder(struct checkpoint *checkpoint, const char *folder)
{
	enum weights weights;
	struct json_document *config = NULL;
	char *path;
	enum err code = find_weights(&weights, &path, folder);

	if (!code)
		code = read_config(&config, folder);
	checkpoint->config = config;
	if (!code && config)
		code = huggingface_check_config(config, folder);
	if (!code)
		code = read_weights(checkpoint, weights, path);
	buf_free(path);
	return code;
}

static enum err
recognise(bool *out, const char *path)
{
	*out = file_is_folder(path);
	return OK;
}

static enum err
describe(struct model_description *out, const struct checkpoint *checkpoint)
{
	enum err code = huggingface_check_tensors(checkpoint);

	return code ? code : config_describe(out, checkpoint->config);
}

/* ------------------------------------------------------------------- tensors alone */

static bool
is_file_of_tensors(const char *path)
{
	static const char ending[] = ".safetensors";
	size_t length = strlen(path), tail = sizeof(ending) - 1;

	return length > tail && !strcmp(path + length - tail, ending) && !file_is_folder(path);
}

static enum err
recognise_tensors(bool *out, const char *path)
{
	char *config = file_join(path, "config.json");

	if (!config)
		return ERR_NOMEM;
	*out = is_file_of_tensors(path) || (file_is_folder(path) && !is_there(config));
	buf_free(config);
	return OK;
}

static enum err
open_tensors(struct checkpoint *checkpoint, const char *path)
{
	enum weights weights;
	char *file;
	enum err code;

	if (is_file_of_tensors(path)) {
		code = safetensors_read(checkpoint, path);
		return code ? code : huggingface_check_tensors(checkpoint);
	}
	if ((code = find_weights(&weights, &file, path)))
		return code;
	if (weights == SINGLE)
		code = huggingface_read_file(checkpoint, file);
	else if (weights == INDEX)
		code = huggingface_read_shards(checkpoint, file);
	else if (weights == NO_WEIGHTS)
		code = huggingface_refuse(path);
	else
		code = err_at(ERR_UNSUPPORTED, file, NULL,
			      "holds its weights as " CHECKPOINT_PICKLE);
	buf_free(file);
	return code ? code : huggingface_check_tensors(checkpoint);
}

const struct format format_tensors = {
	.name = "safetensors",
	.recognise = recognise_tensors,
	.open = open_tensors,
};

const struct format format_huggingface = {
	.name = "safetensors",
	.recognise = recognise,
	.open = open_folder,
	.describe = describe,
	.write = huggingface_write,
};
