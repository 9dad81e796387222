#ifndef TESTS_SUPPORT_GOLDEN_H
#define TESTS_SUPPORT_GOLDEN_H

#include "core/statistics.h"

#include <stddef.h>
#include <stdint.h>

/* Reference hashes in QSCOPE_TEST_DATA/golden/golden.json. Call support_need_data for it first. */
enum { GOLDEN_HEX = 65 };

/* The SHA-256 of one entry, in hexadecimal; "" when the file has no such key. */
const char *golden_sha256(const char *key);
double golden_number(const char *key);

/* The input that the hashes were made from: (64, 256) weights, (512, 256) activations. */
enum { GOLDEN_ROWS = 64, GOLDEN_COLUMNS = 256, GOLDEN_TOKENS = 512 };
void golden_weight(float *out);
void golden_activations(float *out);

/* As tests/peers/quantizer_ports.py: values, and the statistics of its inputs (512 tokens). */
void golden_values(float *out, size_t count, uint32_t seed, float scale);
struct statistics *golden_statistics(size_t columns);
void golden_free(struct statistics *statistics);

const char *sha256_hex(const void *data, size_t size); /* borrowed until the next call */

#endif
