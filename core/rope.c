#include "core/rope.h"

#include "core/buf.h"
#include "core/json.h"
#include "core/rope_kind.h"
#include "kernels/forward.h"
#include "kernels/kernels.h"

#include <math.h>
#include <string.h>

const struct rope_kind *const rope_kinds[] = {
#define ROPE(name) &rope_##name,
#include "core/ropes.def"
#undef ROPE
	NULL
};

void
rope_set_plain(struct rope_setting *out, double theta, size_t context)
{
	*out = (struct rope_setting){ .kind = &rope_standard,
				      .numbers = { .theta = theta,
						   .factor = 1,
						   .attention_factor = 1,
						   .context = (double)context,
						   .original_context = (double)context } };
}

float
rope_period(double theta, size_t pair, size_t rotary_dim)
{
	float exponent = (float)(2 * pair) / (float)rotary_dim;

	return (float)pow(theta, (double)exponent);
}

enum err
rope_need(double *out, const struct json_document *document, const struct json *object,
	  const char *key, double min, double max)
{
	const struct json *value = json_get(object, key);

	if (!value || value->type == JSON_NULL)
		return err_at(ERR_FORMAT, json_path(document), key,
			      "is missing; this kind of RoPE scaling needs it");
	return json_get_number(out, document, object, key, min, max);
}

enum err
rope_read_factors(double *out, const struct json_document *document, const struct json *object,
		  const char *key, size_t count)
{
	const struct json *list = json_get(object, key), *value;
	size_t i = 0;
	char brief[80];

	if (!list || list->type != JSON_ARRAY || list->length != count)
		return err_at(ERR_FORMAT, json_path(document), key,
			      "must be a list of %zu numbers, one for each pair that RoPE turns",
			      count);
	for (value = list->first; value; value = value->next) {
		if (value->type != JSON_NUMBER || !(value->number > 0) || value->number > 1e6)
			return err_at(ERR_FORMAT, json_path(document), key,
				      "holds %s; every factor must be above 0",
				      json_brief(brief, sizeof(brief), value));
		out[i++] = value->number;
	}
	return OK;
}

enum err
rope_create(struct rope *out, const struct model *model, int which, size_t first, size_t end)
{
	const struct rope_setting *setting = &model->pattern.rope[which];
	size_t half = model->shape.rotary_dim / 2, positions = end - first;
	float *frequency, gain = (float)setting->numbers.attention_factor;

	*out = (struct rope){ .first = first,
			      .end = end,
			      .half = half,
			      .head_dim = model->shape.head_dim,
			      .interleaved = model->shape.rope_interleaved };
	if (!model->shape.rope || !half)
		return OK;
	frequency = buf_alloc(half, sizeof(*frequency));
	out->cosine = buf_alloc(positions * half, sizeof(*out->cosine));
	out->sine = buf_alloc(positions * half, sizeof(*out->sine));
	if (!frequency || !out->cosine || !out->sine) {
		buf_free(frequency);
		rope_free(out);
		return ERR_NOMEM;
	}
	setting->kind->frequencies(frequency, &setting->numbers, model->shape.rotary_dim, end);
	for (size_t p = 0; p < positions; p++) {
		for (size_t i = 0; i < half; i++) {
			double angle = (double)((float)(first + p) * frequency[i]);

			out->cosine[p * half + i] = (float)cos(angle) * gain;
			out->sine[p * half + i] = (float)sin(angle) * gain;
		}
	}
	buf_free(frequency);
	return OK;
}

enum err
rope_stays(bool *out, const struct model *model, int which, size_t length, size_t longer)
{
	const struct rope_setting *setting = &model->pattern.rope[which];
	size_t half = model->shape.rotary_dim / 2;
	float *frequency;

	*out = true;
	if (!setting->kind->by_length || !half)
		return OK;
	if (!(frequency = buf_alloc(2 * half, sizeof(*frequency))))
		return ERR_NOMEM;
	setting->kind->frequencies(frequency, &setting->numbers, 2 * half, length);
	setting->kind->frequencies(frequency + half, &setting->numbers, 2 * half, longer);
	*out = !memcmp(frequency, frequency + half, half * sizeof(*frequency));
	buf_free(frequency);
	return OK;
}

void
rope_free(struct rope *rope)
{
	buf_free(rope->cosine);
	buf_free(rope->sine);
	rope->cosine = rope->sine = NULL;
}

void
rope_apply(const struct rope *rope, float *x, size_t heads, size_t position)
{
	const struct forward_kernels *kernels = kernels_current()->forward;
	const float *cosine, *sine;

	if (!rope->cosine)
		return;
	cosine = rope->cosine + (position - rope->first) * rope->half;
	sine = rope->sine + (position - rope->first) * rope->half;
	for (size_t h = 0; h < heads; h++, x += rope->head_dim) {
		if (rope->interleaved)
			kernels->rotate_pairs(x, cosine, sine, rope->half);
		else
			kernels->rotate(x, x + rope->half, cosine, sine, rope->half);
	}
}
