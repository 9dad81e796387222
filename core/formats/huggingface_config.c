/* What a config says that no reader of weights can mend: they are quantized already, or the model
 * predicts no next token. */
#include "core/formats/huggingface.h"

#include "core/buf.h"
#include "core/file.h"
#include "core/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct json *
present(const struct json *object, const char *key)
{
	const struct json *value = json_get(object, key);

	return value && value->type != JSON_NULL ? value : NULL;
}

/* ------------------------------------------------------------------------ quantized already */

struct bits {
	uint64_t least, most; /* 0: none was found */
};

static void
add_bits(struct bits *bits, uint64_t n)
{
	if (n < 1 || n > 64)
		return;
	bits->least = !bits->least || n < bits->least ? n : bits->least;
	bits->most = n > bits->most ? n : bits->most;
}

/* Where a tool writes the width of a weight: a number, or a word that ends in one ("int4"). */
static bool
is_width_key(const char *key)
{
	static const char *const keys[] = { "bits",    "w_bit",       "wbits",
					    "nbits",   "num_bits",    "weight_bits",
					    "weights", "quant_algo",  "quant_bits",
					    "n_bits",  "weight_dtype" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (!strcmp(key, keys[i]))
			return true;
	return false;
}

static void
take_width(struct bits *bits, const struct json *value)
{
	const char *end = value->string;

	if (value->type == JSON_NUMBER && value->is_integer && !value->negative)
		add_bits(bits, value->magnitude);
	if (value->type != JSON_STRING || !value->length)
		return;
	end += strcspn(end, "0123456789");
	add_bits(bits, strspn(end, "0123456789") <= 2 ? (uint64_t)strtoul(end, NULL, 10) : 0);
}

/* Activations and caches have widths of their own, which say nothing of the weights. */
static bool
is_of_others(const char *key)
{
	return strstr(key, "activation") || strstr(key, "cache");
}

/* As deep as the widest known config goes: config_groups, group_0, weights, num_bits. */
static void
find_bits(struct bits *bits, const struct json *object, int depth)
{
	for (const struct json *m = object->first; m; m = m->next) {
		bool truth = m->type == JSON_BOOL && m->boolean;

		if (object->type == JSON_OBJECT && is_of_others(m->key))
			continue;
		if (object->type == JSON_OBJECT && is_width_key(m->key))
			take_width(bits, m);
		if (truth && !strcmp(m->key, "load_in_4bit"))
			add_bits(bits, 4);
		if (truth && !strcmp(m->key, "load_in_8bit"))
			add_bits(bits, 8);
		if (depth && (m->type == JSON_OBJECT || m->type == JSON_ARRAY))
			find_bits(bits, m, depth - 1);
	}
}

/* ", 4 bits", ", 4 to 8 bits" or "". */
static const char *
bits_text(char out[48], const struct json *config)
{
	struct bits bits = { 0 };

	out[0] = '\0';
	find_bits(&bits, config, 5);
	if (bits.most && bits.least == bits.most)
		snprintf(out, 48, ", %llu bit%s", (unsigned long long)bits.most,
			 bits.most == 1 ? "" : "s");
	else if (bits.most)
		snprintf(out, 48, ", %llu to %llu bits", (unsigned long long)bits.least,
			 (unsigned long long)bits.most);
	return out;
}

static enum err
say_quantized(const char *path, const char *item, const struct json *config)
{
	const struct json *method = present(config, "quant_method");
	char brief[96] = "a method it does not name", bits[48];

	if (method)
		json_brief(brief, sizeof(brief), method);
	return err_at(ERR_UNSUPPORTED, path, item,
		      "says the weights are already quantized with %s%s; open the model they were "
		      "made from",
		      brief, bits_text(bits, config));
}

/* Files of tools that did not yet write into config.json. */
static enum err
check_beside(const char *folder)
{
	static const char *const names[] = { "quantize_config.json", "quant_config.json",
					     "hf_quant_config.json" };
	enum err code = OK;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && !code; i++) {
		char *path = file_join(folder, names[i]), bits[48];
		struct json_document *config = NULL;

		if (!path)
			return ERR_NOMEM;
		if (file_exists(path) && !huggingface_check_link(folder, path) &&
		    !json_read(&config, path, HUGGINGFACE_CONFIG_MAX) &&
		    bits_text(bits, json_root(config))[0])
			code = say_quantized(path, NULL, json_root(config));
		json_free(config);
		buf_free(path);
	}
	return code;
}

static enum err
check_quantized(const struct json_document *config, const char *folder)
{
	static const char *const keys[] = { "quantization_config", "compression_config" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const struct json *value = present(json_root(config), keys[i]);

		if (value)
			return say_quantized(json_path(config), keys[i], value);
	}
	return check_beside(folder);
}

/* ------------------------------------------------------------------------ not causal */

static const struct {
	const char *model_type, *what;
} not_causal[] = {
#define NOT_CAUSAL(model_type, what) { model_type, what },
#include "core/formats/not_causal.def"
#undef NOT_CAUSAL
};

static enum err
say_not_causal(const struct json_document *config, const char *type, const char *what)
{
	return err_at(ERR_UNSUPPORTED, json_path(config), "model_type",
		      "is \"%s\", %s: it does not continue a text word by word, so it has no "
		      "perplexity; open a causal language model",
		      type, what);
}

static enum err
check_causal(const struct json_document *config)
{
	const struct json *root = json_root(config), *type = present(root, "model_type");
	const struct json *both = present(root, "is_encoder_decoder");
	char brief[96];

	if (!type || type->type != JSON_STRING || strlen(type->string) != type->length)
		return OK;
	for (size_t i = 0; i < sizeof(not_causal) / sizeof(not_causal[0]); i++)
		if (!strcmp(not_causal[i].model_type, type->string))
			return say_not_causal(config, type->string, not_causal[i].what);
	if (both && both->type == JSON_BOOL && both->boolean) {
		snprintf(brief, sizeof(brief), "%.80s", type->string);
		return say_not_causal(config, brief, "an encoder with a decoder");
	}
	return OK;
}

enum err
huggingface_check_config(const struct json_document *config, const char *folder)
{
	enum err code;

	if (json_root(config)->type != JSON_OBJECT)
		return OK; /* said where it is read */
	code = check_causal(config);
	return code ? code : check_quantized(config, folder);
}

/* Names that only packed weights have, for folders whose config keeps silent. */
enum err
huggingface_check_tensors(const struct checkpoint *checkpoint)
{
	static const char *const endings[] = { ".qweight",          ".weight_packed",
					       ".weight_scale_inv", ".weight.quant_map",
					       ".weight.absmax",    ".SCB" };

	for (size_t i = 0; i < checkpoint->count; i++) {
		const struct tensor *t = &checkpoint->tensors[i];
		size_t length = strlen(t->name);

		for (size_t e = 0; e < sizeof(endings) / sizeof(endings[0]); e++) {
			size_t n = strlen(endings[e]);

			if (length > n && !strcmp(t->name + length - n, endings[e]))
				return err_at(ERR_UNSUPPORTED, file_map_path(t->map), t->name,
					      "belongs to weights that are already quantized, with "
					      "what its config does not say; open the model they "
					      "were made from");
		}
	}
	return OK;
}
