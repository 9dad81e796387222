/* Allocation goes through here so that tests can make each call fail in turn. */
#include "core/buf.h"

#include "core/err.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { ALIGNMENT = 64, PAGE = 4096, LARGE = 4 << 20 };

static atomic_ulong fail_countdown;
static atomic_int fail_persistent;

void
buf_fail_at(unsigned long n, int persistent)
{
	atomic_store(&fail_persistent, persistent);
	atomic_store(&fail_countdown, n);
}

static int
must_fail(void)
{
	unsigned long n = atomic_load(&fail_countdown);

	if (!n)
		return 0;
	if (n > 1) {
		atomic_store(&fail_countdown, n - 1);
		return 0;
	}
	if (!atomic_load(&fail_persistent))
		atomic_store(&fail_countdown, 0);
	return 1;
}

/* Large blocks are asked for in huge pages before anyone touches them: a layer's worth of small
 * pages takes longer to hand out than to quantize. */
static void
prefer_huge_pages(char *raw, size_t bytes)
{
	uintptr_t first = ((uintptr_t)raw + PAGE - 1) / PAGE * PAGE;
	uintptr_t end = ((uintptr_t)raw + bytes) / PAGE * PAGE;

	if (bytes >= LARGE)
		madvise((void *)first, end - first, MADV_HUGEPAGE);
}

/* calloc knows which memory is fresh from the system and need not be cleared; it aligns less than
 * we promise, so where it began lies just before the block. */
void *
buf_alloc(size_t count, size_t size)
{
	size_t bytes;
	char *raw = NULL, *memory;

	if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX / 2 || must_fail() ||
	    !(raw = calloc(1, bytes + sizeof(raw) + ALIGNMENT))) {
		err_set(ERR_NOMEM,
			"no memory for %zu x %zu bytes; close other programs or use a smaller "
			"setting",
			count, size);
		return NULL;
	}
	prefer_huge_pages(raw, bytes);
	memory = raw + sizeof(raw);
	memory += (ALIGNMENT - (uintptr_t)memory % ALIGNMENT) % ALIGNMENT;
	memcpy(memory - sizeof(raw), &raw, sizeof(raw));
	return memory;
}

void
buf_free(void *memory)
{
	char *raw;

	if (!memory)
		return;
	memcpy(&raw, (char *)memory - sizeof(raw), sizeof(raw));
	free(raw);
}

int
buf_grow(void *array, size_t *capacity, size_t need, size_t size)
{
	size_t wanted = *capacity ? *capacity : 16;
	void *old, *grown;

	if (need <= *capacity)
		return 0;
	while (wanted < need)
		wanted = wanted > SIZE_MAX / 2 ? need : wanted * 2;
	if (!(grown = buf_alloc(wanted, size)))
		return -1;
	memcpy(&old, array, sizeof(old));
	if (old)
		memcpy(grown, old, *capacity * size);
	buf_free(old);
	memcpy(array, &grown, sizeof(grown));
	*capacity = wanted;
	return 0;
}

char *
buf_strndup(const char *text, size_t length)
{
	char *copy = buf_alloc(length + 1, 1);

	if (copy)
		memcpy(copy, text, length);
	return copy;
}

char *
buf_strdup(const char *text)
{
	return buf_strndup(text, strlen(text));
}

char *
buf_printf(const char *fmt, ...)
{
	va_list ap;
	char *text;
	int length;

	va_start(ap, fmt);
	length = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (length < 0 || !(text = buf_alloc((size_t)length + 1, 1)))
		return NULL;
	va_start(ap, fmt);
	vsnprintf(text, (size_t)length + 1, fmt, ap);
	va_end(ap);
	return text;
}
