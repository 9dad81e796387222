#ifndef QUANTIZERS_FACTS_H
#define QUANTIZERS_FACTS_H

#include <stddef.h>

/* A method's answers to a chooser, one line each, all of them given (a test sees to it). Figures
 * name their model and protocol; `sources` says where each answer comes from.
 *
 *	.facts = { .calibration = "none", .bits = "4", ..., .sources = "bitsandbytes 0.50.2 source"
 *},
 *
 * `qscope methods` shows them, in the terminal, as CSV and as JSON. */
struct quantizer_facts {
#define FACT(field, question) const char *field;
#include "quantizers/facts.def"
#undef FACT
};

struct fact {
	const char *name, *question;
	size_t offset; /* of its field */
};
extern const struct fact facts[]; /* ends with a NULL name */

static inline const char *
fact_answer(const struct quantizer_facts *of, const struct fact *fact)
{
	return *(const char *const *)(const void *)((const char *)of + fact->offset);
}

#endif
