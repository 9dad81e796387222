#include "core/statistics.h"

#include "core/buf.h"

/* Square by square, since columns are read across rows. */
void
statistics_mirror(float *gram, size_t columns)
{
	enum { SQUARE = 32 };

	for (size_t r = 0; r < columns; r += SQUARE)
		for (size_t c = 0; c <= r; c += SQUARE)
			for (size_t i = r; i < r + SQUARE && i < columns; i++)
				for (size_t j = c; j < c + SQUARE && j < i; j++)
					gram[i * columns + j] = gram[j * columns + i];
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
