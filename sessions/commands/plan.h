#ifndef SESSIONS_COMMANDS_PLAN_H
#define SESSIONS_COMMANDS_PLAN_H

#include "sessions/commands/common.h"
#include "sessions/forecast.h"

/* What --dry-run prints (qscope.plan/1): what would be read, computed and written. */
struct plan;

struct plan *plan_create(struct call *call); /* NULL is fine below: no memory */
void plan_read(struct plan *plan, const char *path, uint64_t bytes);
void plan_compute(struct plan *plan, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void plan_write(struct plan *plan, const char *path, uint64_t bytes);

void plan_model(struct plan *plan, const struct engine *engine);
enum err plan_calibration(struct plan *plan, struct engine *engine,
			  const struct calibration_setting *calibration);
enum err plan_recipe(struct plan *plan, struct engine *engine, const struct recipe *recipe);

/* What all of it takes, with the time at the rates of this moment. */
enum err plan_forecast(struct plan *plan, const struct forecast *forecast, const struct work *work);

/* Before a job starts: ERR_NOMEM or ERR_IO in one line where memory or disk cannot hold it, and for
 * a large model a few lines of narration that say what it will take. */
enum err plan_announce(struct call *call, const struct forecast *forecast, const struct work *work);

/* The same of one layer, or of every layer of a recipe. */
enum err plan_announce_layer(struct call *call, struct common *common, int layer,
			     const struct layer_setting *setting,
			     const struct calibration_setting *calibration);
enum err plan_announce_recipe(struct call *call, struct common *common,
			      const struct recipe *recipe);

/* Prints and frees; with a `code` that is not OK it only frees and returns that. */
enum err plan_finish(struct plan *plan, enum err code);

#endif
