#include "core/statistics.h"

#include "core/buf.h"

struct mirroring {
	float *gram;
	size_t columns;
};

enum { STRIP = 32 };

/* A strip of rows, square by square, since columns are read across rows. */
static enum err
mirror_strip(void *arg, size_t index, int worker)
{
	const struct mirroring *m = arg;
	size_t n = m->columns, row = index * STRIP, end = row + STRIP < n ? row + STRIP : n;

	(void)worker;
	for (size_t column = 0; column < end; column += STRIP)
		for (size_t i = row; i < end; i++)
			for (size_t j = column; j < column + STRIP && j < i; j++)
				m->gram[i * n + j] = m->gram[j * n + i];
	return OK;
}

enum err
statistics_mirror(float *gram, size_t columns, const struct work *work)
{
	struct mirroring mirroring = { gram, columns };

	return work_each(work, (columns + STRIP - 1) / STRIP, mirror_strip, &mirroring);
}

static float *
ones(size_t count, size_t step, size_t size)
{
	float *values = buf_alloc(size, sizeof(*values));

	for (size_t i = 0; values && i < count; i++)
		values[i * step] = 1.0f;
	return values;
}

enum err
statistics_neutral(struct statistics **out, size_t columns)
{
	struct statistics *s = buf_alloc(1, sizeof(*s));

	if (!(*out = s))
		return ERR_NOMEM;
	s->columns = columns;
	s->tokens = 1;
	s->gram = ones(columns, columns + 1, columns * columns);
	s->mean_abs = ones(columns, 1, columns);
	s->mean_sq = ones(columns, 1, columns);
	s->max_abs = ones(columns, 1, columns);
	if (s->gram && s->mean_abs && s->mean_sq && s->max_abs)
		return OK;
	statistics_free(s);
	*out = NULL;
	return ERR_NOMEM;
}

void
statistics_free(struct statistics *statistics)
{
	if (!statistics)
		return;
	buf_free(statistics->gram);
	buf_free(statistics->mean_abs);
	buf_free(statistics->mean_sq);
	buf_free(statistics->max_abs);
	buf_free(statistics);
}
