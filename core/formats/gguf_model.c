#include "core/formats/gguf_model.h"

#include "core/buf.h"
#include "core/formats/gguf_config.h"
#include "core/json.h"

#include <stdio.h>
#include <string.h>

enum { PAIRS = 1, NORMED = 2, ONE_NORM = 4 };

static const struct family {
	const char *gguf, *name, *when;
	size_t every;
	int flags;
} families[] = {
#define GGUF_FAMILY(gguf, name, when, every, flags) { gguf, name, when, every, flags },
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

/* "llama" stands for several families; what they have beside it tells them apart. */
static enum err
find_family(const struct family **out, const struct gguf *gguf)
{
	const size_t count = sizeof(families) / sizeof(families[0]);
	char known[512] = "";
	enum err code = gguf_need(gguf, "general.architecture");

	*out = NULL;
	for (size_t i = 0, n = 0; i < count && !code && !*out; i++) {
		bool named = !strcmp(families[i].gguf, gguf->architecture);
		size_t there = !*families[i].when;

		if (named && *families[i].when)
			code = gguf_get_size(&there, gguf, families[i].when, 0, CONFIG_CONTEXT_MAX);
		if (named && there)
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

static bool
has(const struct checkpoint *checkpoint, const char *name)
{
	return checkpoint_find(checkpoint, name) != NULL;
}

/* In any of the blocks, or outside them. */
static bool
has_somewhere(const struct checkpoint *checkpoint, const char *name, size_t blocks)
{
	char full[96];
	bool found = has(checkpoint, name);

	for (size_t i = 0; i < blocks && !found; i++) {
		snprintf(full, sizeof(full), "blk.%zu.%s", i, name);
		found = has(checkpoint, full);
	}
	return found;
}

/* Queries, keys and values may lie in one tensor whatever the family: its converter's --fuse-qkv.
 * Theirs are entries of Q (now of all) and of K and V (now none). */
static bool
fuse(struct architecture_tensor *t)
{
	static const struct {
		enum slot from, to;
	} fused[] = { { SLOT_Q, SLOT_QKV },        { SLOT_K, SLOT_COUNT },
		      { SLOT_V, SLOT_COUNT },      { SLOT_Q_BIAS, SLOT_QKV_BIAS },
		      { SLOT_K_BIAS, SLOT_COUNT }, { SLOT_V_BIAS, SLOT_COUNT } };

	for (size_t i = 0; i < sizeof(fused) / sizeof(fused[0]); i++)
		if (t->slot == fused[i].from) {
			t->slot = fused[i].to;
			t->rows = DIMENSION_QKV;
			return t->slot != SLOT_COUNT;
		}
	return true;
}

/* Where Falcon has a norm for each half, GGUF's first is that of the MLP. */
static const char *
name_of(enum slot slot, const struct checkpoint *checkpoint)
{
	static const char *const swapped[SLOT_COUNT] = {
		[SLOT_ATTN_NORM] = "attn_norm_2.weight",
		[SLOT_ATTN_NORM_BIAS] = "attn_norm_2.bias",
		[SLOT_MLP_NORM] = "attn_norm.weight",
		[SLOT_MLP_NORM_BIAS] = "attn_norm.bias",
	};

	return swapped[slot] && has(checkpoint, "blk.0.attn_norm_2.weight") ? swapped[slot]
									    : names[slot];
}

/* One entry with GGUF's name; false: there is none. Biases that depend on an option are there when
 * the file has them anywhere, and then in every block. Norms of each head lie in one tensor. */
static bool
rename_tensor(struct architecture_tensor *to, const struct checkpoint *checkpoint, size_t blocks)
{
	if (has(checkpoint, "blk.0.attn_qkv.weight") && !fuse(to))
		return false;
	if (!(to->name = name_of(to->slot, checkpoint)))
		return false;
	to->transposed = false;
	if (to->each) {
		to->columns = to->rows;
		to->rows = to->each;
		to->each = DIMENSION_NONE;
	}
	if (kinds[to->slot] != 'b' || (!to->when && !to->unless))
		return true;
	to->when = to->unless = 0;
	return has_somewhere(checkpoint, to->name, blocks);
}

static enum err
rename_tensors(const struct architecture_tensor **out, struct gguf *gguf,
	       const struct checkpoint *checkpoint, size_t blocks,
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
		*to = *from;
		if (rename_tensor(to, checkpoint, blocks))
			to++;
	}
	*to = (struct architecture_tensor){ .name = NULL };
	return OK;
}

static enum err
rename_all(struct model_description *out, struct gguf *gguf, const struct checkpoint *checkpoint)
{
	static const char *const leftovers[] = { "rope_freqs.weight", "rope_factors_long.weight",
						 "rope_factors_short.weight",
						 ".attn_rot_embd.weight", NULL };
	struct architecture *to = arena_alloc(&gguf->arena, 1, sizeof(*to));
	const struct architecture *from = out->architecture;
	size_t blocks = out->shape.blocks;
	enum err code;

	if (!to)
		return ERR_NOMEM;
	*to = *from;
	to->base = "";
	to->embed = "token_embd.weight";
	to->head = "output.weight";
	to->block_prefix = "blk.";
	to->leftovers = leftovers;
	out->architecture = to;
	code = rename_tensors(&to->tensors, gguf, checkpoint, blocks, from->tensors);
	if (!code)
		code = rename_tensors(&to->outside, gguf, checkpoint, blocks, from->outside);
	return code;
}

static void
apply_flags(struct model_shape *shape, const struct gguf *gguf, const struct checkpoint *checkpoint,
	    int flags)
{
	shape->rope_interleaved = flags & PAIRS;
	shape->norm_plus_one = shape->qkv_grouped = false;
	if (flags & NORMED && !gguf_find(gguf, ".expert_weights_norm"))
		shape->experts_normed = true;
	if (flags & ONE_NORM) {
		shape->separate_norm = has(checkpoint, "blk.0.ffn_norm.weight");
		shape->parallel = !shape->separate_norm;
	}
}

enum err
gguf_describe(struct model_description *out, struct gguf *gguf, const struct checkpoint *checkpoint)
{
	struct gguf_source source = { .gguf = gguf, .checkpoint = checkpoint };
	const struct family *family;
	struct json_document *config = NULL;
	enum err code = find_family(&family, gguf);

	if (code)
		return code;
	source.family = entry_of(family->name);
	source.every = family->every;
	code = gguf_check_rules(&source);
	code = code ? code : gguf_config(&config, &source);
	code = code ? code : config_describe(out, config);
	json_free(config);
	code = code ? code : gguf_check_unread(&source, &out->shape);
	if (code)
		return code;
	apply_flags(&out->shape, gguf, checkpoint, family->flags);
	return rename_all(out, gguf, checkpoint);
}
