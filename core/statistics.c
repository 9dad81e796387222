#include "core/statistics.h"

#include "core/buf.h"

void
statistics_free(struct statistics *statistics)
{
	if (!statistics)
		return;
	buf_free(statistics->gram);
	buf_free(statistics->mean_abs);
	buf_free(statistics->mean_sq);
	buf_free(statistics->max_abs);
	buf_free(statistics);
}
