/* What sinq stores beside its codes, and how many bits they take. */
#include "quantizers/sinq.h"

#include <math.h>

/* Where the value lies that is stored i-th. */
static size_t
place(const struct sinq_aux *aux, size_t i)
{
	size_t in_band = aux->tile_rows * aux->tiles, rest = i % in_band;

	return i - rest + rest % aux->tile_rows * aux->tiles + rest / aux->tile_rows;
}

enum { CHUNK = 4096 };

static void
find_grid(const struct sinq_aux *aux, size_t grid)
{
	float least = INFINITY, most = -INFINITY, range;

	for (size_t i = grid; i < aux->count; i += aux->grids) {
		float value = aux->values[place(aux, i)];

		least = fminf(least, value);
		most = fmaxf(most, value);
	}
	range = grid_narrow(most - least, aux->dtype);
	aux->least[grid] = least;
	aux->steps[grid] = grid_narrow(range / 255.0f, aux->dtype);
}

static enum err
find_grids(void *arg, size_t index, int worker)
{
	const struct sinq_aux *aux = arg;
	size_t first = index * CHUNK, left = aux->grids - first;

	(void)worker;
	for (size_t grid = first; grid < first + (left < CHUNK ? left : CHUNK); grid++)
		find_grid(aux, grid);
	return OK;
}

static void
encode(const struct sinq_aux *aux, size_t i)
{
	float *value = &aux->values[place(aux, i)];
	float step = aux->steps[i % aux->grids], least = aux->least[i % aux->grids];
	float above = grid_narrow(*value - least, aux->dtype), code = 0.0f;

	if (step > 0.0f)
		code = fminf(rintf(grid_narrow(above / step, aux->dtype)), 255.0f);
	aux->codes[i] = (uint8_t)code;
	*value = grid_narrow(grid_narrow(code * step, aux->dtype) + least, aux->dtype);
}

static enum err
encode_chunk(void *arg, size_t index, int worker)
{
	const struct sinq_aux *aux = arg;
	size_t first = index * CHUNK, left = aux->count - first;

	(void)worker;
	for (size_t i = first; i < first + (left < CHUNK ? left : CHUNK); i++)
		encode(aux, i);
	return OK;
}

enum err
sinq_aux_quantize(struct sinq_aux *aux, const struct work *work)
{
	enum err code = work_each(work, (aux->grids + CHUNK - 1) / CHUNK, find_grids, aux);

	return code ? code : work_each(work, (aux->count + CHUNK - 1) / CHUNK, encode_chunk, aux);
}

/* Of each `rows` rows one is made, of so many bytes for each column. */
double
sinq_packed_bits(double bits, size_t rows, size_t columns)
{
	static const struct packing {
		double bits;
		size_t rows, bytes;
	} packings[] = { { 1, 8, 1 }, { 1.58, 4, 1 }, { 2, 4, 1 }, { 3, 10, 4 },
			 { 4, 2, 1 }, { 5, 6, 4 },    { 6, 5, 4 } };
	size_t shared = 1, bytes = 1;

	for (size_t i = 0; i < sizeof(packings) / sizeof(packings[0]); i++)
		if (packings[i].bits == bits) {
			shared = packings[i].rows;
			bytes = packings[i].bytes;
		}
	return 8.0 * (double)((rows + shared - 1) / shared) * (double)bytes * (double)columns;
}
