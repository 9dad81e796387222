/* Words for the log: from commands and jobs on the driver's thread, handed on by the owner's. */
#include "core/buf.h"
#include "sessions/workspace_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { OUTLET_MAX = 20000 };

void
outlet_add(struct workspace *workspace, enum log_kind kind, const char *text, size_t length)
{
	char *copy = buf_strndup(text, length);

	if (!copy)
		return;
	pthread_mutex_lock(&workspace->outlet_lock);
	if (workspace->outlet_count < OUTLET_MAX &&
	    !buf_grow(&workspace->outlet, &workspace->outlet_capacity, workspace->outlet_count + 1,
		      sizeof(*workspace->outlet))) {
		workspace->outlet[workspace->outlet_count++] = (struct outlet_line){ kind, copy };
		copy = NULL;
	}
	pthread_mutex_unlock(&workspace->outlet_lock);
	buf_free(copy);
	jobs_wake(workspace->jobs);
}

static void
hand_on(struct workspace *workspace, enum log_kind kind, char *text)
{
	char *save = NULL;

	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		workspace->options.log(workspace->options.ctx, kind, line);
}

void
outlet_hand_on(struct workspace *workspace)
{
	struct outlet_line *lines;
	size_t count;

	pthread_mutex_lock(&workspace->outlet_lock);
	lines = workspace->outlet;
	count = workspace->outlet_count;
	workspace->outlet = NULL;
	workspace->outlet_count = workspace->outlet_capacity = 0;
	pthread_mutex_unlock(&workspace->outlet_lock);
	for (size_t i = 0; i < count; i++) {
		if (workspace->options.log)
			hand_on(workspace, lines[i].kind, lines[i].text);
		buf_free(lines[i].text);
	}
	buf_free(lines);
}

void
outlet_clear(struct workspace *workspace)
{
	for (size_t i = 0; i < workspace->outlet_count; i++)
		buf_free(workspace->outlet[i].text);
	buf_free(workspace->outlet);
	workspace->outlet = NULL;
	workspace->outlet_count = workspace->outlet_capacity = 0;
}

void
workspace_say(struct workspace *workspace, enum log_kind kind, const char *fmt, ...)
{
	char line[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (workspace->options.log)
		workspace->options.log(workspace->options.ctx, kind, line);
}
