#ifndef QUANTIZERS_EFFECTS_H
#define QUANTIZERS_EFFECTS_H

#include "core/overlay.h"
#include "quantizers/param.h"

/* What a method may do to the input of its layer: the choices of the parameter `activations`. */
extern const char *const effects_names[]; /* ends with NULL; the first is "none" */
const struct activation_effect *effects_find(size_t choice); /* NULL for none */

#define EFFECTS_PARAM                                                                           \
	{                                                                                       \
		.name = "activations", .type = PARAM_CHOICE, .choices = effects_names,          \
		.help = "what happens to the layer's input: int8_token rounds each token to 8 " \
			"bits"                                                                  \
	}

#endif
