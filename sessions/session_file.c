#include "sessions/session_file.h"

#include "core/buf.h"
#include "core/file.h"
#include "sessions/json_in.h"
#include "sessions/json_out.h"
#include "sessions/output.h"

#include <math.h>
#include <string.h>

enum { SESSION_LIMIT = 64 << 20 };

static const char schema[] = "qscope.session/1";

void
session_clear(struct session *session)
{
	for (size_t i = 0; i < session->step_count; i++)
		recipe_clear(&session->steps[i].recipe);
	buf_free(session->steps);
	buf_free(session->layers);
	buf_free(session->texts);
	memset(session, 0, sizeof(*session));
}

/* ------------------------------------------------------------------------ writing */

static void
text_or_null(struct json_out *json, const char *key, const char *text)
{
	json_out_text(json, key, text[0] ? text : NULL);
}

static void
head_out(struct json_out *json, const struct session *session)
{
	json_out_object(json, "model");
	text_or_null(json, "path", session->model);
	text_or_null(json, "identity", session->identity);
	text_or_null(json, "sha256", session->sha256);
	json_out_end(json);
	json_out_object(json, "view");
	text_or_null(json, "selection", session->selection);
	text_or_null(json, "metric", session->metric);
	text_or_null(json, "scope", session->scope);
	json_out_end(json);
	json_out_object(json, "evaluation");
	text_or_null(json, "protocol", session->protocol);
	json_out_count(json, "context", session->context);
	json_out_count(json, "tokens", session->tokens);
	json_out_bool(json, "manual", session->manual);
	json_out_end(json);
}

static void
history_out(struct json_out *json, const struct session *session)
{
	json_out_object(json, "history");
	json_out_count(json, "at", session->at);
	json_out_count(json, "other", session->other);
	json_out_array(json, "steps");
	for (size_t i = 0; i < session->step_count; i++) {
		json_out_object(json, NULL);
		json_out_text(json, "label", session->steps[i].label);
		recipe_out(json, "recipe", &session->steps[i].recipe);
		json_out_end(json);
	}
	json_out_end(json);
	json_out_end(json);
}

static void
layers_out(struct json_out *json, const struct session *session)
{
	json_out_array(json, "layers");
	for (size_t i = 0; i < session->layer_count; i++) {
		const struct session_layer *layer = &session->layers[i];

		json_out_object(json, NULL);
		json_out_text(json, "name", layer->name);
		json_out_text(json, "setting", layer->setting);
		json_out_number(json, "bits", layer->bits);
		json_out_number(json, "weight_error", layer->weight_error);
		json_out_number(json, "output_error", layer->output_error);
		json_out_end(json);
	}
	json_out_end(json);
}

static void
texts_out(struct json_out *json, const struct session *session)
{
	json_out_array(json, "texts");
	for (size_t i = 0; i < session->text_count; i++) {
		const struct session_text *text = &session->texts[i];

		json_out_object(json, NULL);
		json_out_text(json, "name", text->name);
		text_or_null(json, "sha256", text->sha256);
		if (text->has) {
			json_out_count(json, "scored", text->scored);
			json_out_number(json, "baseline", text->baseline);
			json_out_number(json, "current", text->current);
			json_out_number(json, "delta", text->delta);
			json_out_number(json, "delta_se", text->delta_se);
			json_out_number(json, "kl", text->kl);
			json_out_number(json, "top1", text->top1);
		}
		json_out_end(json);
	}
	json_out_end(json);
}

enum err
session_text(char **out, const struct session *session)
{
	struct json_out *json = json_out_start(schema);

	head_out(json, session);
	history_out(json, session);
	json_out_object(json, "results");
	layers_out(json, session);
	texts_out(json, session);
	json_out_end(json);
	json_out_text(json, "version", build_version());
	return json_out_finish(out, json, JSON_PRETTY);
}

enum err
session_write(const struct session *session, const char *path)
{
	char *text = NULL;
	enum err code = session_text(&text, session);

	if (!code)
		code = file_write(path, text, strlen(text), true);
	buf_free(text);
	return code;
}

/* ------------------------------------------------------------------------ reading */

static enum err
model_in(struct session *out, const struct json_in *root)
{
	static const char *const keys[] = { "path", "identity", "sha256", NULL };
	struct json_in in = json_in_member(root, "model");
	enum err code = json_in_keys(&in, keys);

	if (!code)
		code = json_in_text(out->model, sizeof(out->model), &in, "path");
	if (!code)
		code = json_in_text(out->identity, sizeof(out->identity), &in, "identity");
	return code ? code : json_in_text(out->sha256, sizeof(out->sha256), &in, "sha256");
}

static enum err
view_in(struct session *out, const struct json_in *root)
{
	static const char *const keys[] = { "selection", "metric", "scope", NULL };
	struct json_in in = json_in_member(root, "view");
	enum err code = in.value ? json_in_keys(&in, keys) : OK;

	if (code || !in.value)
		return code;
	code = json_in_text(out->selection, sizeof(out->selection), &in, "selection");
	if (!code)
		code = json_in_text(out->metric, sizeof(out->metric), &in, "metric");
	return code ? code : json_in_text(out->scope, sizeof(out->scope), &in, "scope");
}

static enum err
evaluation_in(struct session *out, const struct json_in *root)
{
	static const char *const keys[] = { "protocol", "context", "tokens", "manual", NULL };
	struct json_in in = json_in_member(root, "evaluation");
	enum err code = in.value ? json_in_keys(&in, keys) : OK;

	if (code || !in.value)
		return code;
	code = json_in_text(out->protocol, sizeof(out->protocol), &in, "protocol");
	if (!code)
		code = json_in_count(&out->context, &in, "context", 1 << 24);
	if (!code)
		code = json_in_count(&out->tokens, &in, "tokens", UINT32_MAX);
	return code ? code : json_in_bool(&out->manual, &in, "manual");
}

static enum err
step_in(struct session_step *out, const struct json_in *in)
{
	static const char *const keys[] = { "label", "recipe", NULL };
	struct json_in recipe = json_in_member(in, "recipe");
	enum err code = json_in_keys(in, keys);

	if (!code)
		code = json_in_text(out->label, sizeof(out->label), in, "label");
	if (!code && !recipe.value)
		code = json_in_refuse(in, ERR_FORMAT, "a step without its recipe");
	return code ? code : recipe_in(&out->recipe, &recipe);
}

/* Room for as many elements as the array has, at most `most`. */
static enum err
room(void *array, size_t size, const struct json_in *in, size_t most)
{
	size_t count = json_in_length(in);

	if (count > most)
		return json_in_refuse(in, ERR_RANGE, "%zu elements; at most %zu", count, most);
	return (*(void **)array = buf_alloc(count ? count : 1, size)) ? OK : ERR_NOMEM;
}

static enum err
places_in(struct session *out, const struct json_in *in)
{
	uint64_t at = 0, other = 0;
	enum err code = json_in_count(&at, in, "at", SESSION_STEPS_MAX);

	if (!code)
		code = json_in_count(&other, in, "other", SESSION_STEPS_MAX);
	if (!code && (at >= out->step_count || other >= out->step_count))
		code = json_in_refuse(in, ERR_RANGE, "step %llu of %zu",
				      (unsigned long long)(at > other ? at : other),
				      out->step_count);
	out->at = (size_t)at;
	out->other = (size_t)other;
	return code;
}

static enum err
history_in(struct session *out, const struct json_in *root)
{
	static const char *const keys[] = { "at", "other", "steps", NULL };
	struct json_in in = json_in_member(root, "history"), steps;
	enum err code = json_in_keys(&in, keys);

	if (!code)
		code = json_in_array(&in, "steps", &steps);
	if (!code)
		code = room(&out->steps, sizeof(*out->steps), &steps, SESSION_STEPS_MAX);
	for (size_t i = 0; !code && i < json_in_length(&steps); i++) {
		struct json_in element = json_in_element(&steps, i);

		code = step_in(&out->steps[i], &element);
		out->step_count += !code;
	}
	return code ? code : places_in(out, &in);
}

static enum err
layer_in(struct session_layer *out, const struct json_in *in)
{
	static const char *const keys[] = { "name",         "setting",      "bits",
					    "weight_error", "output_error", NULL };
	enum err code = json_in_keys(in, keys);

	out->bits = out->weight_error = out->output_error = NAN;
	if (!code)
		code = json_in_text(out->name, sizeof(out->name), in, "name");
	if (!code)
		code = json_in_text(out->setting, sizeof(out->setting), in, "setting");
	if (!code)
		code = json_in_number(&out->bits, in, "bits");
	if (!code)
		code = json_in_number(&out->weight_error, in, "weight_error");
	return code ? code : json_in_number(&out->output_error, in, "output_error");
}

static enum err
figures_in(struct session_text *out, const struct json_in *in)
{
	double *const values[] = { &out->baseline, &out->current, &out->delta,
				   &out->delta_se, &out->kl,      &out->top1 };
	static const char *const names[] = { "baseline", "current", "delta",
					     "delta_se", "kl",      "top1" };
	enum err code = json_in_count(&out->scored, in, "scored", UINT64_MAX);

	for (size_t i = 0; !code && i < sizeof(values) / sizeof(values[0]); i++) {
		*values[i] = NAN;
		code = json_in_number(values[i], in, names[i]);
	}
	return code;
}

static enum err
text_in(struct session_text *out, const struct json_in *in)
{
	static const char *const keys[] = { "name",  "sha256",   "scored", "baseline", "current",
					    "delta", "delta_se", "kl",     "top1",     NULL };
	enum err code = json_in_keys(in, keys);

	if (!code)
		code = json_in_text(out->name, sizeof(out->name), in, "name");
	if (!code)
		code = json_in_text(out->sha256, sizeof(out->sha256), in, "sha256");
	out->has = !code && json_in_member(in, "scored").value;
	return code || !out->has ? code : figures_in(out, in);
}

static enum err
results_in(struct session *out, const struct json_in *root)
{
	static const char *const keys[] = { "layers", "texts", NULL };
	struct json_in in = json_in_member(root, "results"), list;
	enum err code = in.value ? json_in_keys(&in, keys) : OK;

	if (code || !in.value)
		return code;
	code = json_in_array(&in, "layers", &list);
	if (!code)
		code = room(&out->layers, sizeof(*out->layers), &list, SESSION_LAYERS_MAX);
	for (size_t i = 0; !code && i < json_in_length(&list); i++, out->layer_count++) {
		struct json_in element = json_in_element(&list, i);

		code = layer_in(&out->layers[i], &element);
	}
	if (!code)
		code = json_in_array(&in, "texts", &list);
	if (!code)
		code = room(&out->texts, sizeof(*out->texts), &list, SESSION_TEXTS_MAX);
	for (size_t i = 0; !code && i < json_in_length(&list); i++, out->text_count++) {
		struct json_in element = json_in_element(&list, i);

		code = text_in(&out->texts[i], &element);
	}
	return code;
}

static enum err
root_in(struct session *out, const struct json_in *root)
{
	static const char *const keys[] = { "schema",  "model",   "view",    "evaluation",
					    "history", "results", "version", NULL };
	char name[64] = "", version[64] = "";
	enum err code = json_in_keys(root, keys);

	if (!code)
		code = json_in_text(name, sizeof(name), root, "schema");
	if (!code && strcmp(name, schema))
		code = json_in_refuse(root, ERR_FORMAT, "schema is \"%s\", not \"%s\"", name,
				      schema);
	if (!code)
		code = json_in_text(version, sizeof(version), root, "version");
	if (!code)
		code = model_in(out, root);
	if (!code)
		code = view_in(out, root);
	if (!code)
		code = evaluation_in(out, root);
	if (!code)
		code = history_in(out, root);
	return code ? code : results_in(out, root);
}

enum err
session_parse(struct session *out, const char *text, size_t length, const char *path)
{
	struct json_in root;
	enum err code;

	memset(out, 0, sizeof(*out));
	code = json_in_parse(&root, text, length, path);
	if (code)
		return code;
	code = root_in(out, &root);
	json_in_free(&root);
	if (code)
		session_clear(out);
	return code;
}

enum err
session_read(struct session *out, const char *path)
{
	char *text = NULL;
	size_t size;
	enum err code = file_read(&text, &size, path, SESSION_LIMIT);

	memset(out, 0, sizeof(*out));
	if (!code)
		code = session_parse(out, text, size, path);
	buf_free(text);
	return code;
}
