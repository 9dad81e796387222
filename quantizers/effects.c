/* Effects on activations that depend on nothing but the activations. */
#include "quantizers/effects.h"

#include "kernels/kernels.h"

const char *const effects_names[] = { "none", "int8_token", NULL };

enum { CHUNK = 1024 };

/* Dynamic symmetric int8: s = max |x| / 127 for each token, x = clamp(rint(x / s), -127, 127) s. A
 * token of zeros stays as it is. */
static void
int8_token(const struct activation_effect *effect, float *x, size_t tokens, size_t columns)
{
	const struct kernels *kernels = kernels_current();
	uint8_t codes[CHUNK];

	(void)effect;
	for (size_t token = 0; token < tokens; token++, x += columns) {
		float scale = kernels->absmax(x, columns) / 127.0f;
		struct grid grid = { scale, 127.0f, 254.0f };

		for (size_t c = 0; scale > 0.0f && c < columns; c += CHUNK)
			kernels->quantize(codes, x + c, x + c,
					  columns - c < CHUNK ? columns - c : CHUNK, grid);
	}
}

static const struct activation_effect effect_int8_token = { .name = "int8_token",
							    .apply = int8_token };

const struct activation_effect *
effects_find(size_t choice)
{
	static const struct activation_effect *const effects[] = { NULL, &effect_int8_token };

	return choice < sizeof(effects) / sizeof(effects[0]) ? effects[choice] : NULL;
}
