#include "support/support.h"

#include "support/gguf_edit.h"

#include "core/buf.h"
#include "core/file.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char gguf_fixtures[GGUF_FIXTURES_MAX][GGUF_FIXTURE_NAME];
int gguf_fixture_count;

static int
compare_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

int
gguf_fixtures_find(void **state)
{
	DIR *dir = opendir(support_source("tests/core/fixtures/gguf"));
	struct dirent *entry;

	(void)state;
	if (!dir)
		return -1;
	while ((entry = readdir(dir))) {
		char *end = strstr(entry->d_name, ".gguf");

		if (!end || end - entry->d_name >= GGUF_FIXTURE_NAME ||
		    gguf_fixture_count == GGUF_FIXTURES_MAX)
			continue;
		*end = '\0';
		strcpy(gguf_fixtures[gguf_fixture_count++], entry->d_name);
	}
	closedir(dir);
	qsort(gguf_fixtures, (size_t)gguf_fixture_count, GGUF_FIXTURE_NAME, compare_names);
	return gguf_fixture_count ? 0 : -1;
}

const char *
gguf_fixture(const char *name, const char *end)
{
	char path[64 + 2 * GGUF_FIXTURE_NAME];

	snprintf(path, sizeof(path), "tests/core/fixtures/gguf/%.64s%.64s", name, end);
	return support_source(path);
}

static bool
is(const char *name, const char *wanted)
{
	return wanted && !strcmp(name, wanted);
}

static void
copy_pairs(struct gguf_make *make, const struct gguf *gguf, const struct gguf_edit *edit)
{
	for (size_t i = 0; i < gguf->value_count; i++) {
		const struct gguf_value *value = &gguf->values[i];

		if (is(value->key, edit->key))
			continue;
		if (value->is_array)
			make_gguf_array(make, value->key, value->type, value->count);
		else
			make_gguf_key(make, value->key, value->type);
		make_gguf_bytes(make, value->data, value->size);
	}
	if (edit->key && edit->put)
		edit->put(make, edit->key);
}

/* Every tensor keeps its place in the data, so that a shorter one leaves a gap. */
static void
copy_table(struct gguf_make *make, const struct gguf *gguf, const struct gguf_edit *edit)
{
	for (size_t i = 0; i < gguf->tensor_count; i++) {
		const struct gguf_tensor *tensor = &gguf->tensors[i];
		bool named = is(tensor->name, edit->tensor);

		if (named && !edit->shorter)
			continue;
		make_gguf_text(make, tensor->name);
		make_gguf_number(make, (uint64_t)tensor->rank, 4);
		for (int d = tensor->rank; d--;)
			make_gguf_number(make, tensor->shape[d] - (named && !d), 8);
		make_gguf_number(make, tensor->type->id, 4);
		make_gguf_number(make, tensor->offset - gguf->data, 8);
		make->tensors++;
	}
}

const char *
gguf_edited(const char *path, const struct gguf_edit *edit)
{
	static struct gguf_make make;
	struct gguf *gguf;
	char *data;
	size_t size;

	assert_ok(gguf_open(&gguf, path));
	assert_ok(file_read(&data, &size, path, 1 << 20));
	make_gguf(&make);
	copy_pairs(&make, gguf, edit);
	copy_table(&make, gguf, edit);
	make_gguf_pad(&make, gguf->alignment);
	make_gguf_bytes(&make, data + gguf->data, size - gguf->data);
	buf_free(data);
	gguf_free(gguf);
	return make_gguf_file(&make, "m.gguf");
}

/* One of two parts: every other tensor, its values one behind the other. */
static const char *
make_part(const struct gguf *gguf, const char *data, int number)
{
	static struct gguf_make make;
	char name[32];
	uint64_t offset = 0;

	make_gguf(&make);
	if (!number)
		copy_pairs(&make, gguf, &(struct gguf_edit){ .key = NULL });
	make_gguf_u32(&make, "split.no", (uint32_t)number);
	make_gguf_u32(&make, "split.count", 2);
	for (size_t i = (size_t)number; i < gguf->tensor_count; i += 2) {
		const struct gguf_tensor *tensor = &gguf->tensors[i];

		make_gguf_text(&make, tensor->name);
		make_gguf_number(&make, (uint64_t)tensor->rank, 4);
		for (int d = tensor->rank; d--;)
			make_gguf_number(&make, tensor->shape[d], 8);
		make_gguf_number(&make, tensor->type->id, 4);
		make_gguf_number(&make, offset, 8);
		make.tensors++;
		offset += (tensor->bytes + 31) & ~UINT64_C(31);
	}
	for (size_t i = (size_t)number; i < gguf->tensor_count; i += 2) {
		make_gguf_pad(&make, 32);
		make_gguf_bytes(&make, data + gguf->tensors[i].offset, gguf->tensors[i].bytes);
	}
	snprintf(name, sizeof(name), "m-%05d-of-00002.gguf", number + 1);
	return make_gguf_file(&make, name);
}

const char *
gguf_split_in_two(const char *path)
{
	struct gguf *gguf;
	const char *first;
	char *data;
	size_t size;

	assert_ok(gguf_open(&gguf, path));
	assert_ok(file_read(&data, &size, path, 1 << 20));
	first = make_part(gguf, data, 0);
	make_part(gguf, data, 1);
	buf_free(data);
	gguf_free(gguf);
	return first;
}

void
gguf_put_0(struct gguf_make *make, const char *key)
{
	make_gguf_u32(make, key, 0);
}

void
gguf_put_1(struct gguf_make *make, const char *key)
{
	make_gguf_u32(make, key, 1);
}

void
gguf_put_7(struct gguf_make *make, const char *key)
{
	make_gguf_u32(make, key, 7);
}
