/* The papers' protocol (GPTQ, AWQ and their successors): whole windows as long as the model's
 * context, at most 2048, everything but the first token scored. */
#include "core/evaluation.h"

const struct protocol protocol_window = {
	.name = "window",
	.help = "windows of the model's context, at most 2048, without BOS; all but the first "
		"token are scored",
};
