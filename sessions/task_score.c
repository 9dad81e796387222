#include "sessions/task_score.h"

#include "core/buf.h"
#include "core/text.h"
#include "core/tokenizers/unicode.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = 4096 };

/* A text's words, lower case, one behind the other. */
struct words {
	char *text; /* each ends with NUL */
	const char **list;
	size_t count;
};

static void
words_close(struct words *words)
{
	buf_free(words->text);
	buf_free(words->list);
}

/* Lower case may take more bytes than the letter had, four at most. */
static enum err
words_open(struct words *out, const char *text)
{
	size_t length = strlen(text), at = 0, to = 0;
	bool inside = false;

	*out = (struct words){ 0 };
	if (!(out->text = buf_alloc(length + 1, 5)) ||
	    !(out->list = buf_alloc(length / 2 + 1, sizeof(*out->list)))) {
		words_close(out);
		return ERR_NOMEM;
	}
	while (at < length && (inside || out->count < WORDS_MAX)) {
		int32_t code = text_decode(text, length, &at);

		if (code >= 0 && unicode_classes(code) & UNICODE_SPACE) {
			out->text[to] = '\0';
			to += inside;
			inside = false;
			continue;
		}
		if (!inside)
			out->list[out->count++] = out->text + to;
		inside = true;
		to += text_encode(out->text + to, code < 0 ? 0xfffd : unicode_lower(code));
	}
	out->text[to] = '\0';
	return OK;
}

static int
compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* 2 p r / (p + r) = 2 common / (a + b). */
static double
harmonic(size_t common, size_t a, size_t b)
{
	return a + b ? 2.0 * (double)common / (double)(a + b) : 0.0;
}

static bool
same_words(const struct words *a, const struct words *b)
{
	bool same = a->count == b->count;

	for (size_t i = 0; i < a->count && same; i++)
		same = !strcmp(a->list[i], b->list[i]);
	return same;
}

/* Sorts both. */
static size_t
common_words(struct words *a, struct words *b)
{
	size_t i = 0, k = 0, common = 0;

	qsort(a->list, a->count, sizeof(*a->list), compare);
	qsort(b->list, b->count, sizeof(*b->list), compare);
	while (i < a->count && k < b->count) {
		int order = strcmp(a->list[i], b->list[k]);

		common += !order;
		i += order <= 0;
		k += order >= 0;
	}
	return common;
}

static enum err
longest_common(size_t *out, const struct words *a, const struct words *b)
{
	uint16_t *row = buf_alloc(b->count + 1, sizeof(*row));

	if (!row)
		return ERR_NOMEM;
	for (size_t i = 0; i < a->count; i++) {
		uint16_t corner = 0; /* the row before, one to the left */

		for (size_t k = 1; k <= b->count; k++) {
			uint16_t above = row[k];

			if (!strcmp(a->list[i], b->list[k - 1]))
				row[k] = (uint16_t)(corner + 1);
			else if (row[k - 1] > above)
				row[k] = row[k - 1];
			corner = above;
		}
	}
	*out = row[b->count];
	buf_free(row);
	return OK;
}

enum err
task_score_match(struct task_match *out, const char *made, const char *answer)
{
	struct words a, b = { 0 };
	size_t longest = 0;
	enum err code = words_open(&a, made);

	if (!code)
		code = words_open(&b, answer);
	if (!code)
		code = longest_common(&longest, &a, &b);
	if (!code) {
		out->exact = same_words(&a, &b);
		out->rouge_l = harmonic(longest, a.count, b.count);
		out->f1 = harmonic(common_words(&a, &b), a.count, b.count);
	}
	words_close(&a);
	words_close(&b);
	return code;
}

/* ------------------------------------------------------------------------------- counts */

struct task_interval
task_score_interval(size_t right, size_t count)
{
	const double z = 1.959963984540054; /* the normal distribution's 97.5 % */
	double n = (double)count, p = (double)right / n, middle, half;

	if (!count)
		return (struct task_interval){ (double)NAN, (double)NAN };
	middle = (p + z * z / (2 * n)) / (1 + z * z / n);
	half = z / (1 + z * z / n) * sqrt(p * (1 - p) / n + z * z / (4 * n * n));
	return (struct task_interval){ right ? fmax(0, middle - half) : 0,
				       right < count ? fmin(1, middle + half) : 1 };
}

double
task_score_mcnemar(size_t gained, size_t lost)
{
	size_t n = gained + lost, least = gained < lost ? gained : lost;
	double sum = 0;

	for (size_t i = 0; i <= least; i++)
		sum += exp(lgamma((double)n + 1) - lgamma((double)i + 1) -
			   lgamma((double)(n - i) + 1) - (double)n * log(2));
	return fmin(1, 2 * sum);
}

static int
compare_grams(const void *a, const void *b)
{
	const int32_t *x = *(const int32_t *const *)a, *y = *(const int32_t *const *)b;

	for (int i = 0; i < TASK_SCORE_GRAM; i++)
		if (x[i] != y[i])
			return x[i] < y[i] ? -1 : 1;
	return 0;
}

enum err
task_score_repetition(double *out, const int32_t *ids, size_t count)
{
	size_t grams = count < TASK_SCORE_GRAM ? 0 : count - TASK_SCORE_GRAM + 1, again = 0;
	const int32_t **list;

	*out = 0;
	if (!grams)
		return OK;
	if (!(list = buf_alloc(grams, sizeof(*list))))
		return ERR_NOMEM;
	for (size_t i = 0; i < grams; i++)
		list[i] = ids + i;
	qsort(list, grams, sizeof(*list), compare_grams);
	for (size_t i = 1; i < grams; i++)
		again += !compare_grams(&list[i - 1], &list[i]);
	*out = (double)again / (double)grams;
	buf_free(list);
	return OK;
}
