#ifndef TESTS_SUPPORT_EXPECTED_H
#define TESTS_SUPPORT_EXPECTED_H

#include "core/model.h"

#include <stdbool.h>

/* Whether a model gives the logits in the file at `path`, which transformers computed in float64
 * (tests/peers/make_family_fixtures.py says how it is laid out): within 1e-4, or in proportion
 * where they span more than 32. Says what differs, after `what`. */
bool expected_logits(const struct model *model, const char *what, const char *path);

#endif
