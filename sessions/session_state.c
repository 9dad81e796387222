/* Between a session on disk and the open workspace. */
#include "sessions/session_file.h"

#include "core/buf.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum err
steps_from(struct session *out, const struct workspace *workspace)
{
	size_t count = workspace_history(workspace, &out->at, &out->other);
	enum err code = OK;

	out->steps = buf_alloc(count ? count : 1, sizeof(*out->steps));
	if (!out->steps)
		return ERR_NOMEM;
	for (size_t i = 0; i < count && !code; i++) {
		snprintf(out->steps[i].label, sizeof(out->steps[i].label), "%s",
			 workspace_history_label(workspace, i));
		code = recipe_copy(&out->steps[i].recipe, workspace_history_recipe(workspace, i));
		out->step_count += !code;
	}
	return code;
}

static enum err
layers_from(struct session *out, const struct workspace *workspace)
{
	const struct model *model = workspace_model(workspace);

	out->layers = buf_alloc(model->layer_count, sizeof(*out->layers));
	if (!out->layers)
		return ERR_NOMEM;
	for (size_t i = 0; i < model->layer_count; i++) {
		const struct layer_result *result = workspace_layer(workspace, (int)i)->result;
		struct session_layer *layer = &out->layers[out->layer_count];

		if (!result)
			continue;
		snprintf(layer->name, sizeof(layer->name), "%s", model->layers[i].name);
		recipe_describe(layer->setting, sizeof(layer->setting), &result->setting);
		layer->bits = result->bits_per_weight;
		layer->weight_error = result->measurement->relative;
		layer->output_error = result->measurement->has_output
					      ? result->measurement->output.relative
					      : NAN;
		out->layer_count++;
	}
	return OK;
}

static enum err
texts_from(struct session *out, const struct workspace *workspace)
{
	size_t count = workspace_text_count(workspace);

	out->texts = buf_alloc(count ? count : 1, sizeof(*out->texts));
	if (!out->texts)
		return ERR_NOMEM;
	for (size_t i = 0; i < count && i < SESSION_TEXTS_MAX; i++) {
		const struct text_state *from = workspace_text(workspace, i);
		struct session_text *to = &out->texts[out->text_count++];

		snprintf(to->name, sizeof(to->name), "%s", from->name);
		snprintf(to->sha256, sizeof(to->sha256), "%s", from->sha256);
		to->has = from->state == RESULT_READY;
		to->scored = from->result.scored;
		to->baseline = from->result.baseline.mean;
		to->current = from->result.current.mean;
		to->delta = from->result.delta.mean;
		to->delta_se = from->result.delta.se;
		to->kl = from->result.kl_mean;
		to->top1 = from->result.top1_share;
	}
	return OK;
}

/* A session may be opened from another folder: the model by its whole path. */
static void
whole_path(char *out, size_t capacity, const char *path)
{
	char *real = path[0] ? realpath(path, NULL) : NULL;

	snprintf(out, capacity, "%s", real ? real : path);
	free(real);
}

enum err
session_from(struct session *out, struct workspace *workspace)
{
	const struct model *model = workspace_model(workspace);
	const struct eval_setting *protocol = workspace_protocol(workspace);
	enum err code;

	memset(out, 0, sizeof(*out));
	if (!model)
		return err_set(ERR_USAGE, "no model is open; there is nothing to save");
	whole_path(out->model, sizeof(out->model), workspace_model_path(workspace));
	snprintf(out->identity, sizeof(out->identity), "%s", model->identity);
	snprintf(out->sha256, sizeof(out->sha256), "%s", workspace_model_sha256(workspace));
	snprintf(out->selection, sizeof(out->selection), "%s",
		 model->layers[workspace_selected(workspace)].name);
	snprintf(out->protocol, sizeof(out->protocol), "%s", protocol->protocol->name);
	out->context = protocol->context;
	out->tokens = protocol->max_tokens;
	out->manual = workspace_manual(workspace);
	code = steps_from(out, workspace);
	if (!code)
		code = layers_from(out, workspace);
	if (!code)
		code = texts_from(out, workspace);
	if (code)
		session_clear(out);
	return code;
}

static enum err
restore_history(struct workspace *workspace, const struct session *session)
{
	struct workspace_step *steps = buf_alloc(session->step_count + 1, sizeof(*steps));
	enum err code;

	if (!steps)
		return ERR_NOMEM;
	for (size_t i = 0; i < session->step_count; i++)
		steps[i] = (struct workspace_step){ session->steps[i].label,
						    &session->steps[i].recipe };
	code = workspace_restore(workspace, steps, session->step_count, session->at,
				 session->other);
	buf_free(steps);
	return code;
}

enum err
session_into(struct workspace *workspace, const struct session *session, bool *changed)
{
	const struct model *model = workspace_model(workspace);
	struct eval_setting protocol = *workspace_protocol(workspace);
	int layer;
	enum err code;

	*changed = false;
	if (!model)
		return err_set(ERR_USAGE, "no model is open");
	*changed = session->identity[0] && strcmp(session->identity, model->identity) != 0;
	if (session->protocol[0] && protocol_find(session->protocol))
		protocol.protocol = protocol_find(session->protocol);
	protocol.context = (size_t)session->context;
	protocol.max_tokens = (size_t)session->tokens;
	workspace_set_protocol(workspace, &protocol);
	workspace_set_manual(workspace, session->manual);
	code = restore_history(workspace, session);
	for (size_t i = 0; i < session->text_count && !code; i++)
		code = workspace_add_text(workspace, session->texts[i].name);
	layer = session->selection[0] ? model_find_layer(model, session->selection) : -1;
	workspace_select(workspace, layer);
	return code;
}
