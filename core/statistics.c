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
