/* config.json of any bytes: what is accepted is a shape whose products fit. */
#include "fuzz/fuzz.h"

#include "core/architecture.h"
#include "core/json.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct architecture *architecture;
	struct json_document *config;
	struct model_shape s;

	if (json_parse(&config, (const char *)data, size, "config.json"))
		return 0;
	if (!config_describe(&s, &architecture, config) &&
	    (!s.blocks || !s.hidden || !s.heads || !s.kv_heads || s.heads % s.kv_heads ||
	     s.head_dim % 2 || !s.head_dim || !s.vocab || !(s.rope_theta > 0)))
		__builtin_trap();
	json_free(config);
	return 0;
}
