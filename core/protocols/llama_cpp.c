/* llama.cpp's llama-perplexity: the second half of each window is scored, so that every prediction
 * has seen at least half a window. */
#include "core/evaluation.h"

const struct protocol protocol_llama_cpp = {
	.name = "llama.cpp",
	.help = "windows of 512 that begin with BOS where the tokenizer adds one; the second half "
		"is scored",
	.context = 512,
	.bos_overwrites = true,
	.second_half = true,
};
