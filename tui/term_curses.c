/* The real terminal through ncurses. The canvas is copied whole; ncurses finds what changed. */
#include "tui/term.h"

#include "core/buf.h"
#include "plots/palette.h"
#include "tui/guard.h"

#include <curses.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

/* From <term.h>, which cannot be included: it makes macros of words such as `columns`. */
char *tigetstr(const char *name);
int tigetflag(const char *name);

/* Codes beyond curses' own for what define_key adds. */
enum { CODE_PASTE = 0x400, CODE_PASTE_END };

enum depth { DEPTH_MONO, DEPTH_8, DEPTH_256, DEPTH_DIRECT };

struct curses_term {
	struct term term;
	FILE *tty;
	SCREEN *screen;
	enum depth depth;
	bool light, paste;
	int32_t after_escape;                /* read ahead to tell Alt-x from a lone ESC */
	short pairs[ROLE_COUNT][ROLE_COUNT]; /* 0: not made yet; -1: there are no more */
	int made[256][2], made_count;
	cchar_t *row;
	int row_capacity;
};

static struct curses_term *
curses_of(struct term *term)
{
	return (struct curses_term *)term;
}

/* ------------------------------------------------------------------------ colours */

static int
colour(const struct curses_term *self, uint32_t rgb, int index_256, int index_8)
{
	switch (self->depth) {
	case DEPTH_DIRECT:
		return index_256 < 0 ? -1 : (int)rgb;
	case DEPTH_256:
		return index_256;
	case DEPTH_8:
		return index_8;
	default:
		return -1;
	}
}

/* A pair for these two colours, made when first wanted: 8-colour terminals have only 64. */
static short
make_pair(struct curses_term *self, int fg, int bg)
{
	if (fg < 0 && bg < 0)
		return 0;
	for (int i = 0; i < self->made_count; i++)
		if (self->made[i][0] == fg && self->made[i][1] == bg)
			return (short)(i + 1);
	if (self->made_count + 1 >= COLOR_PAIRS || self->made_count >= 256)
		return -1;
	if (init_extended_pair(self->made_count + 1, fg, bg) == ERR)
		return -1;
	self->made[self->made_count][0] = fg;
	self->made[self->made_count][1] = bg;
	return (short)++self->made_count;
}

static short
pair_of(struct curses_term *self, unsigned role, unsigned background)
{
	struct palette_text text;
	const struct palette_entry *behind;
	int bg = -1;

	if (self->depth == DEPTH_MONO || role >= ROLE_COUNT || background >= ROLE_COUNT)
		return 0;
	if (self->pairs[role][background])
		return self->pairs[role][background] < 0 ? 0 : self->pairs[role][background];
	text = palette_text((enum role)role, (enum role)background, self->light);
	behind = palette_entry((enum role)background, self->light);
	if (background != ROLE_TEXT)
		bg = colour(self, behind->rgb, behind->index_256, behind->index_8);
	self->pairs[role][background] =
		make_pair(self, colour(self, text.rgb, text.index_256, text.index_8), bg);
	return self->pairs[role][background] < 0 ? 0 : self->pairs[role][background];
}

static attr_t
attributes(const struct curses_term *self, const struct cell *cell)
{
	const struct palette_entry *entry = palette_entry((enum role)cell->role, self->light);
	attr_t out = A_NORMAL;

	if (cell->bold)
		out |= A_BOLD;
	if (cell->reverse)
		out |= A_REVERSE;
	if (self->depth <= DEPTH_8) {
		out |= entry->bold ? A_BOLD : 0;
		out |= entry->dim ? A_DIM : 0;
		out |= entry->reverse ? A_REVERSE : 0;
		out |= entry->underline ? A_UNDERLINE : 0;
	}
	return out;
}

/* ------------------------------------------------------------------------ show and read */

static void
show_row(struct curses_term *self, const struct canvas *canvas, int row)
{
	const struct cell *cells = &canvas->cells[(size_t)row * (size_t)canvas->columns];
	int columns = canvas->columns < self->row_capacity ? canvas->columns : self->row_capacity;

	for (int i = 0; i < columns; i++) {
		wchar_t glyph[2] = { (wchar_t)cells[i].glyph, 0 };

		setcchar(&self->row[i], glyph, attributes(self, &cells[i]),
			 pair_of(self, cells[i].role, cells[i].background), NULL);
	}
	mvadd_wchnstr(row, 0, self->row, columns);
}

static bool
room_for_row(struct curses_term *self, int columns)
{
	if (columns <= self->row_capacity)
		return true;
	buf_free(self->row);
	self->row = buf_alloc((size_t)columns, sizeof(*self->row));
	self->row_capacity = self->row ? columns : 0;
	return self->row != NULL;
}

static void
curses_show(struct term *term, const struct canvas *canvas, int row, int column)
{
	struct curses_term *self = curses_of(term);

	if (!room_for_row(self, canvas->columns))
		return;
	for (int i = 0; i < canvas->rows && i < LINES; i++)
		show_row(self, canvas, i);
	curs_set(row >= 0);
	if (row >= 0)
		move(row, column);
	wnoutrefresh(stdscr);
	doupdate();
}

static int32_t
read_one(void)
{
	wint_t code;
	int got = wget_wch(stdscr, &code);

	if (got == ERR)
		return INPUT_NONE;
	if (got == KEY_CODE_YES && code == CODE_PASTE)
		return INPUT_PASTE;
	if (got == KEY_CODE_YES && code == CODE_PASTE_END)
		return INPUT_PASTE_END;
	if (got == KEY_CODE_YES) /* an unknown one must not look like "nothing waits" */
		return key_from_curses((int)code) == INPUT_NONE ? 0 : key_from_curses((int)code);
	return (int32_t)code;
}

static int32_t
curses_read(struct term *term)
{
	struct curses_term *self = curses_of(term);
	int32_t key = self->after_escape;

	self->after_escape = INPUT_NONE;
	if (key == INPUT_NONE)
		key = read_one();
	if (key == 127)
		return INPUT_BACKSPACE;
	if (key != 27)
		return key;
	/* ncurses has already waited for ESCDELAY: what belongs to this ESC is here. */
	self->after_escape = read_one();
	return self->after_escape == INPUT_NONE ? INPUT_ESCAPE : 27;
}

/* ------------------------------------------------------------------------ size and modes */

static void
raw_write(const struct curses_term *self, const char *bytes)
{
	if (!self->paste)
		return;
	fflush(self->tty);
	if (write(self->term.fd, bytes, strlen(bytes)) < 0)
		return;
}

static void
curses_resize(struct term *term)
{
	struct winsize size;

	if (!ioctl(term->fd, TIOCGWINSZ, &size) && size.ws_row > 0 && size.ws_col > 0 &&
	    (size.ws_row != LINES || size.ws_col != COLS))
		resizeterm(size.ws_row, size.ws_col);
	term->rows = LINES;
	term->columns = COLS;
}

static void
curses_redraw(struct term *term)
{
	(void)term;
	clearok(curscr, TRUE);
}

static void
curses_suspend(struct term *term)
{
	struct curses_term *self = curses_of(term);
	struct sigaction stop = { .sa_handler = SIG_DFL }, old;

	raw_write(self, "\033[?2004l");
	def_prog_mode();
	endwin();
	sigaction(SIGTSTP, &stop, &old);
	kill(0, SIGTSTP);
	sigaction(SIGTSTP, &old, NULL);
	reset_prog_mode();
	raw_write(self, "\033[?2004h");
	curses_resize(term);
	clearok(curscr, TRUE);
}

static void
curses_close(struct term *term)
{
	struct curses_term *self = curses_of(term);

	raw_write(self, "\033[?2004l");
	curs_set(1);
	endwin();
	delscreen(self->screen);
	guard_disarm();
	fclose(self->tty);
	buf_free(self->row);
	buf_free(self);
}

static const struct term_kind term_curses = {
	.show = curses_show,
	.read = curses_read,
	.resize = curses_resize,
	.redraw = curses_redraw,
	.suspend = curses_suspend,
	.close = curses_close,
};

/* ------------------------------------------------------------------------ opening */

/* UTF-8 or not is decided by the character set in force, never by what curses returns: in the C
 * locale it reports success and draws nothing. */
static bool
locale_is_utf8(void)
{
	const char *wanted = setlocale(LC_CTYPE, "");

	if (wanted && !strcmp(nl_langinfo(CODESET), "UTF-8"))
		return true;
	if (!wanted && setlocale(LC_CTYPE, "C.UTF-8"))
		return !strcmp(nl_langinfo(CODESET), "UTF-8");
	return false;
}

static bool
wants_direct(void)
{
	const char *depth = getenv("COLORTERM"), *term = getenv("TERM");

	return depth && term && (!strcmp(depth, "truecolor") || !strcmp(depth, "24bit")) &&
	       !strncmp(term, "xterm", 5);
}

static SCREEN *
new_screen(struct curses_term *self)
{
	static const char *const others[] = { "xterm-256color", "vt100", "ansi", "dumb" };
	const char *wanted = getenv("TERM");
	SCREEN *screen = NULL;

	if (wants_direct())
		screen = newterm("xterm-direct", self->tty, self->tty);
	if (!screen && wanted && *wanted)
		screen = newterm(NULL, self->tty, self->tty);
	for (size_t i = 0; !screen && i < sizeof(others) / sizeof(others[0]); i++) {
		screen = newterm(others[i], self->tty, self->tty);
		if (screen)
			snprintf(self->term.note, sizeof(self->term.note),
				 "TERM=%.40s is not known here: drawing for %s; set TERM or "
				 "install its terminfo",
				 wanted ? wanted : "", others[i]);
	}
	return screen;
}

static enum depth
find_depth(const struct term_options *options)
{
	const char *no_color = getenv("NO_COLOR");

	if (options->no_color || (no_color && *no_color) || !has_colors())
		return DEPTH_MONO;
	start_color();
	use_default_colors();
	if (tigetflag("RGB") > 0 && COLORS >= 1 << 24)
		return DEPTH_DIRECT;
	return COLORS >= 256 ? DEPTH_256 : COLORS >= 8 ? DEPTH_8 : DEPTH_MONO;
}

/* terminfo marks delays as $<2>; returns the bytes copied. */
static size_t
without_padding(char *out, size_t capacity, const char *text)
{
	size_t n = 0;

	for (; *text && n < capacity; text++) {
		if (text[0] == '$' && text[1] == '<' && strchr(text, '>'))
			text = strchr(text, '>');
		else
			out[n++] = *text;
	}
	return n;
}

/* The bytes that leave full-screen mode, for the signal handler. */
static void
tell_guard(void)
{
	static const char *const names[] = { "sgr0", "rmkx", "rmcup", "cnorm" };
	char bytes[256] = "";
	size_t used = 0;

	for (int i = 0; i < 4; i++) {
		const char *text = tigetstr(names[i]);
		char plain[64];
		size_t n;

		if (!text || text == (const char *)-1)
			continue;
		n = without_padding(plain, sizeof(plain), text);
		if (used + n < sizeof(bytes)) {
			memcpy(bytes + used, plain, n);
			used += n;
		}
	}
	bytes[used < sizeof(bytes) ? used : sizeof(bytes) - 1] = '\0';
	guard_restore_with(used ? bytes : "\r\n");
}

static void
set_modes(struct curses_term *self)
{
	const char *name = termname();

	raw();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	set_escdelay(25);
	self->paste = name && strncmp(name, "vt", 2) && strncmp(name, "dumb", 4) &&
		      strncmp(name, "ansi", 4);
	define_key("\033[200~", CODE_PASTE);
	define_key("\033[201~", CODE_PASTE_END);
	raw_write(self, "\033[?2004h");
}

enum err
term_curses_open(struct term **out, const struct term_options *options)
{
	struct curses_term *self = buf_alloc(1, sizeof(*self));
	enum err code;

	*out = NULL;
	if (!self)
		return ERR_NOMEM;
	self->after_escape = INPUT_NONE;
	self->light = options->light;
	self->term.kind = &term_curses;
	self->term.ascii = !locale_is_utf8() || options->ascii;
	/* Frozen sizes from a parent would outlive every resize. */
	unsetenv("LINES");
	unsetenv("COLUMNS");
	if (!(self->tty = fopen("/dev/tty", "r+"))) {
		code = err_set(ERR_IO,
			       "there is no terminal; run it in one, or use: qscope script FILE");
		goto failed;
	}
	self->term.fd = fileno(self->tty);
	if ((code = guard_arm(self->term.fd)))
		goto failed;
	if (!(self->screen = new_screen(self))) {
		guard_disarm();
		code = err_set(ERR_IO,
			       "no terminal description is installed; install ncurses-base");
		goto failed;
	}
	tell_guard();
	self->depth = find_depth(options);
	self->term.mono = self->depth == DEPTH_MONO;
	set_modes(self);
	curses_resize(&self->term);
	*out = &self->term;
	return OK;
failed:
	if (self->tty)
		fclose(self->tty);
	buf_free(self);
	return code;
}
