#include "plots/plot.h"

#include "plots/picture.h"

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

struct job {
	const struct plot *plot;
	const struct plot_data *data;
};

static void
draw(cairo_t *cairo, double width, double height, const void *what)
{
	const struct job *job = what;

	job->plot->vector(cairo, width, height, job->data);
}

enum err
plot_check_path(const char *path)
{
	enum picture_format format;

	return picture_format(&format, path);
}

enum err
plot_save(const struct plot *plot, const struct plot_data *data, const char *path, int width,
	  int height)
{
	struct job job = { plot, data };
	struct picture picture = { draw, &job, width, height, data->title };

	return picture_save(&picture, path);
}
