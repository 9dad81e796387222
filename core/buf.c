/* Allocation goes through here so that tests can make each call fail in turn. */
#include "core/buf.h"

#include "core/err.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { ALIGNMENT = 64, PAGE = 4096, LARGE = 4 << 20 };

/* How much is kept for later. Sanitizers are to see every free. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { KEPT_BYTES = 0 };
#else
enum { KEPT_BYTES = 256 << 20 };
#endif

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

/* What lies before each block: where its memory began, and how much of it the caller may use. */
struct header {
	void *raw;
	size_t bytes;
};

/* Large blocks that were freed, to be handed out again: fresh memory from the system has to be
 * cleared page by page, at each turn of a knob. */
enum { KEPT_MAX = 16 };
static pthread_mutex_t kept_lock = PTHREAD_MUTEX_INITIALIZER;
static char *kept[KEPT_MAX];
static size_t kept_bytes, kept_limit = KEPT_BYTES;

static struct header
header_of(const char *memory)
{
	struct header header;

	memcpy(&header, memory - sizeof(header), sizeof(header));
	return header;
}

/* A kept block of at least `bytes` and not much more. */
static char *
take_kept(size_t bytes)
{
	char *found = NULL;

	pthread_mutex_lock(&kept_lock);
	for (int i = 0; i < KEPT_MAX && !found && bytes >= LARGE; i++)
		if (kept[i] && header_of(kept[i]).bytes >= bytes &&
		    header_of(kept[i]).bytes / 9 <= bytes / 8) {
			found = kept[i];
			kept[i] = NULL;
			kept_bytes -= header_of(found).bytes;
		}
	pthread_mutex_unlock(&kept_lock);
	return found;
}

static bool
keep(char *memory, size_t bytes)
{
	bool done = false;

	if (bytes < LARGE)
		return false;
	pthread_mutex_lock(&kept_lock);
	for (int i = 0; i < KEPT_MAX && !done && kept_bytes + bytes <= kept_limit; i++)
		if (!kept[i]) {
			kept[i] = memory;
			kept_bytes += bytes;
			done = true;
		}
	pthread_mutex_unlock(&kept_lock);
	return done;
}

void
buf_keep(size_t bytes)
{
	pthread_mutex_lock(&kept_lock);
	kept_limit = bytes < KEPT_BYTES ? bytes : KEPT_BYTES;
	for (int i = 0; i < KEPT_MAX; i++)
		if (kept[i] && kept_bytes > kept_limit) {
			kept_bytes -= header_of(kept[i]).bytes;
			free(header_of(kept[i]).raw);
			kept[i] = NULL;
		}
	pthread_mutex_unlock(&kept_lock);
}

/* calloc knows which memory is fresh from the system and need not be cleared; it aligns less than
 * we promise. */
static char *
fresh(size_t bytes)
{
	struct header header = { calloc(1, bytes + sizeof(header) + ALIGNMENT), bytes };
	char *memory = header.raw;

	if (!memory)
		return NULL;
	prefer_huge_pages(memory, bytes);
	memory += sizeof(header);
	memory += (ALIGNMENT - (uintptr_t)memory % ALIGNMENT) % ALIGNMENT;
	memcpy(memory - sizeof(header), &header, sizeof(header));
	return memory;
}

static void *
allocate(size_t count, size_t size, bool clear)
{
	size_t bytes;
	char *memory = NULL;

	if (!__builtin_mul_overflow(count, size, &bytes) && bytes <= SIZE_MAX / 2 && !must_fail()) {
		memory = take_kept(bytes);
		if (memory && clear)
			memset(memory, 0, bytes);
		if (!memory)
			memory = fresh(bytes);
	}
	if (!memory)
		err_set(ERR_NOMEM,
			"no memory for %zu x %zu bytes; close other programs or use a smaller "
			"setting",
			count, size);
	return memory;
}

void *
buf_alloc(size_t count, size_t size)
{
	return allocate(count, size, true);
}

void *
buf_alloc_dirty(size_t count, size_t size)
{
	return allocate(count, size, false);
}

void
buf_free(void *memory)
{
	if (memory && !keep(memory, header_of(memory).bytes))
		free(header_of(memory).raw);
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
