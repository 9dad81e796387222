#include "sessions/memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const uint64_t disk_default = UINT64_C(4) << 30;

static const char units[] = "KMGTP";

/* A number and perhaps a unit with "B" or "iB" behind it. */
static bool
parse(double *out, const char *text)
{
	const char *unit;
	char *end;

	errno = 0;
	*out = strtod(text, &end);
	if (errno || end == text || end != text + strspn(text, "0123456789."))
		return false;
	unit = *end ? strchr(units, *end >= 'a' ? *end - 'a' + 'A' : *end) : NULL;
	if (unit) {
		for (const char *u = units; u <= unit; u++)
			*out *= 1024;
		end += end[1] == 'i' ? 2 : 1;
	}
	if (*end == 'B' || *end == 'b')
		end++;
	return !*end && *out >= 1 && *out < 0x1p62;
}

enum err
memory_parse(uint64_t *out, const char *name, const char *text)
{
	double bytes;

	if (!parse(&bytes, text))
		return err_at(ERR_USAGE, NULL, name,
			      "\"%s\" is no size; write 3G, 512M or a number of bytes", text);
	*out = (uint64_t)bytes;
	return OK;
}

/* Of the control group (version 2), as containers have it; 0: no limit. */
static uint64_t
group_limit(void)
{
	FILE *file = fopen("/sys/fs/cgroup/memory.max", "re");
	unsigned long long bytes = 0;

	if (!file)
		return 0;
	if (fscanf(file, "%llu", &bytes) != 1)
		bytes = 0;
	fclose(file);
	return bytes;
}

uint64_t
memory_of_machine(void)
{
	long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
	uint64_t machine = pages > 0 && page > 0 ? (uint64_t)pages * (uint64_t)page : 0;
	uint64_t group = group_limit();

	return group && group < machine ? group : machine;
}

enum err
memory_disk_limit(uint64_t *out)
{
	const char *text = getenv("QSCOPE_CACHE_SIZE");

	*out = disk_default;
	return text && *text ? memory_parse(out, "QSCOPE_CACHE_SIZE", text) : OK;
}

/* The largest block, or the embedding or head, in float32. */
static uint64_t
largest_part(const struct model *model)
{
	uint64_t largest = 0, block = 0;
	int current = -1;

	for (size_t i = 0; i < model->layer_count; i++) {
		const struct layer *layer = &model->layers[i];
		uint64_t bytes = (uint64_t)layer->rows * layer->columns * sizeof(float);

		block = layer->block >= 0 && layer->block == current ? block + bytes : bytes;
		current = layer->block;
		largest = block > largest ? block : largest;
	}
	return largest;
}

/* A worker's tiles and the keys and values of one sequence: what the widest inputs of a block come
 * to, for a few hundred tokens. */
static uint64_t
worker_bytes(const struct model *model)
{
	enum { TOKENS = 512 };
	uint64_t widest = model->shape.hidden;

	for (size_t i = 0; i < model->input_count; i++)
		widest = model->inputs[i].columns > widest ? model->inputs[i].columns : widest;
	return (4 * model->shape.hidden + 3 * widest) * TOKENS * sizeof(float);
}

void
memory_share(struct memory *out, uint64_t limit, const struct model *model, int threads)
{
	uint64_t rest;

	*out = (struct memory){ .limit = limit ? limit : memory_of_machine() / MEMORY_SHARE };
	out->workers = (uint64_t)threads * worker_bytes(model);
	out->fixed = largest_part(model) + out->workers;
	rest = out->limit > out->fixed ? out->limit - out->fixed : 0;
	out->grams = (size_t)(rest / 16 * 7);
	out->results = (size_t)(rest / 16 * 4);
	out->states = (size_t)(rest / 16 * 2);
	out->batch = (size_t)(rest / 16 * 2);
	out->freed = (size_t)(rest / 16);
}

char *
memory_text(char *out, uint64_t bytes)
{
	static const char *const names[] = { "bytes", "KiB", "MiB", "GiB", "TiB", "PiB" };
	double value = (double)bytes;
	size_t unit = 0;

	while (value >= 1024 && unit < 5) {
		value /= 1024;
		unit++;
	}
	snprintf(out, 32, unit && value < 100 ? "%.1f %s" : "%.0f %s", value, names[unit]);
	return out;
}
