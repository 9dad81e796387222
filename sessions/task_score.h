#ifndef SESSIONS_TASK_SCORE_H
#define SESSIONS_TASK_SCORE_H

#include "core/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How good an answer is, and what a count of good ones says. Texts are compared as words: cut at
 * blanks of any kind, letters in lower case, nothing else taken away (the answers may be code, sums
 * or German, whose articles and points count). */

struct task_match {
	bool exact; /* the same words in the same order */
	double f1;  /* of the words as a bag: Rajpurkar et al. 2016, arXiv 1606.05250, section 6 */
	double rouge_l; /* F1 of the longest common subsequence of words: Lin 2004, ROUGE-L */
};

/* The longest common subsequence is exact up to 4,096 words each; what is beyond is cut off. */
enum err task_score_match(struct task_match *out, const char *made, const char *answer);

/* 95 % interval of a share of `right` out of `count`: Wilson 1927. NaN for none. */
struct task_interval {
	double low, high;
};
struct task_interval task_score_interval(size_t right, size_t count);

/* Two-sided p of McNemar 1947, exact: of items that one of two runs got right and the other wrong,
 * `gained` and `lost`, each is as likely under chance. 1 for none. */
double task_score_mcnemar(size_t gained, size_t lost);

/* Share of n-grams that stood before in the same text, 1 - distinct / all: seq-rep-n of Welleck et
 * al. 2019, arXiv 1908.04319. 0 for texts shorter than n. */
#define TASK_SCORE_GRAM 4
enum err task_score_repetition(double *out, const int32_t *ids, size_t count);

#endif
