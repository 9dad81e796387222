/* Tables for people and, with --csv, for spreadsheets (RFC 4180). */
#include "sessions/output.h"

#include "core/buf.h"
#include "core/text.h"
#include "sessions/words.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { CELL = 1024 };

struct table {
	size_t columns;
	char **cells;
	size_t count, capacity;
	bool failed;
};

static void
add_cell(struct table *table, const char *text)
{
	char *copy = buf_strdup(text);

	if (!copy ||
	    buf_grow(&table->cells, &table->capacity, table->count + 1, sizeof(*table->cells))) {
		table->failed = true;
		buf_free(copy);
		return;
	}
	table->cells[table->count++] = copy;
}

struct table *
table_create(size_t columns, const char *const *heads)
{
	struct table *table = buf_alloc(1, sizeof(*table));

	if (!table)
		return NULL;
	table->columns = columns;
	for (size_t i = 0; i < columns; i++)
		add_cell(table, heads[i]);
	return table;
}

void
table_cell(struct table *table, const char *fmt, ...)
{
	char text[CELL], visible[CELL];
	va_list ap;

	if (!table)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	text_visible(visible, sizeof(visible), text, strlen(text));
	add_cell(table, visible);
}

void
table_number(struct table *table, double value, const char *fmt)
{
	char text[CELL] = "-";

	if (!table)
		return;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	if (isfinite(value))
		snprintf(text, sizeof(text), fmt, value);
#pragma GCC diagnostic pop
	add_cell(table, text);
}

void
table_drop(struct table *table)
{
	if (!table)
		return;
	for (size_t i = 0; i < table->count; i++)
		buf_free(table->cells[i]);
	buf_free(table->cells);
	buf_free(table);
}

/* Characters, not bytes: good enough for what these tables hold. */
static size_t
width_of(const char *text)
{
	size_t width = 0;

	for (; *text; text++)
		width += (*text & 0xc0) != 0x80;
	return width;
}

static size_t
column_width(const struct table *table, size_t column)
{
	size_t width = 0;

	for (size_t i = column; i < table->count; i += table->columns) {
		size_t w = width_of(table->cells[i]);

		width = w > width ? w : width;
	}
	return width;
}

static bool
is_number(const char *text)
{
	return !strcmp(text, "-") || (*text && !text[strspn(text, "+-0123456789.,eE% \xc2\xb1")]);
}

static bool
is_numeric(const struct table *table, size_t column)
{
	for (size_t i = column + table->columns; i < table->count; i += table->columns)
		if (!is_number(table->cells[i]))
			return false;
	return table->count > table->columns;
}

static void
aligned_cell(struct words *words, const char *text, size_t width, bool right, bool last)
{
	size_t blank = width - width_of(text);

	if (right)
		words_add(words, "%*s", (int)blank, "");
	words_append(words, text, strlen(text));
	if (!right && !last)
		words_add(words, "%*s", (int)blank, "");
	words_add(words, last ? "\n" : "  ");
}

static void
aligned(struct words *words, const struct table *table)
{
	size_t width[64];
	bool numeric[64];

	for (size_t c = 0; c < table->columns && c < 64; c++) {
		width[c] = column_width(table, c);
		numeric[c] = is_numeric(table, c);
	}
	for (size_t i = 0; i < table->count; i++) {
		size_t c = i % table->columns;

		if (c < 64)
			aligned_cell(words, table->cells[i], width[c], numeric[c],
				     c + 1 == table->columns);
	}
}

static void
csv_cell(struct words *words, const char *text)
{
	if (!text[strcspn(text, ",\"\r\n")]) {
		words_append(words, text, strlen(text));
		return;
	}
	words_append(words, "\"", 1);
	for (; *text; text++)
		words_append(words, *text == '"' ? "\"\"" : text, *text == '"' ? 2 : 1);
	words_append(words, "\"", 1);
}

char *
table_text(struct table *table, bool csv)
{
	struct words words = { 0 };

	if (!table || table->failed)
		words.failed = true;
	else if (!csv)
		aligned(&words, table);
	for (size_t i = 0; table && csv && i < table->count; i++) {
		csv_cell(&words, table->cells[i]);
		words_append(&words, (i + 1) % table->columns ? "," : "\n", 1);
	}
	table_drop(table);
	return words_take(&words);
}

static void
markdown_cell(struct words *words, const char *text)
{
	words_add(words, " ");
	for (; *text; text++) {
		if (strchr("|\\*_`<", *text))
			words_append(words, "\\", 1);
		words_append(words, text, 1);
	}
	words_add(words, " |");
}

static void
markdown(struct words *words, const struct table *table)
{
	for (size_t i = 0; i < table->count; i++) {
		if (i == table->columns) {
			words_add(words, "|");
			for (size_t c = 0; c < table->columns; c++)
				words_add(words, "%s", is_numeric(table, c) ? "---:|" : "---|");
			words_add(words, "\n");
		}
		words_add(words, "%s", i % table->columns ? "" : "|");
		markdown_cell(words, table->cells[i]);
		words_add(words, "%s", (i + 1) % table->columns ? "" : "\n");
	}
}

char *
table_markdown(struct table *table)
{
	struct words words = { 0 };

	if (!table || table->failed)
		words.failed = true;
	else
		markdown(&words, table);
	table_drop(table);
	return words_take(&words);
}

enum err
output_table(struct call *call, struct table *table)
{
	char *text = table_text(table, call->options->csv);

	if (!text)
		return err_set(ERR_NOMEM, "no memory for a table; close other programs");
	output_bytes(call, text, strlen(text));
	buf_free(text);
	return OK;
}
