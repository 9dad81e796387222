#include "sessions/forecast.h"
#include "sessions/memory.h"

#include <stdarg.h>
#include <stdio.h>

/* Someone to tell, a line at a time. */
struct telling {
	void (*say)(void *ctx, const char *line);
	void *ctx;
};

static void __attribute__((format(printf, 2, 3)))
tell(const struct telling *telling, const char *fmt, ...)
{
	char line[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	telling->say(telling->ctx, line);
}

char *
forecast_time(char *out, double seconds)
{
	if (seconds < 100)
		snprintf(out, 32, "about %.0f s", seconds < 1 ? 1 : seconds);
	else if (seconds < 6000)
		snprintf(out, 32, "about %.0f min", seconds / 60);
	else
		snprintf(out, 32, "about %.1f h", seconds / 3600);
	return out;
}

static void
tell_disk(const struct telling *telling, const struct forecast *f)
{
	const char *folder = engine_disk_folder(f->engine);
	char kept[32], passing[32], left[32];

	if (f->kept + f->spilled + f->parked)
		tell(telling, "disk: %s of results kept, %s in passing; %s are free in %s",
		     memory_text(kept, f->kept), memory_text(passing, f->spilled + f->parked),
		     memory_text(left, forecast_free(folder)), folder);
	if (f->output)
		tell(telling, "output: %s; %s are free for %s", memory_text(kept, f->output),
		     memory_text(left, forecast_free(f->output_path)), f->output_path);
}

void
forecast_say(const struct forecast *f, const struct forecast_rates *rates,
	     void (*say)(void *ctx, const char *line), void *ctx)
{
	const struct telling telling = { say, ctx };
	struct model_totals totals = model_count(engine_model(f->engine));
	char size[32], read[32], time[32];

	tell(&telling, "time: %s; %.3g TFLOP at %.3g GFLOP/s, and %s read of %s of weights",
	     forecast_time(time, forecast_seconds(f, rates)), f->operations / 1e12,
	     rates->operations / 1e9, memory_text(read, f->read), memory_text(size, totals.bytes));
	tell(&telling, "memory: %s at once at the least, of %s allowed (--memory)",
	     memory_text(size, f->memory), memory_text(read, engine_memory(f->engine)));
	tell_disk(&telling, f);
}
