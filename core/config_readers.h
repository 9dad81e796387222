#ifndef CORE_CONFIG_READERS_H
#define CORE_CONFIG_READERS_H

#include "core/config.h"

/* What a table of keys cannot say: readers that a family's entry names, run in its order once its
 * keys are read. Those that follow suit several families; one family's oddity is a function in that
 * family's own file. */

/* rope_parameters (today), rope_scaling, rope_theta and their kin; sets rotary_dim. Every family
 * with shape.rope has it. */
enum err config_rope(const struct config_reading *reading);

/* Which blocks slide over `window` tokens. Where the config has "layer_types", that decides. */
enum err config_windows_all(
	const struct config_reading *reading); /* every block, when there is a window */
enum err config_windows_used(
	const struct config_reading *reading); /* every block, when use_sliding_window says so */
enum err config_windows_above(
	const struct config_reading *reading); /* then: from block max_window_layers on */
enum err config_windows_below(const struct config_reading *reading); /* then: every other block
									before max_window_layers */
enum err config_windows_others(
	const struct config_reading *reading); /* every other block, the first included */
enum err config_windows_pattern(
	const struct config_reading *reading); /* all but each sliding_window_pattern-th */
enum err config_windows_unroped(const struct config_reading *reading); /* those that have no RoPE,
									  when use_sliding_window */

enum err config_no_rope(const struct config_reading
				*reading); /* no_rope_layers or no_rope_layer_interval: SmolLM3 */

/* Which blocks have experts. */
enum err config_experts_all(const struct config_reading *reading);
enum err config_experts_stepped(
	const struct config_reading *reading); /* decoder_sparse_step, mlp_only_layers: Qwen */

enum err config_embed_sqrt(
	const struct config_reading *reading); /* embeddings times the root of their width: Gemma */
enum err config_query_scalar(
	const struct config_reading *reading); /* scores times query_pre_attn_scalar^-1/2 */

#endif
