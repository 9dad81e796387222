#ifndef CORE_TOKENIZERS_SPEC_H
#define CORE_TOKENIZERS_SPEC_H

#include "core/err.h"
#include "core/json.h"

/* Members of the sections of tokenizer.json, with a default where they are absent or null; the
 * wrong type is ERR_FORMAT by name. The file is added to the error further up. */

/* NULL when the member is absent or null, or `spec` is NULL. */
const struct json *spec_get(const struct json *spec, const char *key);

enum err spec_bool(bool *out, const struct json *spec, const char *key, bool absent);
enum err spec_integer(int64_t *out, const struct json *spec, const char *key, int64_t absent);
enum err spec_string(const struct json **out, const struct json *spec, const char *key);

bool spec_is(const struct json *spec, const char *text); /* a string that equals `text` */
/* An integer from 0 to INT32_MAX; false for all else. */
bool spec_id(int32_t *out, const struct json *spec);

#endif
