#include "core/evaluation.h"

#include <string.h>

#define PROTOCOL(name) extern const struct protocol protocol_##name;
#include "core/protocols.def"
#undef PROTOCOL

const struct protocol *const protocols[] = {
#define PROTOCOL(name) &protocol_##name,
#include "core/protocols.def"
#undef PROTOCOL
	NULL,
};

const struct protocol *
protocol_find(const char *name)
{
	for (const struct protocol *const *p = protocols; *p; p++)
		if (!strcmp((*p)->name, name))
			return *p;
	return NULL;
}
