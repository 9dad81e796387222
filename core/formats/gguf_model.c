#include "core/formats/gguf_model.h"

#include "core/buf.h"
#include "core/formats/gguf_config.h"
#include "core/json.h"

#include <stdio.h>
#include <string.h>

enum { PAIRS = 1, NORMED = 2 };

static const struct family {
	const char *gguf, *name;
	int flags;
} families[] = {
#define GGUF_FAMILY(gguf, name, flags) { gguf, name, flags },
#include "core/formats/gguf_families.def"
#undef GGUF_FAMILY
};

static const char *const names[SLOT_COUNT] = {
#define GGUF_NAME(slot, name) [SLOT_##slot] = name,
#include "core/formats/gguf_names.def"
#undef GGUF_NAME
};

static const char kinds[SLOT_COUNT] = {
#define SLOT(id, name, kind) [SLOT_##id] = kind,
#include "core/slots.def"
#undef SLOT
};

static const struct architecture *
entry_of(const char *name)
{
	for (const struct architecture *const *a = architectures; *a; a++)
		if ((*a)->model_types && !strcmp((*a)->name, name))
			return *a;
	return NULL;
}

/* "llama" stands for two families: with experts it is the second. */
static enum err
find_family(const struct family **out, const struct gguf *gguf)
{
	const size_t count = sizeof(families) / sizeof(families[0]);
	size_t experts = 0;
	char known[512] = "";
	enum err code = gguf_get_size(&experts, gguf, ".expert_count", 0, CONFIG_EXPERTS_MAX);

	*out = NULL;
	for (size_t i = 0, n = 0; i < count && !code; i++) {
		bool named = !strcmp(families[i].gguf, gguf->architecture);

		if (named && (!*out || experts))
			*out = &families[i];
		if (n < sizeof(known) && (!i || strcmp(families[i].gguf, families[i - 1].gguf)))
			n += (size_t)snprintf(known + n, sizeof(known) - n, "%s%s", n ? ", " : "",
					      families[i].gguf);
	}
	if (!code && !*out)
		return err_at(ERR_UNSUPPORTED, gguf->path, "general.architecture",
			      "is \"%s\"; those that qscope reads from GGUF: %s",
			      gguf->architecture, known);
	return code;
}

/* A table with GGUF's names. Whether a bias is there the file shows; vectors are never in parts. */
static enum err
rename_tensors(const struct architecture_tensor **out, struct gguf *gguf,
	       const struct architecture_tensor *from)
{
	struct architecture_tensor *to;
	size_t count = 0;

	while (from[count].name)
		count++;
	if (!(to = arena_alloc(&gguf->arena, count + 1, sizeof(*to))))
		return ERR_NOMEM;
	*out = to;
	for (; from->name; from++) {
		if (!names[from->slot])
			continue;
		*to = *from;
		to->name = names[from->slot];
		to->transposed = false;
		if (kinds[from->slot] == 'b') {
			to->when = to->unless = 0;
			to->optional = true;
		}
		to++;
	}
	return OK;
}

/* Falcon's second norm is GGUF's first. */
static void
swap_norms(const struct architecture_tensor *tensors)
{
	struct architecture_tensor *t = (struct architecture_tensor *)tensors;

	for (; t->name; t++) {
		if (t->slot == SLOT_ATTN_NORM)
			t->name = "attn_norm_2.weight";
		else if (t->slot == SLOT_ATTN_NORM_BIAS)
			t->name = "attn_norm_2.bias";
		else if (t->slot == SLOT_MLP_NORM)
			t->name = "attn_norm.weight";
		else if (t->slot == SLOT_MLP_NORM_BIAS)
			t->name = "attn_norm.bias";
	}
}

static enum err
rename_all(const struct architecture **out, struct gguf *gguf, const struct checkpoint *checkpoint,
	   const struct architecture *from)
{
	static const char *const leftovers[] = { "rope_freqs.weight", "rope_factors_long.weight",
						 "rope_factors_short.weight",
						 ".attn_rot_embd.weight", NULL };
	struct architecture *to = arena_alloc(&gguf->arena, 1, sizeof(*to));
	enum err code;

	if (!to)
		return ERR_NOMEM;
	*to = *from;
	to->base = "";
	to->embed = "token_embd.weight";
	to->head = "output.weight";
	to->block_prefix = "blk.";
	to->leftovers = leftovers;
	*out = to;
	code = rename_tensors(&to->tensors, gguf, from->tensors);
	if (!code)
		code = rename_tensors(&to->outside, gguf, from->outside);
	if (!code && checkpoint_find(checkpoint, "blk.0.attn_norm_2.weight"))
		swap_norms(to->tensors);
	return code;
}

enum err
gguf_describe(struct model_description *out, struct gguf *gguf, const struct checkpoint *checkpoint)
{
	const struct family *family;
	const struct architecture *entry;
	struct json_document *config = NULL;
	enum err code = find_family(&family, gguf);

	if (code)
		return code;
	entry = entry_of(family->name);
	code = gguf_config(&config, gguf, checkpoint, entry);
	if (!code)
		code = config_describe(out, config);
	json_free(config);
	if (code)
		return code;
	out->shape.rope_interleaved = family->flags & PAIRS;
	out->shape.norm_plus_one = out->shape.qkv_grouped = false;
	if (family->flags & NORMED)
		out->shape.experts_normed = true;
	return rename_all(&out->architecture, gguf, checkpoint, entry);
}
