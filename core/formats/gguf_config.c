#include "core/formats/gguf_config.h"

#include "core/buf.h"
#include "core/json.h"
#include "core/words.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { TEXT_MAX = 1 << 16 };

/* JSON on its way: everything is a number, a word of our own, or a list of numbers. */
struct writer {
	const struct gguf *gguf;
	const struct checkpoint *checkpoint;
	char *text; /* (TEXT_MAX) */
	size_t length;
};

static void put(struct writer *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void
put(struct writer *w, const char *format, ...)
{
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(w->text + w->length, TEXT_MAX - w->length, format, ap);
	va_end(ap);
	w->length += (size_t)n;
	w->length = w->length < TEXT_MAX ? w->length : TEXT_MAX - 1;
}

static bool
has_tensor(const struct writer *w, const char *name)
{
	return checkpoint_find(w->checkpoint, name) != NULL;
}

/* What a flag of the shape is, by the tensors. */
static const struct presence {
	size_t member;
	const char *tensors; /* any of these */
	bool absent;         /* the flag is set when none is there */
} presences[] = {
	{ WHEN(attention_bias),
	  "blk.0.attn_q.bias|blk.0.attn_qkv.bias|blk.0.attn_output.bias|blk.0.ffn_up.bias", false },
	{ WHEN(mlp_bias), "blk.0.ffn_up.bias|blk.0.ffn_gate.bias|blk.0.ffn_down.bias", false },
	{ WHEN(qk_norm), "blk.0.attn_q_norm.weight", false },
	{ WHEN(tied_head), "output.weight", true },
};

static bool
put_presence(struct writer *w, const char *name, size_t member)
{
	char word[64];
	bool there = false;

	for (size_t i = 0; i < sizeof(presences) / sizeof(presences[0]); i++) {
		if (presences[i].member != member)
			continue;
		for (const char *t = presences[i].tensors; t; t = words_next(t))
			there = there || has_tensor(w, words_copy(word, sizeof(word), t));
		put(w, ",\"%s\":%s", name, there != presences[i].absent ? "true" : "false");
		return true;
	}
	return false;
}

static const struct {
	size_t member;
	const char *keys;
} keys[] = {
#define GGUF_KEY(member, keys) { offsetof(struct model_shape, member), keys },
#include "core/formats/gguf_keys.def"
#undef GGUF_KEY
};

/* The metadata of one member, or NULL. */
static const struct gguf_value *
find_value(const struct writer *w, size_t member)
{
	char word[64];

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		for (const char *key = keys[i].keys; key && keys[i].member == member;
		     key = words_next(key)) {
			const struct gguf_value *value =
				gguf_find(w->gguf, words_copy(word, sizeof(word), key));

			if (value)
				return value;
		}
	return NULL;
}

/* Some files give one number for each block; they must be the same. */
static enum err
one_number(double *out, const struct writer *w, const struct gguf_value *value)
{
	if (value->type == GGUF_STRING || !value->count)
		return err_at(ERR_FORMAT, w->gguf->path, value->key, "is no number");
	*out = gguf_number_at(value, 0);
	for (uint64_t i = 1; i < value->count; i++)
		if (gguf_number_at(value, i) < *out || gguf_number_at(value, i) > *out)
			return err_at(ERR_UNSUPPORTED, w->gguf->path, value->key,
				      "differs from block to block; qscope reads models whose "
				      "blocks have one shape");
	return OK;
}

static enum err
put_key(struct writer *w, const struct config_key *key)
{
	const struct gguf_value *value = find_value(w, key->offset);
	char name[64];
	double number = 0;
	enum err code;

	words_copy(name, sizeof(name), key->name);
	if (key->offset == offsetof(struct model_shape, vocab)) {
		const struct tensor *embed = checkpoint_find(w->checkpoint, "token_embd.weight");

		if (embed)
			put(w, ",\"%s\":%llu", name, (unsigned long long)embed->shape[0]);
		return OK;
	}
	if (put_presence(w, name, key->offset))
		return OK;
	if (!value) {
		/* Absent means off, not what the class would have. */
		if (key->type == CONFIG_TYPE_SIZE_OR_NULL ||
		    key->type == CONFIG_TYPE_NUMBER_OR_NULL)
			put(w, ",\"%s\":null", name);
		return OK;
	}
	if ((code = one_number(&number, w, value)))
		return code;
	if (key->type == CONFIG_TYPE_BOOL)
		put(w, ",\"%s\":%s", name, number > 0 ? "true" : "false");
	else
		put(w, ",\"%s\":%.17g", name, number);
	return OK;
}

/* A tensor of float factors as a JSON list. */
static enum err
put_factors(struct writer *w, const char *key, const char *tensor_name)
{
	const struct tensor *tensor = checkpoint_find(w->checkpoint, tensor_name);
	float factors[ROPE_FACTORS_MAX];
	enum err code;

	if (!tensor || tensor->elements > ROPE_FACTORS_MAX)
		return err_at(ERR_FORMAT, w->gguf->path, tensor_name,
			      "is missing or longer than %d", ROPE_FACTORS_MAX);
	if ((code = tensor_read(factors, tensor, 0, tensor->elements)))
		return code;
	put(w, ",\"%s\":[", key);
	for (uint64_t i = 0; i < tensor->elements; i++)
		put(w, "%s%.9g", i ? "," : "", (double)factors[i]);
	put(w, "]");
	return OK;
}

static enum err
put_number(struct writer *w, const char *name, const char *key)
{
	double number = 0;
	enum err code = gguf_get_number(&number, w->gguf, key, -1e30, 1e30);

	if (!code && gguf_find(w->gguf, key))
		put(w, ",\"%s\":%.17g", name, number);
	return code;
}

/* How a scaling's name and numbers stand in a config. */
static enum err
put_scaling(struct writer *w)
{
	const char *type = "none";
	enum err code = gguf_get_string(&type, w->gguf, ".rope.scaling.type");

	if (code)
		return code;
	/* Llama 3's scaling is worked out by the converter: a divisor for each frequency. */
	if (has_tensor(w, "rope_freqs.weight")) {
		put(w, ",\"rope_type\":\"longrope\",\"factor\":1,\"attention_factor\":1");
		code = put_factors(w, "short_factor", "rope_freqs.weight");
		return code ? code : put_factors(w, "long_factor", "rope_freqs.weight");
	}
	if (!strcmp(type, "none"))
		return OK;
	put(w, ",\"rope_type\":\"%s\"",
	    !strcmp(type, "linear") || !strcmp(type, "yarn") || !strcmp(type, "longrope")
		    ? type
		    : "unknown to qscope");
	if ((code = put_number(w, "factor", ".rope.scaling.factor")) ||
	    (code = put_number(w, "attention_factor", ".rope.scaling.attn_factor")) ||
	    (code = put_number(w, "beta_fast", ".rope.scaling.yarn_beta_fast")) ||
	    (code = put_number(w, "beta_slow", ".rope.scaling.yarn_beta_slow")) ||
	    (code = put_number(w, "original_max_position_embeddings",
			       ".rope.scaling.original_context_length")))
		return code;
	if (strcmp(type, "longrope"))
		return OK;
	code = put_factors(w, "short_factor", "rope_factors_short.weight");
	return code ? code : put_factors(w, "long_factor", "rope_factors_long.weight");
}

/* {"rope_theta": ..., ...} of all blocks, or of those that slide. */
static enum err
put_rope_object(struct writer *w, const char *theta_key, double theta, bool scaled)
{
	const struct gguf_value *turned = gguf_find(w->gguf, ".rope.dimension_count");
	const struct gguf_value *whole = gguf_find(w->gguf, ".attention.key_length");
	const struct gguf_value *heads = gguf_find(w->gguf, ".attention.head_count");
	const struct gguf_value *hidden = gguf_find(w->gguf, ".embedding_length");
	enum err code = gguf_get_number(&theta, w->gguf, theta_key, 1e-3, 1e15);

	if (code)
		return code;
	put(w, "{\"rope_theta\":%.17g", theta);
	if (turned && (whole || (heads && hidden))) {
		double dims = whole ? gguf_number_at(whole, 0)
				    : gguf_number_at(hidden, 0) / gguf_number_at(heads, 0);

		put(w, ",\"partial_rotary_factor\":%.17g", gguf_number_at(turned, 0) / dims);
	}
	if (scaled)
		code = put_scaling(w);
	put(w, "}");
	return code;
}

static enum err
put_rope(struct writer *w, const struct architecture *family)
{
	double theta = family->rope.theta > 0 ? family->rope.theta : 10000;
	enum err code;

	if (!family->shape.rope)
		return OK;
	if (!family->shape.rope_local) {
		put(w, ",\"rope_parameters\":");
		return put_rope_object(w, ".rope.freq_base", theta, true);
	}
	put(w, ",\"rope_parameters\":{\"full_attention\":");
	if ((code = put_rope_object(w, ".rope.freq_base", theta, true)))
		return code;
	put(w, ",\"sliding_attention\":");
	if ((code = put_rope_object(w, ".rope.freq_base_swa", family->rope.local_theta, false)))
		return code;
	put(w, "}");
	return OK;
}

/* What GGUF leaves to llama.cpp's code. The scores of Gemma 2 and 3 are scaled by head_dim^-1/2,
 * those of the 27B models (46 and 62 blocks) by (hidden / heads)^-1/2. */
static enum err
put_oddities(struct writer *w)
{
	size_t blocks = 0, hidden = 0, heads = 1, dim = 256;
	bool second = has_tensor(w, "blk.0.attn_norm_2.weight");
	enum err code = gguf_get_size(&blocks, w->gguf, ".block_count", 1, CONFIG_BLOCKS_MAX);

	code = code ? code
		    : gguf_get_size(&hidden, w->gguf, ".embedding_length", 1, CONFIG_WIDTH_MAX);
	code = code ? code
		    : gguf_get_size(&dim, w->gguf, ".attention.key_length", 1, CONFIG_WIDTH_MAX);
	if (code)
		return code;
	if (!strncmp(w->gguf->architecture, "gemma", 5)) {
		code = gguf_get_size(&heads, w->gguf, ".attention.head_count", 1, CONFIG_HEADS_MAX);
		put(w, ",\"query_pre_attn_scalar\":%.17g",
		    blocks == 46 || blocks == 62 ? (double)hidden / (double)heads : (double)dim);
	}
	/* Falcon's two designs, and how many key heads the first has. */
	if (!strcmp(w->gguf->architecture, "falcon")) {
		size_t kv = 1;

		code = gguf_get_size(&kv, w->gguf, ".attention.head_count_kv", 1, CONFIG_HEADS_MAX);
		put(w, ",\"new_decoder_architecture\":%s,\"multi_query\":%s",
		    second ? "true" : "false", kv == 1 ? "true" : "false");
	}
	if (gguf_find(w->gguf, ".attention.sliding_window"))
		put(w, ",\"use_sliding_window\":true");
	return code;
}

enum err
gguf_config(struct json_document **out, const struct gguf *gguf,
	    const struct checkpoint *checkpoint, const struct architecture *family)
{
	struct writer w = { gguf, checkpoint, buf_alloc(TEXT_MAX, 1), 0 };
	char type[64];
	enum err code = w.text ? OK : ERR_NOMEM;

	*out = NULL;
	if (code)
		return code;
	put(&w, "{\"model_type\":\"%s\"", words_copy(type, sizeof(type), family->model_types));
	for (const struct config_key *key = family->config_keys; key->name && !code; key++)
		code = put_key(&w, key);
	if (!code)
		code = put_rope(&w, family);
	if (!code)
		code = put_oddities(&w);
	put(&w, "}");
	if (!code)
		code = json_parse(out, w.text, w.length, gguf->path);
	buf_free(w.text);
	return code;
}
