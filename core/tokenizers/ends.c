#include "core/tokenizers/ends.h"

#include "core/buf.h"

static enum err
process(struct ids *out, const void *state, const int32_t *ids, size_t count)
{
	const struct ends *ends = state;
	enum err code = ends->add_bos ? ids_add(out, ends->bos) : OK;

	code = code ? code : ids_append(out, ids, count);
	return !code && ends->add_eos ? ids_add(out, ends->eos) : code;
}

static const struct part_kind kind = { .type = "ends",
				       .size = sizeof(struct ends),
				       .process = process };

enum err
ends_set(struct tokenizer *out, const struct ends *ends)
{
	struct ends *state = buf_alloc(1, sizeof(*state));

	if (!state)
		return ERR_NOMEM;
	*state = *ends;
	state->add_bos = ends->add_bos && ends->bos >= 0;
	state->add_eos = ends->add_eos && ends->eos >= 0;
	out->post_processor = (struct part){ &kind, state };
	out->bos = ends->bos;
	out->eos = ends->eos;
	out->adds_bos = state->add_bos;
	return OK;
}
