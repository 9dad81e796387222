/* "Fuse": all pieces become one. */
#include "core/tokenizers/kinds.h"

static enum err
decode(struct cuts *out, const void *state, const struct cuts *in)
{
	enum err code = bytes_add(&out->text, in->text.data, in->text.length);

	(void)state;
	return code ? code : cuts_keep(out);
}

const struct part_kind decoder_fuse = { .type = "Fuse", .decode = decode };
