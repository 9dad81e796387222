#include "sessions/ids.h"

#include "core/buf.h"
#include "core/formats/npy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static enum err
add(int32_t **ids, size_t *count, size_t *capacity, const char **at, size_t vocab)
{
	char *end;
	unsigned long long value;

	errno = 0;
	value = strtoull(*at, &end, 10);
	if (end == *at || **at == '-' || **at == '+')
		return err_at(ERR_USAGE, NULL, "--ids", "\"%.40s\" is no token id; write 1,2,3",
			      *at);
	if (errno || value >= vocab)
		return err_at(ERR_RANGE, NULL, "--ids",
			      "token %.*s is outside the vocabulary of %zu", (int)(end - *at), *at,
			      vocab);
	if (buf_grow(ids, capacity, *count + 1, sizeof(**ids)))
		return ERR_NOMEM;
	(*ids)[(*count)++] = (int32_t)value;
	*at = end;
	return OK;
}

static enum err
check_range(const int32_t *ids, size_t count, size_t vocab, const char *path)
{
	for (size_t i = 0; i < count; i++)
		if (ids[i] < 0 || (size_t)ids[i] >= vocab)
			return err_at(ERR_RANGE, path, NULL,
				      "token %d is outside the vocabulary of %zu", ids[i], vocab);
	return OK;
}

enum err
ids_parse(int32_t **out, size_t *count, const char *text, size_t vocab)
{
	static const char between[] = ", \t\n";
	size_t capacity = 0, length = strlen(text);
	enum err code = OK;

	*out = NULL;
	*count = 0;
	if (length > 4 && !strcmp(text + length - 4, ".npy")) {
		code = npy_read_ids(out, count, text);
		if (!code)
			code = check_range(*out, *count, vocab, text);
	} else {
		for (text += strspn(text, between); *text && !code; text += strspn(text, between))
			code = add(out, count, &capacity, &text, vocab);
	}
	if (!code && !*count)
		code = err_at(ERR_USAGE, NULL, "--ids", "is empty; write 1,2,3");
	if (code) {
		buf_free(*out);
		*out = NULL;
	}
	return code;
}
