#ifndef SESSIONS_COMMANDS_EVAL_BANDS_H
#define SESSIONS_COMMANDS_EVAL_BANDS_H

#include "core/loss_bands.h"
#include "sessions/commands/common.h"

/* An evaluation with its losses by the tokens' frequency and position. */

enum err eval_bands_text(struct eval_result *out, struct loss_bands *bands, struct common *common,
			 const struct eval_setting *setting, struct layer_result *const *layers);

/* One table of all texts (count), below an empty line; nothing for none. */
enum err eval_bands_print(struct call *call, const char *const *texts,
			  const struct loss_bands *bands, size_t count);

#endif
