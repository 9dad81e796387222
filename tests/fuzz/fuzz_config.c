/* config.json of any bytes: what is accepted is a shape whose products fit. */
#include "fuzz/fuzz.h"

#include "core/architecture.h"
#include "core/json.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct model_description d;
	const struct model_shape *s = &d.shape;
	struct json_document *config;

	if (json_parse(&config, (const char *)data, size, "config.json"))
		return 0;
	if (!config_describe(&d, config) &&
	    (!d.architecture || !s->blocks || s->blocks > SHAPE_BLOCKS_MAX || !s->hidden ||
	     !s->heads || !s->kv_heads || s->heads % s->kv_heads || !s->head_dim || !s->vocab ||
	     s->rotary_dim % 2 || s->rotary_dim > s->head_dim ||
	     s->experts_per_token > s->experts ||
	     (s->rope && !(d.pattern.rope[0].kind && d.pattern.rope[0].numbers.theta > 0))))
		__builtin_trap();
	json_free(config);
	return 0;
}
