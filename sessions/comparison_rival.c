/* A checkpoint that someone else made of the model. */
#include "core/buf.h"
#include "core/checkpoint.h"
#include "core/file.h"
#include "sessions/comparison_private.h"
#include "sessions/locate.h"

#include <math.h>
#include <string.h>

/* Files written one after the other may have equal headers, sizes and times: only their bytes tell
 * them apart. */
static enum err
identify(struct model *model, const struct work *work)
{
	char sha256[HASH_HEX];
	enum err code = model_sha256(sha256, model, work);
	struct key key;

	if (code)
		return code;
	key = key_add_text(key_of(model->identity, sizeof(model->identity)), sha256);
	memset(model->identity, 0, sizeof(model->identity));
	key_hex(model->identity, key);
	return OK;
}

static enum err
open_matching(struct model **out, const struct engine *engine, const char *path)
{
	const struct model *model = engine_model(engine);
	char *located;
	enum err code = locate_model(&located, path);

	*out = NULL;
	if (!code)
		code = model_open_like(out, located, checkpoint_is_tensors(located) ? model : NULL);
	if (!code)
		code = model_match(*out, model);
	buf_free(located);
	if (code) {
		model_free(*out);
		*out = NULL;
	}
	return code;
}

enum err
rival_check(const struct engine *engine, const char *path)
{
	struct model *model;
	enum err code = open_matching(&model, engine, path);

	model_free(model);
	return code;
}

enum err
rival_open(struct model **out, const struct engine *engine, const char *path,
	   const struct work *work)
{
	enum err code = open_matching(out, engine, path);

	if (!code)
		code = identify(*out, work);
	if (code) {
		model_free(*out);
		*out = NULL;
	}
	return code;
}

struct engine_bits
rival_bits(const struct engine *engine, const struct model *model, double given)
{
	struct model_totals all = model_count(model);
	struct engine_bits out = { .bytes = (double)all.bytes };
	double bits = 0, weights = 0;

	for (size_t i = 0; i < model->layer_count; i++) {
		const struct tensor *tensor = model->layers[i].tensor;

		if (!engine_is_linear(engine, (int)i))
			continue;
		bits += 8 * (double)tensor->bytes;
		weights += (double)tensor->elements;
	}
	if (isfinite(given)) {
		out.bytes += (given * weights - bits) / 8;
		bits = given * weights;
	}
	out.linear = weights > 0 ? bits / weights : 0;
	out.model = all.elements ? 8 * out.bytes / (double)all.elements : 0;
	return out;
}

uint64_t
rival_disk(const struct model *model)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < model->checkpoint->map_count; i++)
		bytes += file_map_size(model->checkpoint->maps[i]);
	return bytes;
}
