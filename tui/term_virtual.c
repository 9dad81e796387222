/* A screen that nobody sees: for scripts, whose frame is the same as a terminal's. */
#include "tui/term.h"

#include "core/buf.h"

static void
virtual_show(struct term *term, const struct canvas *canvas, int row, int column)
{
	(void)term;
	(void)canvas;
	(void)row;
	(void)column;
}

static int32_t
virtual_read(struct term *term)
{
	(void)term;
	return INPUT_NONE;
}

static void
virtual_nothing(struct term *term)
{
	(void)term;
}

static void
virtual_close(struct term *term)
{
	buf_free(term);
}

static const struct term_kind term_virtual = {
	.show = virtual_show,
	.read = virtual_read,
	.resize = virtual_nothing,
	.redraw = virtual_nothing,
	.suspend = virtual_nothing,
	.close = virtual_close,
};

enum err
term_virtual_open(struct term **out, int rows, int columns, bool ascii)
{
	struct term *term = buf_alloc(1, sizeof(*term));

	*out = term;
	if (!term)
		return ERR_NOMEM;
	term->kind = &term_virtual;
	term->rows = rows;
	term->columns = columns;
	term->ascii = ascii;
	term->fd = -1;
	return OK;
}
