#include "tui/prompt.h"

#include "core/buf.h"
#include "core/text.h"
#include "tui/key.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <readline/history.h>
#include <readline/readline.h>

enum { QUEUE = 64, LINE = 4096, PASTE = 65536, HISTORY = 2000 };

static struct {
	struct prompt_options options;
	char history[1024];
	FILE *nowhere;
	bool started, active, pasting, asking, accepted;
	char queue[QUEUE]; /* bytes of one key, on their way to readline */
	size_t head, tail;
	char shown_prompt[256], line[LINE];
	size_t point;
	char *lines[256]; /* accepted and not yet taken */
	size_t line_count;
	char paste[PASTE];
	size_t paste_length;
	struct candidates candidates;
} prompt;

/* ------------------------------------------------------------------------ readline's hooks */

static int
hook_getc(FILE *stream)
{
	(void)stream;
	if (prompt.head == prompt.tail)
		return EOF;
	return (unsigned char)prompt.queue[prompt.head++];
}

static int
hook_available(void)
{
	return prompt.head != prompt.tail;
}

static void
hook_redisplay(void)
{
	snprintf(prompt.shown_prompt, sizeof(prompt.shown_prompt), "%s",
		 rl_display_prompt ? rl_display_prompt : ":");
	snprintf(prompt.line, sizeof(prompt.line), "%s", rl_line_buffer ? rl_line_buffer : "");
	prompt.point =
		(size_t)rl_point < strlen(prompt.line) ? (size_t)rl_point : strlen(prompt.line);
}

static void
keep_line(const char *text)
{
	char *copy;

	if (prompt.line_count == sizeof(prompt.lines) / sizeof(prompt.lines[0]))
		return;
	if ((copy = buf_strdup(text)))
		prompt.lines[prompt.line_count++] = copy;
}

static void
remember(const char *text)
{
	if (!*text)
		return;
	for (int i = history_length - 1; i >= 0; i--) {
		HIST_ENTRY *old = history_get(history_base + i);

		if (old && !strcmp(old->line, text))
			free_history_entry(remove_history(i));
	}
	add_history(text);
	if (prompt.history[0])
		append_history(1, prompt.history);
}

/* Runs inside rl_callback_read_char: only keeps the line. */
static void
hook_line(char *text)
{
	prompt.accepted = true;
	if (!text)
		return;
	remember(text);
	keep_line(text);
	free(text);
}

static char *
no_more(const char *text, int state)
{
	(void)text;
	(void)state;
	return NULL;
}

/* The longest beginning that all candidates share. */
static size_t
common_length(const struct candidates *candidates)
{
	size_t length = strlen(candidates->list[0].text);

	for (size_t i = 1; i < candidates->count; i++) {
		size_t n = 0;

		while (n < length && candidates->list[i].text[n] == candidates->list[0].text[n])
			n++;
		length = n;
	}
	return length;
}

/* readline's form: the common beginning, then every match; malloc'ed, as it will free them. */
static char **
hook_complete(const char *text, int start, int end)
{
	const struct candidates *found = &prompt.candidates;
	char **matches;

	(void)text;
	(void)start;
	rl_attempted_completion_over = 1;
	prompt.options.complete(prompt.options.ctx, &prompt.candidates, rl_line_buffer,
				(size_t)end);
	rl_completion_suppress_append = found->open;
	if (!found->count || !(matches = calloc(found->count + 2, sizeof(*matches))))
		return NULL;
	matches[0] = strndup(found->list[0].text, common_length(found));
	for (size_t i = 0; found->count > 1 && i < found->count; i++)
		matches[i + 1] = strdup(found->list[i].text);
	return matches;
}

static void
hook_matches(char **matches, int count, int longest)
{
	(void)matches; /* the list above the line shows them already */
	(void)count;
	(void)longest;
}

/* ------------------------------------------------------------------------ life */

static void
read_kept_history(const char *path)
{
	int fd;

	using_history();
	stifle_history(HISTORY);
	if (!path)
		return;
	snprintf(prompt.history, sizeof(prompt.history), "%s", path);
	read_history(path);
	history_truncate_file(path, HISTORY);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		prompt.history[0] = '\0';
	else
		close(fd);
}

static void
set_readline(void)
{
	rl_readline_name = "qscope";
	rl_instream = rl_outstream = prompt.nowhere;
	rl_catch_signals = 0;
	rl_catch_sigwinch = 0;
	rl_change_environment = 0;
	rl_prep_term_function = NULL;
	rl_deprep_term_function = NULL;
	rl_getc_function = hook_getc;
	rl_input_available_hook = hook_available;
	rl_redisplay_function = hook_redisplay;
	rl_attempted_completion_function = hook_complete;
	rl_completion_entry_function = no_more;
	rl_completion_display_matches_hook = hook_matches;
	rl_completer_word_break_characters = " \t";
	rl_basic_word_break_characters = " \t";
	rl_completer_quote_characters = "";
	rl_initialize();
	/* The user's bindings stay; what would write to the screen does not. */
	rl_variable_bind("bell-style", "none");
	rl_variable_bind("enable-bracketed-paste", "off");
	rl_variable_bind("show-mode-in-prompt", "off");
	rl_variable_bind("completion-query-items", "0");
	rl_variable_bind("page-completions", "off");
	rl_variable_bind("show-all-if-ambiguous", "on");
	rl_variable_bind("blink-matching-paren", "off");
}

enum err
prompt_start(const struct prompt_options *options)
{
	if (prompt.started)
		prompt_stop();
	memset(&prompt, 0, sizeof(prompt));
	prompt.options = *options;
	if (!(prompt.nowhere = fopen("/dev/null", "r+")))
		return err_at(ERR_IO, "/dev/null", NULL, "cannot open it");
	set_readline();
	read_kept_history(options->history);
	prompt.started = true;
	return OK;
}

void
prompt_stop(void)
{
	if (!prompt.started)
		return;
	prompt_close();
	clear_history();
	for (size_t i = 0; i < prompt.line_count; i++)
		buf_free(prompt.lines[i]);
	prompt.line_count = 0;
	fclose(prompt.nowhere);
	rl_instream = rl_outstream = NULL;
	prompt.started = false;
}

static void
find_candidates(void)
{
	prompt.options.complete(prompt.options.ctx, &prompt.candidates, prompt.line, prompt.point);
}

void
prompt_open(const char *text)
{
	if (!prompt.started || prompt.active)
		return;
	prompt.active = true;
	prompt.asking = prompt.pasting = prompt.accepted = false;
	prompt.head = prompt.tail = 0;
	rl_callback_handler_install(":", hook_line);
	if (text && *text)
		rl_insert_text(text);
	hook_redisplay();
	find_candidates();
}

void
prompt_close(void)
{
	if (!prompt.active)
		return;
	rl_free_line_state();
	rl_callback_sigcleanup();
	rl_callback_handler_remove();
	prompt.active = prompt.asking = false;
	prompt.candidates.count = 0;
}

bool
prompt_active(void)
{
	return prompt.active;
}

/* ------------------------------------------------------------------------ keys */

static void
clear_line(void)
{
	if (!prompt.line[0]) {
		prompt_close();
		return;
	}
	rl_free_line_state();
	rl_callback_sigcleanup();
	rl_replace_line("", 1);
	rl_point = rl_end = 0;
	hook_redisplay();
}

static void
feed(int32_t key)
{
	prompt.head = 0;
	prompt.tail = key_bytes(prompt.queue, key);
	while (prompt.head != prompt.tail && !prompt.accepted)
		rl_callback_read_char();
	if (prompt.accepted) { /* never remove the handler from within it */
		prompt.accepted = false;
		prompt_close();
	}
}

static void
each_pasted_line(void (*fn)(const char *line))
{
	char *save = NULL, copy[PASTE];

	memcpy(copy, prompt.paste, sizeof(copy));
	for (char *line = strtok_r(copy, "\r\n", &save); line; line = strtok_r(NULL, "\r\n", &save))
		fn(line);
}

static size_t pasted_count;

static void
count_line(const char *line)
{
	(void)line;
	pasted_count++;
}

static void
insert_line(const char *line)
{
	rl_insert_text(line);
}

static void
run_line(const char *line)
{
	remember(line);
	keep_line(line);
}

static void
end_paste(void)
{
	prompt.pasting = false;
	prompt.paste[prompt.paste_length] = '\0';
	pasted_count = 0;
	each_pasted_line(count_line);
	if (pasted_count > 1) {
		prompt.asking = true;
		return;
	}
	each_pasted_line(insert_line);
	hook_redisplay();
}

static void
answer(int32_t key)
{
	prompt.asking = false;
	if (key == 'y' || key == 'Y') {
		each_pasted_line(run_line);
		prompt_close();
	}
}

static void
paste_key(int32_t key)
{
	char bytes[16];
	size_t n;

	if (key == INPUT_PASTE_END) {
		end_paste();
		return;
	}
	n = key == '\r' ? 1 : key_bytes(bytes, key);
	if (key == '\r')
		bytes[0] = '\n';
	if (prompt.paste_length + n < PASTE) {
		memcpy(prompt.paste + prompt.paste_length, bytes, n);
		prompt.paste_length += n;
	}
}

void
prompt_key(int32_t key)
{
	if (!prompt.active)
		return;
	if (prompt.pasting) {
		paste_key(key);
	} else if (prompt.asking) {
		answer(key);
	} else if (key == INPUT_PASTE) {
		prompt.pasting = true;
		prompt.paste_length = 0;
	} else if (key == INPUT_ESCAPE) {
		prompt_close();
	} else if (key == ('C' & 0x1f)) {
		clear_line();
	} else if (key == INPUT_BACKSPACE && !prompt.line[0] && !RL_ISSTATE(RL_STATE_ISEARCH)) {
		prompt_close(); /* as in vi: nothing left to delete */
	} else {
		feed(key);
	}
	if (prompt.active)
		find_candidates();
}

void
prompt_refresh(void)
{
	if (prompt.active && !prompt.asking && !prompt.pasting)
		find_candidates();
}

char *
prompt_take(void)
{
	char *line;

	if (!prompt.line_count)
		return NULL;
	line = prompt.lines[0];
	memmove(prompt.lines, prompt.lines + 1, --prompt.line_count * sizeof(prompt.lines[0]));
	return line;
}

const struct candidates *
prompt_candidates(void)
{
	return &prompt.candidates;
}

const char *
prompt_text(void)
{
	return prompt.active ? prompt.line : "";
}

/* ------------------------------------------------------------------------ drawing */

/* Columns of the first `bytes` of the line. */
static int
columns_to(const struct canvas *canvas, size_t bytes)
{
	char part[LINE];

	snprintf(part, sizeof(part), "%.*s", (int)bytes, prompt.line);
	return canvas_width(canvas, part);
}

int
prompt_draw(struct canvas *canvas, struct rect at)
{
	int begin, width, cursor, scroll = 0;
	struct rect field;

	if (prompt.asking) {
		canvas_print(canvas, at, 0, 0, ROLE_WARN,
			     "run %zu pasted lines? y runs them, any "
			     "other key does not",
			     pasted_count);
		return -1;
	}
	begin = canvas_text(canvas, at, 0, 0, ROLE_KEY, prompt.shown_prompt);
	if (begin > at.columns - 8)
		begin = at.columns > 8 ? at.columns - 8 : 0;
	width = at.columns - begin;
	cursor = columns_to(canvas, prompt.point);
	if (cursor > width - 2)
		scroll = cursor - width + 2;
	field = (struct rect){ at.row, at.column + begin, 1, width };
	canvas_text(canvas, field, 0, -scroll, ROLE_TEXT, prompt.line);
	if (scroll)
		canvas_text(canvas, field, 0, 0, ROLE_DIM, "<");
	if (columns_to(canvas, strlen(prompt.line)) - scroll > width)
		canvas_text(canvas, field, 0, width - 1, ROLE_DIM, ">");
	return begin + cursor - scroll;
}
