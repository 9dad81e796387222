/* Metadata in the words of config.json: extents and options. */
#include "core/formats/gguf_config_internal.h"

#include "core/json.h"
#include "core/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct gguf_member gguf_members[] = {
#define GGUF_KEY(member, needed, keys) { offsetof(struct model_shape, member), needed, keys },
#include "core/formats/gguf_keys.def"
#undef GGUF_KEY
	{ 0, false, NULL },
};

const struct gguf_member *
gguf_member_find(size_t offset)
{
	for (const struct gguf_member *m = gguf_members; m->keys; m++)
		if (m->offset == offset)
			return m;
	return NULL;
}

const struct gguf_value *
gguf_member_value(char key[GGUF_KEY_ROOM], const struct gguf *gguf,
		  const struct gguf_member *member)
{
	for (const char *word = member->keys; word; word = words_next(word)) {
		const struct gguf_value *value =
			gguf_find(gguf, words_copy(key, GGUF_KEY_ROOM, word));

		if (value)
			return value;
	}
	words_copy(key, GGUF_KEY_ROOM, member->keys);
	return NULL;
}

bool
gguf_family_reads(const struct architecture *family, size_t offset)
{
	for (const struct config_key *key = family->config_keys; key->name; key++)
		if (key->offset == offset)
			return true;
	return false;
}

enum err
gguf_put_number(struct json_text *to, const struct gguf_value *value, double number)
{
	bool single = value && value->type == GGUF_F32;
	char text[40];

	for (int digits = single ? 6 : 15; digits <= 17; digits++) {
		double back;

		snprintf(text, sizeof(text), "%.*g", digits, number);
		back = strtod(text, NULL);
		if (single ? !((float)back < (float)number || (float)back > (float)number)
			   : !(back < number || back > number))
			break;
	}
	return json_text_format(to, "%s", text);
}

/* What a flag of the shape is, by the tensors of the first block. */
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

static const struct presence *
find_presence(size_t member)
{
	for (size_t i = 0; i < sizeof(presences) / sizeof(presences[0]); i++)
		if (presences[i].member == member)
			return &presences[i];
	return NULL;
}

static bool
is_set(const struct presence *presence, const struct checkpoint *checkpoint)
{
	char word[64];
	bool there = false;

	for (const char *t = presence->tensors; t && !there; t = words_next(t))
		there = checkpoint_find(checkpoint, words_copy(word, sizeof(word), t)) != NULL;
	return there != presence->absent;
}

static enum err
put_size(struct json_text *to, const char *name, size_t size)
{
	return json_text_format(to, ",\"%s\":%zu", name, size);
}

/* A key that the file lacks: what GGUF means by that, not what the class would have. */
static enum err
put_absent(struct json_text *to, const struct gguf_source *s, const struct gguf_extents *e,
	   const struct config_key *key, const char *name)
{
	const struct gguf_member *member = gguf_member_find(key->offset);
	char keys[GGUF_KEY_ROOM];

	if (key->offset == offsetof(struct model_shape, kv_heads))
		return put_size(to, name, e->kv_heads);
	if (key->offset == offsetof(struct model_shape, head_dim))
		return put_size(to, name, e->head_dim);
	if (key->type == CONFIG_TYPE_SIZE_OR_NULL || key->type == CONFIG_TYPE_NUMBER_OR_NULL)
		return json_text_format(to, ",\"%s\":null", name);
	if (member && member->needed)
		return gguf_need(s->gguf, words_copy(keys, sizeof(keys), member->keys));
	return OK;
}

static enum err
put_value(struct json_text *to, const struct gguf_source *s, const struct gguf_extents *e,
	  const struct config_key *key, const char *name)
{
	const struct gguf_member *member = gguf_member_find(key->offset);
	char spelled[GGUF_KEY_ROOM];
	const struct gguf_value *value =
		member ? gguf_member_value(spelled, s->gguf, member) : NULL;
	size_t size = 0;
	double number = 0, least = key->type == CONFIG_TYPE_NUMBER_OR_NULL ? 0 : key->min;
	bool flag = false;
	enum err code;

	if (!value)
		return put_absent(to, s, e, key, name);
	if (key->type == CONFIG_TYPE_SIZE || key->type == CONFIG_TYPE_SIZE_OR_NULL) {
		code = gguf_get_common_size(&size, s->gguf, spelled, (uint64_t)key->min,
					    (uint64_t)key->max, e->blocks);
		return code ? code : put_size(to, name, size);
	}
	if (key->type == CONFIG_TYPE_BOOL) {
		code = gguf_get_bool(&flag, s->gguf, spelled);
		return code ? code
			    : json_text_format(to, ",\"%s\":%s", name, flag ? "true" : "false");
	}
	if ((code = gguf_get_number(&number, s->gguf, spelled, least, key->max)))
		return code;
	if (number < key->min) /* 0: off */
		return json_text_format(to, ",\"%s\":null", name);
	code = json_text_format(to, ",\"%s\":", name);
	return code ? code : gguf_put_number(to, value, number);
}

static enum err
put_key(struct json_text *to, const struct gguf_source *s, const struct gguf_extents *e,
	const struct config_key *key)
{
	const struct tensor *embed = checkpoint_find(s->checkpoint, "token_embd.weight");
	const struct presence *presence = find_presence(key->offset);
	char name[64];

	words_copy(name, sizeof(name), key->name);
	if (presence)
		return json_text_format(to, ",\"%s\":%s", name,
					is_set(presence, s->checkpoint) ? "true" : "false");
	if (key->offset != offsetof(struct model_shape, vocab))
		return put_value(to, s, e, key, name);
	return put_size(to, name, (size_t)embed->shape[0]);
}

/* Heads and what follows from them. */
static enum err
read_heads(struct gguf_extents *e, const struct gguf_source *s)
{
	const struct gguf *gguf = s->gguf;
	bool own = gguf_find(gguf, ".attention.key_length") &&
		   gguf_family_reads(s->family, offsetof(struct model_shape, head_dim));
	size_t values;
	enum err code;

	e->kv_heads = e->heads;
	code = gguf_get_common_size(&e->kv_heads, gguf, ".attention.head_count_kv", 1,
				    CONFIG_HEADS_MAX, e->blocks);
	if (!code && e->heads % e->kv_heads)
		return gguf_refuse(ERR_FORMAT, gguf, ".attention.head_count_kv",
				   "is %zu, which does not divide the %zu heads", e->kv_heads,
				   e->heads);
	if (!code && !own && e->hidden % e->heads)
		return gguf_refuse(ERR_FORMAT, gguf, ".embedding_length",
				   "is %zu, no multiple of the %zu heads, and no key says how wide "
				   "a head is",
				   e->hidden, e->heads);
	e->head_dim = e->hidden / e->heads;
	code = code ? code
		    : gguf_get_common_size(&e->head_dim, gguf, ".attention.key_length", 1,
					   CONFIG_HEADS_MAX, e->blocks);
	values = e->head_dim;
	code = code ? code
		    : gguf_get_common_size(&values, gguf, ".attention.value_length", 1,
					   CONFIG_HEADS_MAX, e->blocks);
	if (!code && values != e->head_dim)
		return gguf_refuse(ERR_UNSUPPORTED, gguf, ".attention.value_length",
				   "is %zu where heads of queries and keys have %zu values; qscope "
				   "reads models where both are equal",
				   values, e->head_dim);
	return code;
}

/* Held to the router's rows before anything is made for each expert. */
static enum err
check_experts(const struct gguf_source *s)
{
	const struct gguf *gguf = s->gguf;
	const char *name = "blk.0.ffn_gate_inp.weight";
	const struct tensor *router = checkpoint_find(s->checkpoint, name);
	bool reads = gguf_family_reads(s->family, offsetof(struct model_shape, experts));
	size_t experts = 0, used = 0;
	enum err code = gguf_get_size(&experts, gguf, ".expert_count", 0, CONFIG_EXPERTS_MAX);

	code = code ? code
		    : gguf_get_size(&used, gguf, ".expert_used_count", 0, CONFIG_EXPERTS_MAX);
	if (!code && used > experts)
		return gguf_refuse(ERR_FORMAT, gguf, ".expert_used_count",
				   "is %zu, more than the %zu experts", used, experts);
	if (!code && experts && reads && (!router || !router->rank || router->shape[0] != experts))
		return gguf_refuse(ERR_FORMAT, gguf, ".expert_count", "is %zu, but %s %s", experts,
				   name, router ? "has another number of rows" : "is missing");
	return code;
}

static enum err
read_extents(struct gguf_extents *e, const struct gguf_source *s)
{
	const struct gguf *gguf = s->gguf;
	enum err code = gguf_need(gguf, ".block_count");

	code = code ? code : gguf_need(gguf, ".embedding_length");
	code = code ? code : gguf_need(gguf, ".attention.head_count");
	code = code ? code : gguf_get_size(&e->blocks, gguf, ".block_count", 1, CONFIG_BLOCKS_MAX);
	code = code ? code
		    : gguf_get_size(&e->hidden, gguf, ".embedding_length", 1, CONFIG_WIDTH_MAX);
	code = code ? code
		    : gguf_get_common_size(&e->heads, gguf, ".attention.head_count", 1,
					   CONFIG_HEADS_MAX, e->blocks);
	if (!code && e->blocks > s->checkpoint->count)
		return gguf_refuse(ERR_FORMAT, gguf, ".block_count",
				   "is %zu, but the file has %zu tensors", e->blocks,
				   s->checkpoint->count);
	code = code ? code : read_heads(e, s);
	return code ? code : check_experts(s);
}

/* Does block i slide? As the file lists it, or all but each `every`-th. */
static enum err
put_windows(struct json_text *to, const struct gguf_source *s, const struct gguf_extents *e)
{
	const char *key = ".attention.sliding_window_pattern";
	const struct gguf_value *list = gguf_find(s->gguf, key);
	size_t window = 0, every = s->every;
	enum err code =
		gguf_get_size(&window, s->gguf, ".attention.sliding_window", 0, CONFIG_CONTEXT_MAX);

	if (code || !window)
		return code;
	if (list && list->is_array)
		code = gguf_get_numbers(&list, s->gguf, key);
	else if (!(code = gguf_get_size(&every, s->gguf, key, 0, CONFIG_BLOCKS_MAX)))
		list = NULL;
	if (!code && list && list->count != e->blocks)
		return gguf_refuse(ERR_FORMAT, s->gguf, key, "has %llu values for %zu blocks",
				   (unsigned long long)list->count, e->blocks);
	code = code ? code : json_text_format(to, ",\"use_sliding_window\":true,\"layer_types\":");
	for (size_t i = 0; i < e->blocks && !code; i++) {
		bool slides = list ? gguf_number_at(list, i) > 0 : !every || (i + 1) % every;

		code = json_text_format(to, "%c\"%s_attention\"", i ? ',' : '[',
					slides ? "sliding" : "full");
	}
	return code ? code : json_text_format(to, "]");
}

/* What GGUF leaves to llama.cpp's code. The scores of Gemma 2 and 3 are scaled by head_dim^-1/2,
 * those of the 27B models (46 and 62 blocks) by (hidden / heads)^-1/2. Falcon's second design has
 * key heads of any number, and by default a norm for each half. */
static enum err
put_oddities(struct json_text *to, const struct gguf_source *s, const struct gguf_extents *e)
{
	bool largest = e->blocks == 46 || e->blocks == 62;
	bool norms = checkpoint_find(s->checkpoint, "blk.0.attn_norm_2.weight");
	bool second = norms || (e->kv_heads != 1 && e->kv_heads != e->heads);
	enum err code = OK;

	if (!strncmp(s->gguf->architecture, "gemma", 5))
		code = put_size(to, "query_pre_attn_scalar",
				largest ? e->hidden / e->heads : e->head_dim);
	if (!code && !strcmp(s->gguf->architecture, "falcon"))
		code = json_text_format(to,
					",\"new_decoder_architecture\":%s,\"multi_query\":%s,"
					"\"num_ln_in_parallel_attn\":%d",
					second ? "true" : "false",
					e->kv_heads == 1 ? "true" : "false", norms ? 2 : 1);
	return code;
}

static enum err
put_all(struct json_text *to, const struct gguf_source *s, const struct gguf_extents *e)
{
	char type[64];
	enum err code = json_text_format(to, "{\"model_type\":\"%s\"",
					 words_copy(type, sizeof(type), s->family->model_types));

	for (const struct config_key *key = s->family->config_keys; key->name && !code; key++)
		code = put_key(to, s, e, key);
	code = code ? code : put_windows(to, s, e);
	code = code ? code : put_oddities(to, s, e);
	code = code ? code : gguf_put_rope(to, s, e);
	return code ? code : json_text_format(to, "}");
}

enum err
gguf_config(struct json_document **out, const struct gguf_source *source)
{
	struct json_text text = { 0 };
	struct gguf_extents extents;
	enum err code = read_extents(&extents, source);

	*out = NULL;
	code = code ? code : put_all(&text, source, &extents);
	if (!code)
		code = json_parse(out, text.text, text.length, source->gguf->path);
	json_text_free(&text);
	return code;
}
