#ifndef SESSIONS_COMMANDS_COMMON_H
#define SESSIONS_COMMANDS_COMMON_H

#include "core/evaluation.h"
#include "sessions/command.h"
#include "sessions/engine.h"
#include "sessions/output.h"
#include "sessions/words.h"

/* What several commands share: their model, their settings, their texts. */

/* The engine of the call: the workbench's own when no MODEL is given, else one opened here, which
 * common_close frees. `work` is the call's with the engine's threads. */
struct common {
	struct engine *engine;
	bool own;
	struct work work;
};

enum err common_open(struct common *out, struct call *call, const char *model);
void common_close(struct common *common);

/* ERR_USAGE: "no such WHAT" with the nearest of names (NULL-terminated), else where to look. */
enum err common_refuse(const char *what, const char *name, const char *const *names,
		       const char *see);

/* By name, or so refused. */
enum err common_method(const struct quantizer **out, const char *name);
enum err common_protocol(const struct protocol **out, const char *name); /* NULL: llama.cpp */
enum err common_layer(int *out, const struct engine *engine, const char *name);

/* --method and every --set. */
enum err common_setting(struct layer_setting *out, const struct call *call);
/* --calibration --field --sequences --length --seed --propagated over what `out` holds; settled. */
enum err common_calibration(struct calibration_setting *out, const struct call *call,
			    struct engine *engine);
/* The recipe of --recipe, or of --method and --set as its default; with the calibration as given,
 * else of the recipe, else (where a method needs one) the first shipped text. */
enum err common_recipe(struct recipe *out, const struct call *call, struct engine *engine);

/* Every --text, else every shipped evaluation text. */
enum { COMMON_TEXTS_MAX = 64 };
enum err common_texts(const char *texts[COMMON_TEXTS_MAX], size_t *count, const struct call *call);

/* Does the method take this layer? Before calibration, which takes longer than saying no. */
enum err common_check(const struct layer_setting *setting, const struct engine *engine, int layer);
/* The calibration of one layer's setting: as given, else (where the method needs one) the first
 * shipped text. */
enum err common_one_calibration(struct calibration_setting *out, const struct call *call,
				struct engine *engine, const struct layer_setting *setting);

/* "model":{path,architecture,identity,sha256} */
enum err common_model_out(struct json_out *json, const struct engine *engine);
/* "recipe":{...},"recipe_sha256":"..." or nulls */
enum err common_recipe_out(struct json_out *json, const struct recipe *recipe);

/* Names with a blank behind each, for completion. */
void common_text_names(struct words *words);
void common_task_names(struct words *words);

/* "4x4,096" style of counts for people: 5,242,880. Returns `out`, of 32 bytes or more. */
char *common_count(char *out, uint64_t value);

/* The command's arguments that these read, for their tables. */
#define COMMON_MODEL                                                                     \
	{                                                                                \
		"MODEL", NULL, "model",                                                  \
			"folder, file, or org/name in the Hugging Face cache (default: " \
			"the shipped model)",                                            \
			false, false                                                     \
	}
/* Tell of experts that calibration showed too few tokens; results (model.layer_count), NULL: kept.
 */
void common_warn_experts(struct call *call, const struct engine *engine,
			 struct layer_result *const *results);

#define COMMON_SETTING                                                                           \
	{ "--method", "METHOD", "method", "how to quantize: see qscope methods", false, false }, \
	{                                                                                        \
		"--set", "NAME=VALUE", "param", "a parameter of the method", false, true         \
	}
#define COMMON_PROTOCOL                                                                          \
	{                                                                                        \
		"--protocol", "NAME", "protocol", "how windows are cut and scored", false, false \
	}
#define COMMON_CALIBRATION                                                                          \
	{ "--calibration", "TEXT", "text", "text to calibrate on: a shipped name or a file",        \
	  false,           false },                                                                 \
		{ "--field", "NAME", NULL, "field of each object of a .jsonl text", false, false }, \
		{ "--sequences", "N", NULL, "windows to calibrate on (default 64)", false, false }, \
	{                                                                                           \
		"--length", "N", NULL, "tokens of a window (default 256)", false, false             \
	}

#endif
