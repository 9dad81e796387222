/* Pictures in cells against the reviewed files in golden/: text, and for UTF-8 the roles too.
 * QSCOPE_UPDATE=1 rewrites them. */
#include "support/support.h"

#include "core/buf.h"
#include "plots/samples.h"

#include <stdlib.h>

enum { GOLDEN_MOST = 1 << 16 };

/* '.' for plain text, a letter for each role, a capital for each background. */
static char *
dump_roles(const struct canvas *canvas)
{
	char *text = buf_alloc((size_t)canvas->rows * ((size_t)canvas->columns + 1) + 1, 1),
	     *p = text;

	assert_non_null(text);
	for (int row = 0; row < canvas->rows; row++) {
		char *last = p;

		for (int column = 0; column < canvas->columns; column++, p++) {
			const struct cell *cell = &canvas->cells[row * canvas->columns + column];

			*p = (char)(cell->background ? 'A' + cell->background
				    : cell->role     ? 'a' + cell->role
						     : '.');
			if (*p != '.' || cell->glyph != ' ')
				last = p + 1;
		}
		*last = '\n';
		memset(last + 1, 0, (size_t)(p - last));
		p = last + 1;
	}
	return text;
}

static char *
read_golden(const char *path)
{
	char *text = calloc(GOLDEN_MOST, 1);
	FILE *file = fopen(path, "rb");

	assert_non_null(text);
	if (file) {
		text[fread(text, 1, GOLDEN_MOST - 1, file)] = '\0';
		fclose(file);
	}
	return text;
}

static void
compare(const char *name, const char *text, const char *roles)
{
	char path[128], *golden, *now = buf_printf("%s--\n%s", text, roles);

	snprintf(path, sizeof(path), "tests/plots/golden/%s.txt", name);
	assert_non_null(now);
	if (getenv("QSCOPE_UPDATE")) {
		FILE *file = fopen(support_source(path), "wb");

		assert_non_null(file);
		fputs(now, file);
		fclose(file);
	}
	golden = read_golden(support_source(path));
	if (strcmp(now, golden))
		fail_msg("%s differs (QSCOPE_UPDATE=1 rewrites it); now:\n%s", path, now);
	free(golden);
	buf_free(now);
}

struct variant {
	const char *suffix;
	int rows, columns;
	bool ascii, mono;
};

static void
draw_and_compare(const struct sample *sample, const struct variant *variant)
{
	struct plot_data data = sample->data();
	struct canvas *canvas;
	char name[64], *text, *roles;

	assert_ok(canvas_create(&canvas, variant->rows, variant->columns, variant->ascii,
				variant->mono));
	plot_find(sample->name)
		->cells(canvas, (struct rect){ 0, 0, variant->rows, variant->columns }, &data);
	assert_ok(canvas_dump(&text, canvas));
	roles = dump_roles(canvas);
	snprintf(name, sizeof(name), "%s-%s", sample->name, variant->suffix);
	compare(name, text, variant->mono ? "" : roles);
	buf_free(roles);
	buf_free(text);
	canvas_free(canvas);
}

static void
test_goldens__every_plot_is_drawn_as_reviewed(void **state)
{
	static const struct variant variants[] = {
		{ "80x20-utf8", 20, 80, false, false },   { "80x20-mono", 20, 80, false, true },
		{ "80x20-ascii", 20, 80, true, true },    { "40x10-utf8", 10, 40, false, false },
		{ "20x5-utf8", 5, 20, false, false },     { "10x3-ascii", 3, 10, true, true },
		{ "130x30-utf8", 30, 130, false, false },
	};

	(void)state;
	for (size_t i = 0; i < SAMPLE_COUNT; i++)
		for (size_t k = 0; k < sizeof(variants) / sizeof(*variants); k++)
			draw_and_compare(&samples[i], &variants[k]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_goldens__every_plot_is_drawn_as_reviewed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
