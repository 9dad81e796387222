#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* What every fuzz_*.c defines. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* For parsers that read files: a folder of this process, removed when it ends; and one file in it
 * with these bytes. Borrowed. */
const char *fuzz_folder(void);
const char *fuzz_file(const char *name, const void *data, size_t size);

#endif
