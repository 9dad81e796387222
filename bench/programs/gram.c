/* The sums of one wide input turned into its Gram matrix, and the largest memory of the process:
 * bench/gram COLUMNS TOKENS. Prints one line of JSON. */
#include "core/buf.h"
#include "core/jobs.h"
#include "core/moments.h"
#include "kernels/kernels.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

struct adding {
	struct moments *moments;
	const struct rows *rows;
};

static enum err
add_part(void *arg, size_t index, int worker)
{
	const struct adding *adding = arg;

	(void)worker;
	moments_add_part(adding->moments, index, adding->rows);
	return OK;
}

static void
must(enum err code)
{
	if (!code)
		return;
	fprintf(stderr, "gram: %s\n", err_line());
	exit(1);
}

int
main(int argc, char **argv)
{
	size_t columns = argc > 1 ? strtoull(argv[1], NULL, 10) : 11008;
	size_t tokens = argc > 2 ? strtoull(argv[2], NULL, 10) : 512, start[] = { 0, tokens };
	float *x = buf_alloc(tokens, columns * sizeof(*x));
	struct rows rows = { x, start, 1 };
	struct moments moments;
	struct adding adding = { &moments, &rows };
	struct statistics *statistics;
	struct rusage usage;
	struct work work = { 0 };
	double begun, added;

	if (!x || !kernels_select(NULL))
		return 1;
	for (size_t i = 0; i < tokens * columns; i++)
		x[i] = (float)(i * 2654435761u % 4096) / 4096.0f - 0.5f;
	must(pool_create(&work.pool, (int)sysconf(_SC_NPROCESSORS_ONLN)));
	begun = jobs_now();
	must(moments_create(&moments, columns, true));
	must(work_each(&work, moments_parts(&moments), add_part, &adding));
	moments_count(&moments, &rows);
	added = jobs_now();
	must(moments_finish(&statistics, &moments, &work));
	getrusage(RUSAGE_SELF, &usage);
	printf("{\"matrix_bytes\": %zu, \"rows_bytes\": %zu, \"peak_bytes\": %ld, \"adding\": "
	       "%.4f, "
	       "\"finishing\": %.4f}\n",
	       columns * columns * sizeof(float), tokens * columns * sizeof(float),
	       usage.ru_maxrss * 1024, added - begun, jobs_now() - added);
	statistics_free(statistics);
	pool_free(work.pool);
	buf_free(x);
	return 0;
}
