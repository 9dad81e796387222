/* Data on one way, narration on another, and the object that tells where a figure was made. */
#include "sessions/output.h"

#include "core/buf.h"
#include "core/jobs.h"
#include "kernels/kernels.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

void
output_bytes(struct call *call, const char *bytes, size_t length)
{
	call->sink->data(call->sink->ctx, bytes, length);
}

static char *
format(const char *fmt, va_list ap)
{
	char *text;
	va_list again;
	int length;

	va_copy(again, ap);
	length = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	text = length < 0 ? NULL : buf_alloc((size_t)length + 1, 1);
	if (text)
		vsnprintf(text, (size_t)length + 1, fmt, ap);
	return text;
}

void
output_text(struct call *call, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = format(fmt, ap);
	va_end(ap);
	if (text)
		output_bytes(call, text, strlen(text));
	buf_free(text);
}

void
output_narrate(struct call *call, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = format(fmt, ap);
	va_end(ap);
	if (text)
		call->sink->narrate(call->sink->ctx, text);
	buf_free(text);
}

void
output_phase(struct call *call, const char *fmt, ...)
{
	va_list ap;
	char *text;

	if (call->work && call->work->done)
		atomic_store(call->work->done, 0);
	if (call->work && call->work->total)
		atomic_store(call->work->total, 0);
	va_start(ap, fmt);
	text = format(fmt, ap);
	va_end(ap);
	if (text && call->sink->phase)
		call->sink->phase(call->sink->ctx, text);
	buf_free(text);
}

static void
add_run(struct json_out *json, const struct call *call)
{
	char date[32];
	time_t now = time(NULL);
	struct tm utc;

	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
	json_out_object(json, "run");
	json_out_text(json, "version", build_version());
	json_out_text(json, "commit", build_commit());
	json_out_text(json, "kernel_set", kernels_current()->name);
	json_out_text(json, "blas", kernels_blas());
	json_out_integer(json, "threads", machine_threads(call->options));
	json_out_text(json, "cpu", machine_cpu());
	json_out_text(json, "date", date);
	json_out_number(json, "seconds", jobs_now() - call->started);
	if (call->expected > 0) {
		json_out_number(json, "estimated_seconds", call->expected);
		json_out_number(json, "operations_per_second", call->rate);
	}
	json_out_end(json);
}

enum err
output_json(struct call *call, struct json_out *json)
{
	char *text;
	enum err code;

	add_run(json, call);
	code = json_out_finish(&text, json, JSON_COMPACT);
	if (!code)
		output_text(call, "%s\n", text);
	buf_free(text);
	return code;
}

char *
output_error(struct json_out *result)
{
	const struct err_detail detail = *err_last();
	struct json_out *json = json_out_start("qscope.error/1");
	char *text;

	json_out_object(json, "error");
	json_out_text(json, "kind", err_kind(detail.code));
	json_out_text(json, "message", detail.message);
	json_out_text(json, "file", detail.file[0] ? detail.file : NULL);
	json_out_text(json, "item", detail.item[0] ? detail.item : NULL);
	json_out_end(json);
	if (result)
		json_out_embed(json, "result", result, NULL);
	json_out_drop(result);
	json_out_finish(&text, json, JSON_COMPACT);
	return text;
}
