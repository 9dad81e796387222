#ifndef TUI_APP_H
#define TUI_APP_H

#include "sessions/workspace.h"
#include "tui/layout.h"
#include "tui/log.h"
#include "tui/models.h"
#include "tui/picker.h"
#include "tui/request.h"
#include "tui/scene.h"
#include "tui/workbench.h"

/* The workbench without its terminal: what it shows and how it reacts. A real terminal and a script
 * drive the same one. */
enum scope_kind {
	SCOPE_KIND_LAYER,
	SCOPE_KIND_BLOCK,
	SCOPE_KIND_MODULE,
	SCOPE_KIND_ALL,
	SCOPE_KIND_PATTERN,
	SCOPE_KIND_COUNT
};

enum { REMEMBERED_MAX = 32 };

struct app {
	struct workspace *workspace;
	struct log log;
	struct layout_request place; /* size, focus, zoom */
	bool ascii, mono;
	bool script, timeless; /* timeless: leave out what the clock says: for screens that are
				  compared */

	int metric; /* index into metrics */
	enum scope_kind scope;
	char pattern[256]; /* of SCOPE_KIND_PATTERN */
	int channel_kind;  /* index into scene_channel_kinds */
	bool channels_by_id;
	bool log_counts, lock_axes;
	int locked_layer; /* whose axis limit is kept; -1: none */
	double locked_limit;
	struct layer_setting remembered[REMEMBERED_MAX]; /* set last, by method; the newest last */
	int remembered_count;
	int knob, text_row, log_back; /* cursors; log_back: lines scrolled back */

	char echo[300];    /* the ':' line equal to the last key */
	char message[400]; /* of the last request or command */
	enum role message_role;
	struct picker help, choice, methods; /* choice: among the models at hand */
	struct models *models;
	bool replace_unsaved; /* the next model opened takes the place of one not saved */
	bool asking_quit, quit, redraw, suspend;
	bool waiting;      /* a script said :wait */
	double wait_limit; /* seconds; 0: until it is done */
	bool dirty;        /* something to draw */

	char session[1024]; /* where the session is saved */
	bool unsaved;
	char restore[1024]; /* a session to restore once its model is open */
	struct scene scene;
};

enum err app_create(struct app **out, const struct workbench_options *options);
void app_free(struct app *app); /* NULL is fine */

void app_resize(struct app *app, int rows, int columns);
void app_key(struct app *app, int32_t key);
void app_poll(struct app *app); /* after the workspace's wake fd */
bool app_busy(struct app *app);

/* A ':' line, the colon optional. What goes wrong is said in the message and the log. */
enum err app_line(struct app *app, const char *line);
void app_say(struct app *app, enum role role, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void app_echo(struct app *app, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* drive.c */
void app_request(struct app *app, enum request request);
void app_focus(struct app *app, enum view_id view);
void app_try(struct app *app, enum err code); /* say the error, if it is one */

/* frame.c: the whole screen; the cursor's place, row -1 when it is hidden. */
struct frame_cursor {
	int row, column;
};
struct frame_cursor frame_draw(struct app *app, struct canvas *canvas);

/* help.c: the overlay */
void help_open(struct app *app);
void help_key(struct app *app, int32_t key);
void help_draw(struct app *app, struct canvas *canvas, struct rect at);

/* app_session.c */
enum err app_save_session(struct app *app, const char *path); /* NULL: where it was */
enum err app_open_session(struct app *app, const char *path);
/* A model by any name of its; once it is open, the present one is saved and gives way. `unsaved`:
 * without being saved. What cannot be opened changes nothing. */
enum err app_open_model(struct app *app, const char *name, bool unsaved);
enum err app_before_replace(void *ctx);    /* of the workspace: saves */
void app_restore_pending(struct app *app); /* once the session's model is open */
void app_autosave(struct app *app);        /* when a change is complete */

/* app_command.c */
const struct command *app_command_at(size_t index); /* workbench commands, then headless ones */
/* The workbench's own command's call: `app` is found from the call. */
struct app_call {
	struct call call; /* first */
	struct app *app;
};
static inline struct app *
app_of(struct call *call)
{
	return ((struct app_call *)call)->app;
}

#endif
