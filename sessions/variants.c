#include "sessions/variants.h"

const struct variant variants[] = {
#define VARIANT(name, method, bits) { name, method, bits },
#include "sessions/variants.def"
#undef VARIANT
	{ 0 },
};

static enum err
set(struct layer_setting *setting, const char *name, double value)
{
	int index = param_find(setting->method->params, name);

	if (index < 0)
		return OK;
	setting->params.v[index] = value;
	return param_check(&setting->method->params[index], value);
}

enum err
variant_recipe(struct recipe *out, const struct variant *variant, int group_size,
	       const struct calibration_setting *calibration)
{
	enum err code = OK;

	recipe_init(out);
	out->has_fallback = true;
	out->calibration = *calibration;
	out->fallback.method = quantizer_find(variant->method);
	if (!out->fallback.method)
		return err_at(ERR_UNSUPPORTED, NULL, variant->method,
			      "this build lacks the method");
	param_defaults(&out->fallback.params, out->fallback.method->params);
	if (variant->bits)
		code = set(&out->fallback, "bits", variant->bits);
	return code ? code : set(&out->fallback, "group_size", group_size);
}
