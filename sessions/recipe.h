#ifndef SESSIONS_RECIPE_H
#define SESSIONS_RECIPE_H

#include "core/model.h"
#include "quantizers/quantizer.h"

/* How a whole model is quantized (qscope.recipe/1): a default, rules of which later ones win, and
 * the calibration they were or will be taken with. `head`, `embed`, `pos_embed` and routers are
 * kept unless a rule names them. Read from JSON with every key checked; written with all parameters
 * spelled out. */
struct layer_setting {
	const struct quantizer *method; /* NULL: keep the layer as it is */
	struct param_values params;
};

struct recipe_rule {
	char match[256]; /* pattern on layer names: text_match */
	struct layer_setting setting;
};

enum {
	CALIBRATION_SEQUENCES = 64,
	CALIBRATION_LENGTH = 256, /* 16,384 tokens in all */
	CALIBRATION_SEQUENCES_MAX = 1 << 20,
	CALIBRATION_LENGTH_MAX = 1 << 20,
};

struct calibration_setting {
	char text[512]; /* a shipped text's name or a path; "" for none */
	char sha256[HASH_HEX];
	char field[64]; /* of a .jsonl */
	size_t sequences, length;
	uint64_t seed;
	bool propagated; /* statistics through the quantized upstream; false: the original model */
};

struct recipe {
	char architecture[64], identity[HASH_HEX], sha256[HASH_HEX];
	struct calibration_setting calibration;
	struct layer_setting fallback; /* "default" */
	bool has_fallback;
	struct recipe_rule *rules;
	size_t rule_count, rule_capacity;
	char numeric_profile[256];
	char version[32], date[32], notes[512];
};

void recipe_init(struct recipe *recipe);
void recipe_clear(struct recipe *recipe); /* frees what it holds */
enum err recipe_copy(struct recipe *out, const struct recipe *from);

enum err recipe_read(struct recipe *out, const char *path);
enum err recipe_parse(struct recipe *out, const char *text, size_t length, const char *path);
enum err recipe_text(char **out,
		     const struct recipe *recipe); /* pretty JSON, owned by the caller */
enum err recipe_hash(char out[HASH_HEX], const struct recipe *recipe);

/* Members that others write into their own objects: {"name":value,...} of every parameter, and one
 * rule or default as read from JSON. */
struct json_out;
struct json_in;
void recipe_params_out(struct json_out *json, const char *key, const struct layer_setting *setting);
void recipe_out(struct json_out *json, const char *key, const struct recipe *recipe);
enum err recipe_in(struct recipe *out, const struct json_in *object); /* cleared on failure */
enum err recipe_setting_in(struct layer_setting *out, const struct json_in *object);
void recipe_calibration_out(struct json_out *json, const char *key,
			    const struct calibration_setting *calibration);

/* "bits=4", checked against the method's parameters. */
enum err recipe_assign(struct layer_setting *setting, const char *assignment);

/* "rtn bits=3 group_size=128 symmetric=false ...": method and parameters in one line. */
void recipe_describe(char *out, size_t capacity, const struct layer_setting *setting);

/* Append a rule; a rule with the same pattern is replaced in place and moved to the end. */
enum err recipe_set(struct recipe *recipe, const char *match, const struct layer_setting *setting);

/* What becomes of one layer. A pattern is tried on the uniform name and the checkpoint's own; for
 * `head`, `embed`, `pos_embed` and routers the last component of it must be spelled out. */
struct layer_setting recipe_resolve(const struct recipe *recipe, const struct model *model,
				    int layer);

/* Which rule decides it: an index, -1 for the default, -2 for none. */
int recipe_rule_of(const struct recipe *recipe, const struct model *model, int layer);
bool recipe_rule_matches(const struct recipe_rule *rule, const struct model *model, int layer);

#endif
