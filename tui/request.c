#include "tui/request.h"

#include "tui/key.h"

static const struct request_entry entries[] = {
	[REQUEST_NONE] = { 0 },
#define REQUEST(id, key, alias, command, help) [REQUEST_##id] = { #id, key, alias, command, help },
#include "tui/requests.def"
#undef REQUEST
};

const struct request_entry *
request_entry(enum request request)
{
	return request > REQUEST_NONE && request < REQUEST_COUNT ? &entries[request] : NULL;
}

enum request
request_of_key(int32_t key)
{
	if (key == INPUT_NONE)
		return REQUEST_NONE;
	for (int i = REQUEST_NONE + 1; i < REQUEST_COUNT; i++)
		if (key_parse(entries[i].key) == key ||
		    (entries[i].alias[0] && key_parse(entries[i].alias) == key))
			return (enum request)i;
	return REQUEST_NONE;
}
