/* Runs one fuzz target over a corpus without a fuzzer: each file as it is, each of its prefixes
 * while it is small, and seeded mutations of it. The bytes lie right before a page that nobody may
 * read, so that one byte too many is a crash without any sanitizer. Ends after SECONDS at the
 * latest, whatever is left of the mutations. */
#include "fuzz/fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { FILES_MAX = 4096, PREFIX_MAX = 600, SECONDS = 3 };

struct buffer {
	unsigned char *start; /* of the mapping */
	size_t capacity;      /* a multiple of the page */
};

static size_t runs;

static struct buffer
buffer_make(size_t capacity)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct buffer buffer = { .capacity = (capacity / page + 1) * page };

	buffer.start = mmap(NULL, buffer.capacity + page, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (buffer.start == MAP_FAILED ||
	    mprotect(buffer.start + buffer.capacity, page, PROT_NONE)) {
		perror("mmap");
		exit(1);
	}
	return buffer;
}

static void
buffer_free(const struct buffer *buffer)
{
	munmap(buffer->start, buffer->capacity + (size_t)sysconf(_SC_PAGESIZE));
}

/* `size` bytes that end where the forbidden page begins. */
static unsigned char *
place(const struct buffer *buffer, const unsigned char *data, size_t size)
{
	unsigned char *to = buffer->start + buffer->capacity - size;

	if (size)
		memcpy(to, data, size);
	return to;
}

static void
run(const unsigned char *data, size_t size)
{
	LLVMFuzzerTestOneInput(data, size);
	runs++;
}

static uint64_t
next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* One to four bytes become others: any, a neighbour, or one that parsers care about. */
static void
mutate(unsigned char *data, size_t size, uint64_t *seed)
{
	static const unsigned char tempting[] = "\"\\{}[],:0129-+.eu\0\xff\x80\x7f";
	size_t changes = 1 + next_random(seed) % 4;

	for (size_t i = 0; i < changes; i++) {
		size_t at = next_random(seed) % size;
		uint64_t how = next_random(seed);

		switch (how & 3) {
		case 0:
			data[at] = (unsigned char)(how >> 8);
			break;
		case 1:
			data[at] ^= (unsigned char)(1u << ((how >> 8) & 7));
			break;
		case 2:
			data[at] = tempting[(how >> 8) % (sizeof(tempting) - 1)];
			break;
		default:
			data[at] = data[(how >> 8) % size];
		}
	}
}

static void
replay(const unsigned char *data, size_t size, time_t until)
{
	struct buffer buffer = buffer_make(size);
	uint64_t seed = 0x9e3779b97f4a7c15u + size;

	run(place(&buffer, data, size), size);
	for (size_t n = 0; size <= PREFIX_MAX && n < size; n++)
		run(place(&buffer, data, n), n);
	for (int i = 0; size && i < 200 && time(NULL) < until; i++) {
		unsigned char *bytes = place(&buffer, data, size);

		mutate(bytes, size, &seed);
		run(bytes, size);
	}
	buffer_free(&buffer);
}

static unsigned char *
read_file(size_t *size, const char *path)
{
	FILE *file = fopen(path, "rb");
	unsigned char *data;
	long length;

	if (!file || fseek(file, 0, SEEK_END) || (length = ftell(file)) < 0) {
		perror(path);
		exit(1);
	}
	rewind(file);
	data = malloc((size_t)length + 1);
	if (!data || fread(data, 1, (size_t)length, file) != (size_t)length) {
		perror(path);
		exit(1);
	}
	fclose(file);
	*size = (size_t)length;
	return data;
}

static int
is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

int
main(int argc, char **argv)
{
	struct dirent **names;
	int count = argc == 2 ? scandir(argv[1], &names, is_visible, alphasort) : -1;
	time_t until = time(NULL) + SECONDS;

	if (count <= 0) {
		fprintf(stderr, "usage: %s FOLDER, which holds at least one file\n", argv[0]);
		return 1;
	}
	run((const unsigned char *)"", 0);
	for (int i = 0; i < count; i++) {
		char path[1024];
		unsigned char *data;
		size_t size;

		snprintf(path, sizeof(path), "%s/%s", argv[1], names[i]->d_name);
		data = read_file(&size, path);
		replay(data, size, until);
		free(data);
		free(names[i]);
	}
	free(names);
	printf("%d files, %zu runs\n", count, runs);
	return 0;
}
