#include "core/loss_bands.h"

#include "core/buf.h"

#include <math.h>
#include <stdlib.h>

/* The mean of a band and its error: windows are clusters of different sizes, so the ratio estimator
 * (Cochran 1977, chapter 6). */
struct summing {
	const struct token_losses *losses;
	const unsigned char *band; /* (count) of each scored token */
};

static int
compare(const void *a, const void *b)
{
	size_t x = *(const size_t *)a, y = *(const size_t *)b;

	return (x > y) - (x < y);
}

static double
difference(const struct token_losses *losses, size_t i)
{
	return losses->current ? losses->current[i] - losses->baseline[i] : (double)NAN;
}

static void
add_means(struct loss_band *out, const struct summing *s, unsigned band)
{
	const struct token_losses *losses = s->losses;
	double n;

	for (size_t i = 0; i < losses->count; i++) {
		if (s->band[i] != band)
			continue;
		out->scored++;
		out->baseline += losses->baseline[i];
		out->current += losses->current ? losses->current[i] : (double)NAN;
		out->delta += difference(losses, i);
	}
	n = (double)out->scored;
	out->baseline /= n;
	out->current /= n;
	out->delta /= n;
}

static double
error_of(const struct loss_band *band, const struct summing *s, unsigned number)
{
	const struct token_losses *losses = s->losses;
	double squares = 0, windows = (double)losses->windows;

	for (size_t w = 0; w < losses->windows; w++) {
		size_t first = w * losses->per_window;
		double sum = 0;

		for (size_t i = first; i < first + losses->per_window; i++)
			if (s->band[i] == number)
				sum += difference(losses, i) - band->delta;
		squares += sum * sum;
	}
	return windows < 2 ? (double)NAN
			   : sqrt(windows / (windows - 1) * squares) / (double)band->scored;
}

/* Bands that hold no token are left out; returns how many are there. */
static size_t
summarize(struct loss_band *bands, size_t count, const struct summing *s)
{
	size_t kept = 0;

	for (size_t b = 0; b < count; b++) {
		struct loss_band band = { .low = bands[b].low, .high = bands[b].high };

		add_means(&band, s, (unsigned)b);
		if (!band.scored)
			continue;
		band.se = error_of(&band, s, (unsigned)b);
		bands[kept++] = band;
	}
	return kept;
}

/* ----------------------------------------------------------------------------- frequency */

/* Of each scored token, how often it occurs in the text. */
static enum err
count_tokens(size_t *of, const struct token_losses *losses, const struct loss_text *text)
{
	size_t *counts = buf_alloc(text->vocab, sizeof(*counts));

	if (!counts)
		return ERR_NOMEM;
	for (size_t i = 0; i < text->count; i++)
		counts[text->ids[i]]++;
	for (size_t i = 0; i < losses->count; i++)
		of[i] = counts[losses->ids[i]];
	buf_free(counts);
	return OK;
}

/* The largest occurrence of each band; of equal ones the first band has the tokens. */
static void
find_edges(size_t edges[LOSS_FREQUENCIES], const size_t *sorted, size_t count)
{
	for (size_t b = 0; b < LOSS_FREQUENCIES; b++) {
		size_t end = (b + 1) * count / LOSS_FREQUENCIES;

		edges[b] = sorted[end ? end - 1 : 0];
	}
}

static void
sort_into_bands(struct loss_band *bands, unsigned char *band, const size_t *of, size_t count,
		const size_t edges[LOSS_FREQUENCIES])
{
	for (size_t i = 0; i < count; i++) {
		unsigned char b = 0;

		while (of[i] > edges[b])
			b++;
		band[i] = b;
		if (!bands[b].low || of[i] < bands[b].low)
			bands[b].low = of[i];
		if (of[i] > bands[b].high)
			bands[b].high = of[i];
	}
}

static enum err
by_frequency(struct loss_bands *out, const struct token_losses *losses,
	     const struct loss_text *text, unsigned char *band)
{
	size_t *of = buf_alloc(2 * losses->count, sizeof(*of)), *sorted;
	size_t edges[LOSS_FREQUENCIES];
	enum err code = of ? count_tokens(of, losses, text) : ERR_NOMEM;

	if (!code) {
		sorted = of + losses->count;
		for (size_t i = 0; i < losses->count; i++)
			sorted[i] = of[i];
		qsort(sorted, losses->count, sizeof(*sorted), compare);
		find_edges(edges, sorted, losses->count);
		sort_into_bands(out->frequency, band, of, losses->count, edges);
		out->frequencies = summarize(out->frequency, LOSS_FREQUENCIES,
					     &(struct summing){ losses, band });
	}
	buf_free(of);
	return code;
}

/* ------------------------------------------------------------------------------ position */

static void
by_position(struct loss_bands *out, const struct token_losses *losses, unsigned char *band)
{
	size_t n = losses->per_window;

	for (size_t i = 0; i < losses->count; i++)
		band[i] = (unsigned char)(i % n * LOSS_POSITIONS / n);
	for (size_t b = 0; b < LOSS_POSITIONS; b++) {
		out->position[b].low =
			losses->first + (b * n + LOSS_POSITIONS - 1) / LOSS_POSITIONS;
		out->position[b].high =
			losses->first + ((b + 1) * n + LOSS_POSITIONS - 1) / LOSS_POSITIONS - 1;
	}
	out->positions =
		summarize(out->position, LOSS_POSITIONS, &(struct summing){ losses, band });
}

enum err
loss_bands_of(struct loss_bands *out, const struct token_losses *losses,
	      const struct loss_text *text)
{
	unsigned char *band = buf_alloc(losses->count + 1, sizeof(*band));
	enum err code = ERR_NOMEM;

	*out = (struct loss_bands){ 0 };
	if (band && !(code = by_frequency(out, losses, text, band)))
		by_position(out, losses, band);
	buf_free(band);
	return code;
}
