/* The program: its own options, then one command, or the workbench. */
#include "core/buf.h"
#include "core/file.h"
#include "kernels/kernels.h"
#include "sessions/locate.h"
#include "sessions/output.h"
#include "tui/progress.h"
#include "tui/workbench.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static atomic_bool cancel;
static volatile sig_atomic_t received;
static atomic_uint_fast64_t done, total;
static const struct work work = { .cancel = &cancel, .done = &done, .total = &total };

/* The first signal asks, the second is not ours any more. */
static void
on_signal(int number)
{
	received = number;
	atomic_store(&cancel, true);
	signal(number, SIG_DFL);
}

static void
catch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static int
exit_code(enum err code)
{
	if (code == ERR_CANCELLED && received == SIGTERM)
		return 128 + SIGTERM;
	return code == OK              ? 0
	       : code == ERR_USAGE     ? 2
	       : code == ERR_GATE      ? 4
	       : code == ERR_CANCELLED ? 130
				       : 1;
}

/* One line for people, with --json one object for programs as well. `result` is freed. */
static int
report(enum err code, bool json, struct json_out *result)
{
	char *text;

	fprintf(stderr, "qscope: %s\n", err_line());
	text = json ? output_error(result) : NULL;
	if (json && text)
		printf("%s\n", text);
	else if (!json)
		json_out_drop(result);
	buf_free(text);
	fflush(stdout);
	return exit_code(code);
}

static void
put_data(void *ctx, const char *bytes, size_t length)
{
	(void)ctx;
	fwrite(bytes, 1, length, stdout);
}

static void
put_line(void *ctx, const char *line)
{
	progress_line(ctx, line);
}

static void
put_phase(void *ctx, const char *title)
{
	progress_phase(ctx, title);
}

/* A table that did not reach its reader is a failure, but for a reader that has had enough. */
static enum err
flush_data(void)
{
	if (!fflush(stdout) && !ferror(stdout))
		return OK;
	return errno == EPIPE ? OK
			      : err_at(ERR_IO, "standard output", NULL, "%s; free some space",
				       strerror(errno));
}

static int
run_command(const struct command *command, const struct options *options, int argc, char **argv)
{
	struct progress *progress = NULL;
	struct sink sink = { .data = put_data, .narrate = put_line, .phase = put_phase };
	struct call call = { .command = command,
			     .options = options,
			     .argc = argc,
			     .argv = argv,
			     .sink = &sink,
			     .work = &work };
	enum err code = progress_start(&progress, &work);

	sink.ctx = progress;
	catch_signals();
	if (!code)
		code = command_execute(&call);
	progress_stop(progress);
	if (!code)
		code = flush_data();
	return code ? report(code, options->json, call.result) : 0;
}

/* ------------------------------------------------------------------------ the workbench */

static const struct command_arg workbench_args[] = {
	{ "MODEL", NULL, "model",
	  "folder, file, or org/name in the Hugging Face cache (default: the shipped model)", false,
	  false },
	{ "--session", "FILE", "file", "open a saved session", false, false },
	{ "--ascii", NULL, NULL, "draw with ASCII alone", false, false },
	{ "--no-color", NULL, NULL, "draw without colours", false, false },
	{ "--light", NULL, NULL, "colours for a light background", false, false },
	{ 0 },
};

static int workbench_status;

static enum err
run_workbench(struct call *call)
{
	const struct arguments *arguments = &call->arguments;
	struct workbench_options start = {
		.model = arguments_value(arguments, "MODEL"),
		.session = arguments_value(arguments, "--session"),
		.threads = call->options->threads,
		.memory = call->options->memory,
		.no_cache = call->options->no_cache,
		.ascii = arguments_value(arguments, "--ascii"),
		.no_color = arguments_value(arguments, "--no-color"),
		.light = arguments_value(arguments, "--light"),
	};

	if (call->options->json || call->options->csv)
		return err_set(ERR_USAGE, "--json and --csv go with a command; see: qscope --help");
	return workbench_main(&workbench_status, &start);
}

static int
workbench(const struct options *options, int argc, char **argv)
{
	static const struct command command = { .name = "workbench",
						.summary = "the live screen",
						.help = "",
						.args = workbench_args,
						.run = run_workbench };
	struct sink sink = { .data = put_data, .narrate = put_line };
	struct call call = {
		.command = &command, .options = options, .argc = argc, .argv = argv, .sink = &sink
	};
	enum err code = command_execute(&call);

	return code ? report(code, options->json, NULL) : workbench_status;
}

/* ------------------------------------------------------------------------------ starting */

/* The BLAS chooses its core type when it is loaded, so a fixed one needs a fresh start. */
static enum err
make_reproducible(char **argv)
{
	const char *core = getenv("OPENBLAS_CORETYPE");

	if (!kernels_select("avx2"))
		return err_set(ERR_UNSUPPORTED,
			       "--reproducible needs a processor with AVX2; leave the option out");
	if (core && !strcmp(core, "Haswell"))
		return OK;
	if (getenv("QSCOPE_RESTARTED"))
		return OK;
	setenv("OPENBLAS_CORETYPE", "Haswell", 1);
	setenv("QSCOPE_RESTARTED", "1", 1);
	execv("/proc/self/exe", argv);
	return err_at(ERR_IO, "/proc/self/exe", NULL,
		      "cannot start again: %s; set "
		      "OPENBLAS_CORETYPE=Haswell yourself",
		      strerror(errno));
}

static enum err
choose_kernels(const struct options *options, char **argv)
{
	const char *name = options->kernels ? options->kernels : getenv("QSCOPE_KERNELS");

	if (options->reproducible)
		return make_reproducible(argv);
	if (name && !name[0])
		name = NULL;
	if (!kernels_select(name))
		return err_at(ERR_USAGE, NULL, name ? name : "kernels",
			      "no kernel set of this machine; see: qscope version --json");
	return OK;
}

/* Is this word a model, then, when it is no command? Said before the screen opens. */
static enum err
check_model(const char *word)
{
	char *path;
	enum err code = locate_model(&path, word);

	if (!code && !file_exists(path))
		code = command_unknown(word);
	buf_free(path);
	return code;
}

static int
start(struct options *options, int argc, char **words)
{
	const struct command *command = argc ? command_find(words[0]) : NULL;
	enum err code;

	if (options->version)
		command = command_find("version");
	else if (options->help)
		return run_command(command_find("help"), options, command ? 1 : 0, words);
	if (command)
		return run_command(command, options, options->version ? 0 : argc - 1, words + 1);
	if (argc && words[0][0] != '-' && (code = check_model(words[0])))
		return report(code, options->json, NULL);
	return workbench(options, argc, words);
}

/* A closed standard stream would give its number to the next file opened, and what is meant for the
 * terminal would be written into it. Each placeholder refuses what its stream would do. */
static void
hold_streams(void)
{
	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
			open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

/* An error in the options themselves must find --json behind it. */
static bool
wants_json(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], "--json"))
			return true;
	return false;
}

int
main(int argc, char **argv)
{
	struct options options = { .json = wants_json(argc, argv) };
	char **words = buf_alloc((size_t)argc + 1, sizeof(*words));
	int count = argc - 1, status;
	enum err code = words ? OK : ERR_NOMEM;

	hold_streams();
	setlocale(LC_CTYPE, ""); /* not LC_NUMERIC: numbers keep their point */
	command_add(workbench_headless);
	for (int i = 0; words && i < count; i++)
		words[i] = argv[i + 1];
	if (!code)
		code = options_take(&options, &count, words);
	if (!code)
		code = choose_kernels(&options, argv);
	status = code ? report(code, options.json, NULL) : start(&options, count, words);
	buf_free(words);
	return status;
}
