/* Failures are recorded per thread, so that the lowest layer can say what it knows and every layer
 * above just returns the code. */
#include "core/err.h"

#include "core/text.h"

#include <stdio.h>
#include <string.h>

static _Thread_local struct err_detail last;
static _Thread_local char line[sizeof(last.file) + sizeof(last.item) + sizeof(last.message) + 8];

static const char *const kinds[ERR_COUNT] = { [OK] = "ok",
#define ERR_KIND(name, kind, text) [name] = kind,
					      ERR_LIST(ERR_KIND)
#undef ERR_KIND
};

static const char *const texts[ERR_COUNT] = { [OK] = "success",
#define ERR_TEXT(name, kind, text) [name] = text,
					      ERR_LIST(ERR_TEXT)
#undef ERR_TEXT
};

static enum err
record(enum err code, const char *file, const char *item, const char *fmt, va_list ap)
{
	char message[sizeof(last.message)];

	/* Arguments may point into `last` itself (a message built on the previous one). */
	vsnprintf(message, sizeof(message), fmt, ap);
	text_visible(last.message, sizeof(last.message), message, strlen(message));
	last.code = code;
	if (file != last.file)
		text_visible(last.file, sizeof(last.file), file ? file : "",
			     file ? strlen(file) : 0);
	if (item != last.item)
		text_visible(last.item, sizeof(last.item), item ? item : "",
			     item ? strlen(item) : 0);
	return code;
}

enum err
err_at(enum err code, const char *file, const char *item, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	record(code, file, item, fmt, ap);
	va_end(ap);
	return code;
}

enum err
err_set(enum err code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	record(code, NULL, NULL, fmt, ap);
	va_end(ap);
	return code;
}

enum err
err_in_file(enum err code, const char *file)
{
	if (!last.file[0])
		text_visible(last.file, sizeof(last.file), file, strlen(file));
	return code;
}

const struct err_detail *
err_last(void)
{
	return &last;
}

enum err
err_adopt(const struct err_detail *detail)
{
	if (detail != &last)
		last = *detail;
	return detail->code;
}

const char *
err_line(void)
{
	const char *message = last.message[0] ? last.message : texts[last.code];

	snprintf(line, sizeof(line), "%s%s%s%s%s", last.file, last.file[0] ? ": " : "", last.item,
		 last.item[0] ? ": " : "", message);
	return line;
}

const char *
err_kind(enum err code)
{
	return kinds[code];
}
