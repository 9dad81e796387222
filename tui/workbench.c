/* The loop: keys, jobs and signals in one poll; a frame when something changed, at most 30 times a
 * second. When nothing runs there is no timer, so idling costs nothing. */
#include "tui/workbench.h"

#include "core/buf.h"
#include "core/jobs.h"
#include "tui/app.h"
#include "tui/guard.h"
#include "tui/prompt.h"
#include "tui/term.h"

#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PROGRESS_MS = 200 };

struct loop {
	struct app *app;
	struct term *term;
	struct canvas *canvas;
	int log_fd;
	double frame, last; /* least seconds between frames; when the last was drawn */
	int signal;         /* that ended it, or 0 */
};

/* Signals are for the thread that polls: workers inherit a mask without them. */
static void
mask_signals(int how)
{
	static const int numbers[] = { SIGTERM,  SIGHUP,  SIGINT,  SIGQUIT,
				       SIGWINCH, SIGTSTP, SIGCONT, SIGPIPE };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigaddset(&set, numbers[i]);
	pthread_sigmask(how, &set, NULL);
}

static void
draw(struct loop *loop)
{
	struct term *term = loop->term;
	struct frame_cursor cursor;

	if (!loop->canvas || loop->canvas->rows != term->rows ||
	    loop->canvas->columns != term->columns) {
		canvas_free(loop->canvas);
		if (canvas_create(&loop->canvas, term->rows, term->columns, term->ascii,
				  term->mono)) {
			loop->canvas = NULL;
			return;
		}
	}
	loop->app->dirty = false;
	cursor = frame_draw(loop->app, loop->canvas);
	term->kind->show(term, loop->canvas, cursor.row, cursor.column);
	loop->last = jobs_now();
}

/* Milliseconds until there is something to draw; -1: only when something happens. */
static int
timeout(struct loop *loop)
{
	double left = loop->last + loop->frame - jobs_now();

	if (loop->app->dirty)
		return left > 0 ? (int)ceil(left * 1000) : 0;
	return app_busy(loop->app) ? PROGRESS_MS : -1;
}

static void
resize(struct loop *loop)
{
	loop->term->kind->resize(loop->term);
	app_resize(loop->app, loop->term->rows, loop->term->columns);
}

static void
take_signals(struct loop *loop)
{
	int number;

	while ((number = guard_next())) {
		if (number == SIGWINCH) {
			resize(loop);
		} else if (number == SIGTSTP) {
			loop->app->suspend = true;
		} else if (number == SIGCONT) {
			loop->term->kind->redraw(loop->term);
			resize(loop);
		} else {
			loop->signal = number;
		}
	}
}

static void
take_keys(struct loop *loop)
{
	int32_t key;

	while ((key = loop->term->kind->read(loop->term)) != INPUT_NONE && !loop->app->quit)
		app_key(loop->app, key);
}

static void
obey(struct loop *loop)
{
	struct app *app = loop->app;

	if (app->redraw)
		loop->term->kind->redraw(loop->term);
	if (app->suspend) {
		loop->term->kind->suspend(loop->term);
		resize(loop);
	}
	app->redraw = app->suspend = false;
}

static void
run(struct loop *loop)
{
	struct pollfd fds[5] = { { .fd = loop->term->fd, .events = POLLIN },
				 { .fd = workspace_wake_fd(loop->app->workspace),
				   .events = POLLIN },
				 { .fd = guard_fd(), .events = POLLIN },
				 { .fd = loop->log_fd, .events = POLLIN },
				 { .fd = models_wake_fd(loop->app->models), .events = POLLIN } };

	while (!loop->app->quit && !loop->signal) {
		int wait = timeout(loop), ready;

		ready = poll(fds, 5, wait);
		if (ready > 0 && fds[0].revents & (POLLHUP | POLLERR | POLLNVAL))
			loop->signal = SIGHUP; /* the terminal is gone */
		take_signals(loop);
		if (ready > 0 && (fds[1].revents || fds[4].revents))
			app_poll(loop->app);
		if (ready > 0 && fds[3].revents) {
			capture_read(&loop->app->log);
			loop->app->dirty = true;
		}
		take_keys(loop); /* curses may hold keys that poll cannot see */
		obey(loop);
		if (ready == 0 && wait == PROGRESS_MS)
			loop->app->dirty = true;
		if (loop->app->dirty && jobs_now() - loop->last >= loop->frame)
			draw(loop);
		app_autosave(loop->app);
	}
}

static enum err
start(struct loop *loop, const struct workbench_options *options)
{
	struct term_options term = { .ascii = options->ascii,
				     .no_color = options->no_color,
				     .light = options->light };
	enum err code;

	mask_signals(SIG_BLOCK);
	code = app_create(&loop->app, options);
	if (!code)
		code = term_curses_open(&loop->term, &term);
	mask_signals(SIG_UNBLOCK);
	if (code)
		return code;
	signal(SIGPIPE, SIG_IGN);
	loop->log_fd = capture_start();
	loop->app->ascii = loop->term->ascii;
	loop->app->mono = loop->term->mono;
	loop->frame = getenv("SSH_CONNECTION") ? 0.1 : 1.0 / 30;
	app_resize(loop->app, loop->term->rows, loop->term->columns);
	if (loop->term->note[0])
		log_add(&loop->app->log, LOG_NOTE, loop->term->note);
	return OK;
}

enum err
workbench_main(int *status, const struct workbench_options *options)
{
	struct loop loop = { .log_fd = -1 };
	enum err code = start(&loop, options);

	*status = 0;
	if (!code) {
		run(&loop);
		if (loop.app->unsaved)
			(void)app_save_session(loop.app, NULL);
	}
	if (loop.term) {
		loop.term->kind->close(loop.term);
		capture_stop();
	}
	canvas_free(loop.canvas);
	app_free(loop.app);
	if (loop.signal) { /* as whoever sent it expects */
		signal(loop.signal, SIG_DFL);
		raise(loop.signal);
	}
	return code;
}
