/* What a GGUF file says and its family's config has no word for. */
#include "core/formats/gguf_config_internal.h"

#include "core/words.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const struct rule {
	const char *key, *allowed, *what;
} rules[] = {
#define GGUF_RULE(key, allowed, what) { key, allowed, what },
#include "core/formats/gguf_rules.def"
#undef GGUF_RULE
};

static enum err
check_rule(const struct gguf *gguf, const struct rule *rule)
{
	const struct gguf_value *value = gguf_find(gguf, rule->key);
	char number[32];
	double is = 0;
	enum err code = OK;

	if (!value)
		return OK;
	if (value->type == GGUF_BOOL && !value->is_array)
		is = gguf_number_at(value, 0);
	else
		code = gguf_get_number(&is, gguf, rule->key, -1e30, 1e30);
	snprintf(number, sizeof(number), "%g", is);
	if (code || words_have(rule->allowed, number, strlen(number)))
		return code;
	return gguf_refuse(ERR_UNSUPPORTED, gguf, rule->key, "is %s; qscope does not compute %s",
			   value->type != GGUF_BOOL ? number
			   : is > 0                 ? "true"
						    : "false",
			   rule->what);
}

/* Tokens, the number of them, and rows of the embedding are the same in every file that llama.cpp
 * takes. */
static enum err
check_vocabulary(const struct gguf_source *s)
{
	const struct tensor *embed = checkpoint_find(s->checkpoint, "token_embd.weight");
	const struct gguf_value *tokens;
	size_t rows = embed ? (size_t)embed->shape[0] : 0, given = rows;
	enum err code = gguf_get_strings(&tokens, s->gguf, "tokenizer.ggml.tokens");

	if (code)
		return code;
	if (!embed || embed->rank != 2 || !rows || rows > CONFIG_VOCAB_MAX)
		return err_at(ERR_FORMAT, s->gguf->path, "token_embd.weight",
			      embed ? "has no row for each of 1 to %d tokens"
				    : "is missing, which has a row for each of 1 to %d tokens",
			      CONFIG_VOCAB_MAX);
	if (tokens && tokens->count != rows)
		return gguf_refuse(ERR_FORMAT, s->gguf, "tokenizer.ggml.tokens",
				   "has %llu tokens, but token_embd.weight has %zu rows; the parts "
				   "of this file do not belong together",
				   (unsigned long long)tokens->count, rows);
	code = gguf_get_size(&given, s->gguf, ".vocab_size", 1, CONFIG_VOCAB_MAX);
	if (!code && given != rows)
		return gguf_refuse(ERR_FORMAT, s->gguf, ".vocab_size",
				   "is %zu, but token_embd.weight has %zu rows", given, rows);
	return code;
}

enum err
gguf_check_rules(const struct gguf_source *s)
{
	enum err code = OK;

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]) && !code; i++)
		code = check_rule(s->gguf, &rules[i]);
	return code ? code : check_vocabulary(s);
}

/* A member's value, and whether 0 in it stands for a factor of 1. */
static double
member_value(bool *factor, const struct model_shape *shape, size_t offset)
{
	*factor = false;
#define SHAPE_SIZE(name)                                  \
	if (offset == offsetof(struct model_shape, name)) \
		return (double)shape->name;
#define SHAPE_FLAG SHAPE_SIZE
#define SHAPE_NUMBER(name)                                  \
	if (offset == offsetof(struct model_shape, name)) { \
		*factor = true;                             \
		return shape->name;                         \
	}
#include "core/shape.def"
#undef SHAPE_SIZE
#undef SHAPE_FLAG
#undef SHAPE_NUMBER
	return 0;
}

/* Does a member that the family reads have this value? */
static bool
is_read(const struct gguf_source *s, const struct gguf_value *value)
{
	char key[GGUF_KEY_ROOM];

	for (const struct gguf_member *m = gguf_members; m->keys; m++)
		if (gguf_family_reads(s->family, m->offset) &&
		    gguf_member_value(key, s->gguf, m) == value)
			return true;
	return false;
}

static enum err
check_member(const struct gguf_source *s, const struct model_shape *shape,
	     const struct gguf_member *member)
{
	char key[GGUF_KEY_ROOM];
	const struct gguf_value *value =
		gguf_find(s->gguf, words_copy(key, sizeof(key), member->keys));
	double is, has;
	bool factor;

	if (!value || is_read(s, value) || value->type == GGUF_STRING || !value->count)
		return OK;
	has = member_value(&factor, shape, member->offset);
	for (uint64_t i = 0; i < value->count; i++) {
		is = gguf_number_at(value, i);
		if (fabs(is - has) <= 1e-6 * fabs(has) || (factor && !(has > 0) && is == 1))
			continue;
		return gguf_refuse(ERR_UNSUPPORTED, s->gguf, key,
				   "is %g; qscope reads models of this family where it is %g or "
				   "absent",
				   is, has);
	}
	return OK;
}

enum err
gguf_check_unread(const struct gguf_source *s, const struct model_shape *shape)
{
	enum err code = OK;

	for (const struct gguf_member *m = gguf_members; m->keys && !code; m++)
		code = check_member(s, shape, m);
	return code;
}
