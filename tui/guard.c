#include "tui/guard.h"

#include "core/file.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static const int fatal[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS, SIGTRAP };
static const int polite[] = { SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGWINCH, SIGTSTP, SIGCONT };

enum {
	FATAL = sizeof(fatal) / sizeof(fatal[0]),
	POLITE = sizeof(polite) / sizeof(polite[0]),
	STACK = 1 << 16,
};

/* Off: mouse, bracketed paste, synchronized output; then the cursor back. */
static const char always[] = "\033[?1000l\033[?1002l\033[?1003l\033[?1006l\033[?2004l\033[?2026l";

static struct {
	volatile sig_atomic_t armed;
	int tty, pipe[2], out, err;
	struct termios before;
	char bytes[256];
	size_t length;
	struct sigaction old_fatal[FATAL], old_polite[POLITE];
	char stack[STACK];
} guard = { .tty = -1, .pipe = { -1, -1 }, .out = -1, .err = -1 };

static void
put(const char *bytes, size_t length)
{
	if (write(guard.tty, bytes, length) < 0)
		return; /* nothing can be done here */
}

void
guard_restore(void)
{
	if (guard.tty < 0)
		return;
	if (guard.length) {
		put(always, sizeof(always) - 1);
		put(guard.bytes, guard.length);
	}
	tcsetattr(guard.tty, TCSANOW, &guard.before);
	if (guard.out >= 0)
		dup2(guard.out, STDOUT_FILENO);
	if (guard.err >= 0)
		dup2(guard.err, STDERR_FILENO);
}

/* Once to whoever had the signal before. He may hand it back (the guard of mapped files calls who
 * was there before him, and each may have come before the other): then it ends here. */
static void
on_fatal(int number)
{
	bool first = guard.armed;

	guard.armed = 0;
	if (first)
		guard_restore();
	else
		signal(number, SIG_DFL);
	for (int i = 0; first && i < FATAL; i++)
		if (fatal[i] == number)
			sigaction(number, &guard.old_fatal[i], NULL);
	raise(number);
}

static void
on_polite(int number)
{
	char byte = (char)number;

	if (write(guard.pipe[1], &byte, 1) < 0)
		return; /* a full pipe already wakes the reader */
}

static void
install(const int *numbers, int count, void (*handler)(int), int flags, struct sigaction *old)
{
	struct sigaction action;

	memset(&action, 0, sizeof(action));
	action.sa_handler = handler;
	action.sa_flags = flags;
	sigfillset(&action.sa_mask);
	for (int i = 0; i < count; i++)
		sigaction(numbers[i], &action, &old[i]);
}

enum err
guard_arm(int tty)
{
	stack_t stack = { .ss_sp = guard.stack, .ss_size = sizeof(guard.stack) };

	if (tcgetattr(tty, &guard.before))
		return err_set(ERR_IO, "standard input is no terminal; run it in a terminal, or "
				       "use: qscope script FILE");
	if (pipe2(guard.pipe, O_CLOEXEC | O_NONBLOCK))
		return err_set(ERR_IO, "cannot make a pipe; close some files and try again");
	guard.tty = tty;
	guard.length = 0;
	sigaltstack(&stack, NULL);
	guard.armed = 1;
	install(fatal, FATAL, on_fatal, SA_ONSTACK | SA_NODEFER, guard.old_fatal);
	file_guard(); /* a mapped file that shrinks is no reason to die */
	install(polite, POLITE, on_polite, SA_RESTART, guard.old_polite);
	return OK;
}

void
guard_restore_with(const char *bytes)
{
	size_t length = strlen(bytes);

	if (length > sizeof(guard.bytes))
		length = sizeof(guard.bytes);
	memcpy(guard.bytes, bytes, length);
	guard.length = length;
}

void
guard_streams(int out, int err)
{
	guard.out = out;
	guard.err = err;
}

int
guard_fd(void)
{
	return guard.pipe[0];
}

int
guard_next(void)
{
	char byte;

	return read(guard.pipe[0], &byte, 1) == 1 ? byte : 0;
}

void
guard_disarm(void)
{
	stack_t none = { .ss_flags = SS_DISABLE };

	guard.armed = 0;
	for (int i = 0; i < FATAL; i++)
		sigaction(fatal[i], &guard.old_fatal[i], NULL);
	for (int i = 0; i < POLITE; i++)
		sigaction(polite[i], &guard.old_polite[i], NULL);
	file_guard();
	sigaltstack(&none, NULL);
	tcsetattr(guard.tty, TCSADRAIN, &guard.before);
	close(guard.pipe[0]);
	close(guard.pipe[1]);
	guard.tty = guard.pipe[0] = guard.pipe[1] = guard.out = guard.err = -1;
}
