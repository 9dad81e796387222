#include "plots/plot.h"

#include <string.h>

const struct plot *const plots[] = {
#define PLOT(name) &plot_##name,
#include "plots/plots.def"
#undef PLOT
	NULL,
};

const struct plot *
plot_find(const char *name)
{
	for (size_t i = 0; plots[i]; i++)
		if (!strcmp(plots[i]->name, name))
			return plots[i];
	return NULL;
}
