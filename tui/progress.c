#include "tui/progress.h"

#include "core/buf.h"
#include "core/jobs.h"
#include "core/text.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const double redraw_seconds = 0.2, line_seconds = 10, quiet_seconds = 0.5;

struct progress {
	const struct work *work;
	bool terminal;
	pthread_t thread;
	pthread_mutex_t lock; /* guards what follows, and stderr */
	pthread_cond_t wake;
	char title[160];
	double started, said; /* of the phase; of the last line, or of the program */
	bool shown, quit;
};

static void
erase(struct progress *progress)
{
	if (progress->shown)
		fputs("\r\033[K", stderr);
	progress->shown = false;
}

static void
estimate_text(char *out, size_t capacity, const struct progress *progress, double now)
{
	uint64_t done = atomic_load(progress->work->done);
	uint64_t total = atomic_load(progress->work->total);
	double passed = now - progress->started, left;

	out[0] = '\0';
	if (!total || done > total)
		return;
	left = done ? passed * (double)(total - done) / (double)done : -1;
	if (left < 0)
		snprintf(out, capacity, "  0 %%");
	else if (left < 100)
		snprintf(out, capacity, "  %.0f %%, about %.0f s left",
			 100.0 * (double)done / (double)total, left + 0.5);
	else
		snprintf(out, capacity, "  %.0f %%, about %.0f min left",
			 100.0 * (double)done / (double)total, left / 60 + 0.5);
}

static void
say(struct progress *progress, double now)
{
	char estimate[80];

	if (!progress->title[0])
		return;
	if (progress->terminal ? now - progress->started < quiet_seconds
			       : now - progress->said < line_seconds)
		return;
	estimate_text(estimate, sizeof(estimate), progress, now);
	fprintf(stderr, progress->terminal ? "\r\033[K%s%s" : "%s%s\n", progress->title, estimate);
	fflush(stderr);
	progress->shown = progress->terminal;
	progress->said = now;
}

static void *
run(void *arg)
{
	struct progress *progress = arg;
	struct timespec until;

	pthread_mutex_lock(&progress->lock);
	while (!progress->quit) {
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += (long)(redraw_seconds * 1e9);
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		pthread_cond_timedwait(&progress->wake, &progress->lock, &until);
		if (!progress->quit)
			say(progress, jobs_now());
	}
	pthread_mutex_unlock(&progress->lock);
	return NULL;
}

enum err
progress_start(struct progress **out, const struct work *work)
{
	struct progress *progress = buf_alloc(1, sizeof(*progress));
	const char *term = getenv("TERM");

	*out = NULL;
	if (!progress)
		return ERR_NOMEM;
	progress->work = work;
	progress->said = jobs_now();
	progress->terminal = isatty(STDERR_FILENO) && term && strcmp(term, "dumb");
	pthread_mutex_init(&progress->lock, NULL);
	pthread_cond_init(&progress->wake, NULL);
	if (pthread_create(&progress->thread, NULL, run, progress)) {
		buf_free(progress);
		return err_set(ERR_NOMEM, "cannot start a thread; close other programs");
	}
	*out = progress;
	return OK;
}

void
progress_stop(struct progress *progress)
{
	if (!progress)
		return;
	pthread_mutex_lock(&progress->lock);
	progress->quit = true;
	erase(progress);
	pthread_cond_signal(&progress->wake);
	pthread_mutex_unlock(&progress->lock);
	pthread_join(progress->thread, NULL);
	pthread_cond_destroy(&progress->wake);
	pthread_mutex_destroy(&progress->lock);
	buf_free(progress);
}

void
progress_phase(struct progress *progress, const char *title)
{
	if (!progress)
		return;
	pthread_mutex_lock(&progress->lock);
	text_visible(progress->title, sizeof(progress->title), title, strlen(title));
	progress->started = jobs_now();
	pthread_mutex_unlock(&progress->lock);
}

void
progress_line(struct progress *progress, const char *line)
{
	char visible[1024];

	text_visible(visible, sizeof(visible), line, strlen(line));
	if (progress) {
		pthread_mutex_lock(&progress->lock);
		erase(progress);
	}
	fprintf(stderr, "%s\n", visible);
	if (progress)
		pthread_mutex_unlock(&progress->lock);
}
