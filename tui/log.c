#include "tui/log.h"

#include "core/buf.h"
#include "core/text.h"
#include "tui/guard.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 1000 };

void
log_add(struct log *log, enum log_kind kind, const char *text)
{
	char visible[LINE_MAX_BYTES];
	char *copy;
	size_t length = strlen(text);

	while (length && (text[length - 1] == '\n' || text[length - 1] == '\r'))
		length--;
	text_visible(visible, sizeof(visible), text, length);
	if (!(copy = buf_strdup(visible)))
		return;
	if (log->count == LOG_LINES) {
		buf_free(log->lines[log->first].text);
		log->first = (log->first + 1) % LOG_LINES;
		log->count--;
	}
	log->lines[(log->first + log->count++) % LOG_LINES] = (struct log_line){ kind, copy };
	log->added++;
}

const struct log_line *
log_at(const struct log *log, size_t index)
{
	return index < log->count ? &log->lines[(log->first + index) % LOG_LINES] : NULL;
}

void
log_clear(struct log *log)
{
	for (size_t i = 0; i < LOG_LINES; i++)
		buf_free(log->lines[i].text);
	memset(log, 0, sizeof(*log));
}

/* ------------------------------------------------------------------------ capture */

static struct {
	int pipe[2], out, err;
	char line[LINE_MAX_BYTES];
	size_t length;
} capture = { .pipe = { -1, -1 }, .out = -1, .err = -1 };

int
capture_start(void)
{
	if (pipe2(capture.pipe, O_CLOEXEC | O_NONBLOCK))
		return -1;
	fflush(stdout);
	fflush(stderr);
	capture.out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	capture.err = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	guard_streams(capture.out, capture.err);
	dup2(capture.pipe[1], STDOUT_FILENO);
	dup2(capture.pipe[1], STDERR_FILENO);
	return capture.pipe[0];
}

static void
take_byte(struct log *log, char byte)
{
	if (byte != '\n')
		capture.line[capture.length++] = byte;
	if (byte == '\n' || capture.length == sizeof(capture.line) - 1) {
		capture.line[capture.length] = '\0';
		log_add(log, LOG_NOTE, capture.line);
		capture.length = 0;
	}
}

void
capture_read(struct log *log)
{
	char bytes[512];
	ssize_t n;

	while ((n = read(capture.pipe[0], bytes, sizeof(bytes))) > 0)
		for (ssize_t i = 0; i < n; i++)
			take_byte(log, bytes[i]);
}

void
capture_stop(void)
{
	if (capture.pipe[0] < 0)
		return;
	fflush(stdout);
	fflush(stderr);
	guard_streams(-1, -1);
	if (capture.out >= 0)
		dup2(capture.out, STDOUT_FILENO);
	if (capture.err >= 0)
		dup2(capture.err, STDERR_FILENO);
	close(capture.out);
	close(capture.err);
	close(capture.pipe[0]);
	close(capture.pipe[1]);
	capture.pipe[0] = capture.pipe[1] = capture.out = capture.err = -1;
}
