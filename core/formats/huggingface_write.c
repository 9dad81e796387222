/* A Hugging Face folder again: every shard, its index, config.json with the new type, and the files
 * beside them that other programs need. */
#include "core/formats/huggingface.h"

#include "core/buf.h"
#include "core/checkpoint_write.h"
#include "core/formats/safetensors.h"
#include "core/json.h"
#include "core/json_print.h"

#include <stdio.h>
#include <string.h>

static const char *const beside[] = {
	"generation_config.json",
	"tokenizer.json",
	"tokenizer.model",
	"tokenizer_config.json",
	"added_tokens.json",
	"special_tokens_map.json",
	"vocab.json",
	"merges.txt",
	"chat_template.jinja",
};

static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static enum err
print_file(const struct checkpoint_output *output, const char *name, const struct json *value,
	   const struct json_change *changes)
{
	struct json_text text = { 0 };
	enum err code = json_print(&text, value, changes);

	if (!code)
		code = json_text_add(&text, "\n", 1);
	if (!code)
		code = checkpoint_output_text(output, name, text.text, text.length);
	json_text_free(&text);
	return code;
}

/* "torch_dtype" was the spelling until 2025, "dtype" is today's: whichever is there is changed. */
static enum err
write_config(const struct checkpoint_output *output)
{
	static const char *const names[] = { [WRITE_FLOAT32] = "\"float32\"",
					     [WRITE_BF16] = "\"bfloat16\"",
					     [WRITE_F16] = "\"float16\"" };
	struct json_change changes[3] = { { NULL, NULL } };

	if (output->dtype != WRITE_SOURCE) {
		changes[0] = (struct json_change){ "dtype", names[output->dtype] };
		changes[1] = (struct json_change){ "torch_dtype", names[output->dtype] };
	}
	return print_file(output, "config.json", json_root(output->checkpoint->config), changes);
}

/* metadata.total_size follows the data; all else stays. */
static enum err
print_index(const struct checkpoint_output *output, const struct json *index, uint64_t bytes)
{
	const struct json *metadata = json_get(index, "metadata");
	struct json_change changes[2] = { { NULL, NULL } };
	struct json_text inner = { 0 };
	char size[32];
	enum err code = OK;

	snprintf(size, sizeof(size), "%llu", (unsigned long long)bytes);
	changes[0] = (struct json_change){ "total_size", size };
	if (metadata && !(code = json_print(&inner, metadata, changes)))
		changes[0] = (struct json_change){ "metadata", inner.text };
	if (!code)
		code = print_file(output, HUGGINGFACE_INDEX, index, metadata ? changes : NULL);
	json_text_free(&inner);
	return code;
}

static enum err
write_index(const struct checkpoint_output *output, const char *path, uint64_t bytes)
{
	struct json_document *index;
	enum err code = json_read(&index, path, HUGGINGFACE_INDEX_MAX);

	if (code)
		return code;
	code = print_index(output, json_root(index), bytes);
	json_free(index);
	return code;
}

static enum err
copy_beside(const struct checkpoint_output *output)
{
	enum err code = OK;

	for (size_t i = 0; i < sizeof(beside) / sizeof(beside[0]) && !code; i++) {
		char *path = file_join(output->checkpoint->path, beside[i]);

		if (!path)
			return ERR_NOMEM;
		if (file_exists(path))
			code = checkpoint_output_copy(output, beside[i], path);
		buf_free(path);
	}
	return code;
}

enum err
huggingface_write(const struct checkpoint_output *output)
{
	const struct checkpoint *c = output->checkpoint;
	char *single = file_join(c->path, HUGGINGFACE_SINGLE);
	char *index = file_join(c->path, HUGGINGFACE_INDEX);
	uint64_t bytes = 0;
	enum err code = single && index ? OK : ERR_NOMEM;

	for (size_t i = 0; i < c->map_count && !code; i++)
		code = safetensors_write(&bytes, output, c->maps[i],
					 base_name(file_map_path(c->maps[i])));
	if (!code && !file_exists(single))
		code = write_index(output, index, bytes);
	if (!code)
		code = write_config(output);
	if (!code)
		code = copy_beside(output);
	buf_free(single);
	buf_free(index);
	return code;
}
