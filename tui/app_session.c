/* Saving and restoring what is open, and what was looked at. */
#include "tui/app.h"

#include "sessions/session_file.h"
#include "tui/knob.h"
#include "sessions/picture.h"
#include "sessions/places.h"

#include <stdio.h>
#include <string.h>

/* Under the model's name and the beginning of its identity. */
static enum err
default_path(char *out, size_t capacity, const struct app *app)
{
	const struct model *model = workspace_model(app->workspace);
	const char *path = workspace_model_path(app->workspace);
	const char *slash = strrchr(path, '/');
	char name[300];

	if (!model)
		return err_set(ERR_USAGE, "no model is open; there is nothing to save");
	snprintf(name, sizeof(name), "sessions/%.200s-%.8s.qscope.json",
		 !path[0]            ? "shipped"
		 : slash && slash[1] ? slash + 1
				     : path,
		 model->identity);
	return places_state(out, capacity, name);
}

enum err
app_save_session(struct app *app, const char *path)
{
	struct session session;
	char place[1024];
	enum err code = OK;

	if (path)
		snprintf(place, sizeof(place), "%s", path);
	else if (app->session[0])
		snprintf(place, sizeof(place), "%s", app->session);
	else
		code = default_path(place, sizeof(place), app);
	if (!code)
		code = session_from(&session, app->workspace);
	if (code)
		return code;
	snprintf(session.metric, sizeof(session.metric), "%s", metrics[app->metric].name);
	snprintf(session.scope, sizeof(session.scope), "%s",
		 app->scope == SCOPE_KIND_PATTERN ? app->pattern : knob_scopes[app->scope]);
	code = session_write(&session, place);
	session_clear(&session);
	if (code)
		return code;
	snprintf(app->session, sizeof(app->session), "%s", place);
	app->unsaved = false;
	return OK;
}

void
app_autosave(struct app *app)
{
	if (!app->unsaved || app->script || !workspace_model(app->workspace) || app_busy(app))
		return;
	app->unsaved = false; /* said once, not after every key */
	app_try(app, app_save_session(app, NULL));
}

enum err
app_before_replace(void *ctx)
{
	struct app *app = ctx;
	bool unsaved = app->replace_unsaved || app->script || !app->unsaved;
	enum err code = unsaved ? OK : app_save_session(app, NULL);

	app->replace_unsaved = false;
	if (code) {
		struct err_detail detail = *err_last();

		return err_set(code,
			       "the open model stays, since its session cannot be saved (%.200s: "
			       "%.300s); :open --unsaved opens without saving",
			       detail.file, detail.message);
	}
	return OK;
}

enum err
app_open_model(struct app *app, const char *name, bool unsaved)
{
	enum err code = workspace_open(app->workspace, name);

	if (code)
		return code;
	app->restore[0] = '\0';
	app->replace_unsaved = unsaved;
	return OK;
}

/* Read twice: now for what is wrong with it, and again once its model is open. */
enum err
app_open_session(struct app *app, const char *path)
{
	struct session session;
	enum err code = session_read(&session, path);

	if (code)
		return code;
	if (strlen(path) >= sizeof(app->restore)) {
		session_clear(&session);
		return err_at(ERR_RANGE, path, NULL, "the path is too long; use a shorter one");
	}
	code = workspace_open(app->workspace, session.model[0] ? session.model : NULL);
	session_clear(&session);
	if (!code)
		snprintf(app->restore, sizeof(app->restore), "%s", path);
	return code;
}

static void
restore_looks(struct app *app, const struct session *session)
{
	const struct metric *metric = metric_find(session->metric);

	if (metric)
		app->metric = (int)(metric - metrics);
	app->scope = SCOPE_KIND_ALL;
	for (int i = 0; i < SCOPE_KIND_PATTERN; i++)
		if (!strcmp(session->scope, knob_scopes[i])) {
			app->scope = (enum scope_kind)i;
			return;
		}
	if (session->scope[0]) {
		snprintf(app->pattern, sizeof(app->pattern), "%s", session->scope);
		app->scope = SCOPE_KIND_PATTERN;
	}
}

void
app_restore_pending(struct app *app)
{
	struct session session;
	bool changed = false;
	enum err code;

	if (!app->restore[0])
		return;
	code = session_read(&session, app->restore);
	if (!code) {
		code = session_into(app->workspace, &session, &changed);
		restore_looks(app, &session);
		session_clear(&session);
	}
	if (!code)
		snprintf(app->session, sizeof(app->session), "%s", app->restore);
	if (changed) {
		log_add(&app->log, LOG_ERROR,
			"the model has changed since this session was saved; "
			"its figures are computed anew");
		app_say(app, ROLE_WARN,
			"the model has changed since this session was saved; its "
			"figures are computed anew");
	}
	app->restore[0] = '\0';
	app_try(app, code);
}
