#include "core/checkpoint.h"

#include "core/buf.h"
#include "core/file.h"
#include "core/json.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FORMAT(name) extern const struct format format_##name;
#include "core/formats/formats.def"
#undef FORMAT

static const struct format *const formats[] = {
#define FORMAT(name) &format_##name,
#include "core/formats/formats.def"
#undef FORMAT
};

static int
compare(const void *a, const void *b)
{
	return strcmp(((const struct tensor *)a)->name, ((const struct tensor *)b)->name);
}

enum err
checkpoint_sort(struct checkpoint *checkpoint)
{
	struct tensor *t = checkpoint->tensors;

	if (checkpoint->count)
		qsort(t, checkpoint->count, sizeof(*t), compare);
	for (size_t i = 1; i < checkpoint->count; i++)
		if (!strcmp(t[i - 1].name, t[i].name))
			return err_at(
				ERR_FORMAT, file_map_path(t[i].map), t[i].name,
				"this tensor stands in the model twice; such files are refused");
	return OK;
}

/* Files that are something else, said by name. */
static const struct {
	const char *magic;
	const char *what;
} others[] = {
	{ "24ka",
	  "begins with \"ak42\": a llama2.c file of version 1 or later, or a ternary BitNet one; "
	  "only version 0 (float32) is read" },
	{ "version https://git-lfs",
	  "is a git-lfs pointer: the file itself was not fetched; fetch it with: git lfs pull" },
};
enum { OTHERS = sizeof(others) / sizeof(others[0]), MAGIC = 32 };

/* The first bytes of a regular file, zeros behind its end. */
static void
read_magic(char out[MAGIC], const char *path)
{
	struct stat st;
	ssize_t n = 0;
	int fd;

	memset(out, 0, MAGIC);
	if (stat(path, &st) || !S_ISREG(st.st_mode))
		return;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd >= 0) {
		n = read(fd, out, MAGIC);
		close(fd);
	}
	if (n < MAGIC)
		memset(out + (n > 0 ? n : 0), 0, (size_t)(MAGIC - (n > 0 ? n : 0)));
}

/* A zip archive, as PyTorch writes it today, or a bare pickle: protocol 2 to 5, then an opcode.
 * Without the opcode it might be a llama2.c file, whose first number is the width: 640 is 80 02 00
 * 00. */
static bool
is_pickle(const char magic[MAGIC])
{
	return !memcmp(magic, "PK\3\4", 4) || ((unsigned char)magic[0] == 0x80 && magic[1] >= 2 &&
					       magic[1] <= 5 && (unsigned char)magic[2] >= ' ');
}

bool
checkpoint_is_pickle(const char *path)
{
	char magic[MAGIC];

	read_magic(magic, path);
	return is_pickle(magic);
}

static bool
ends_in(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n >= m && !strcmp(text + n - m, end);
}

static enum err
refuse_pickle(const char *path)
{
	bool torch = ends_in(path, ".pt") || ends_in(path, ".pth");

	return err_at(ERR_UNSUPPORTED, path, NULL, "holds its weights as " CHECKPOINT_PICKLE "%s",
		      torch ? "; of llama2.c: python export.py OUT.bin --checkpoint FILE" : "");
}

/* A file of another program is refused before anything of it is interpreted. */
static enum err
refuse_foreign(const char *path)
{
	char magic[MAGIC];

	read_magic(magic, path);
	for (size_t i = 0; i < OTHERS; i++)
		if (!memcmp(magic, others[i].magic, strlen(others[i].magic)))
			return err_at(ERR_UNSUPPORTED, path, NULL, "%s", others[i].what);
	return is_pickle(magic) ? refuse_pickle(path) : OK;
}

enum err
checkpoint_check_pointer(const char *path)
{
	const char *pointer = others[OTHERS - 1].magic;
	char magic[MAGIC];

	read_magic(magic, path);
	return memcmp(magic, pointer, strlen(pointer)) ? OK : refuse_foreign(path);
}

static enum err
refuse(const char *path)
{
	if (!path[0])
		return err_at(ERR_IO, "\"\"", NULL, "is an empty name; name a folder or a file");
	if (!file_exists(path))
		return err_at(ERR_IO, path, NULL,
			      "there is no such file or folder; check the path");
	if (ends_in(path, ".safetensors"))
		return err_at(ERR_UNSUPPORTED, path, NULL,
			      "is one file of a model; give the folder that it lies in, with its "
			      "config.json");
	return err_at(ERR_UNSUPPORTED, path, NULL,
		      "is no model that qscope reads; give a Hugging Face folder, a GGUF file or "
		      "a llama2.c .bin");
}

static enum err
open_with(struct checkpoint *checkpoint, const char *path)
{
	enum err code = refuse_foreign(path);

	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]) && !code; i++) {
		bool ours;

		if ((code = formats[i]->recognise(&ours, path)) || !ours)
			continue;
		checkpoint->format = formats[i];
		code = formats[i]->open(checkpoint, path);
		return code ? code : checkpoint_sort(checkpoint);
	}
	return code ? code : refuse(path);
}

/* Not in the list: nothing says what such tensors are. */
extern const struct format format_tensors;

static enum err
open_tensors(struct checkpoint *checkpoint, const char *path)
{
	enum err code = refuse_foreign(path);

	checkpoint->format = &format_tensors;
	if (!code)
		code = format_tensors.open(checkpoint, path);
	return code ? code : checkpoint_sort(checkpoint);
}

bool
checkpoint_is_tensors(const char *path)
{
	bool ours = false;

	return !format_tensors.recognise(&ours, path) && ours;
}

static enum err
create(struct checkpoint **out, const char *path,
       enum err (*open)(struct checkpoint *checkpoint, const char *path))
{
	struct checkpoint *checkpoint = buf_alloc(1, sizeof(*checkpoint));
	enum err code = ERR_NOMEM;

	*out = NULL;
	if (!checkpoint)
		return ERR_NOMEM;
	if ((checkpoint->path = arena_strndup(&checkpoint->arena, path, strlen(path))))
		code = open(checkpoint, path);
	if (code)
		checkpoint_free(checkpoint);
	else
		*out = checkpoint;
	return code;
}

enum err
checkpoint_open(struct checkpoint **out, const char *path)
{
	return create(out, path, open_with);
}

enum err
checkpoint_open_tensors(struct checkpoint **out, const char *path)
{
	return create(out, path, open_tensors);
}

void
checkpoint_free(struct checkpoint *checkpoint)
{
	if (!checkpoint)
		return;
	if (checkpoint->format && checkpoint->format->close)
		checkpoint->format->close(checkpoint);
	for (size_t i = 0; i < checkpoint->map_count; i++)
		file_map_free(checkpoint->maps[i]);
	buf_free(checkpoint->maps);
	buf_free(checkpoint->tensors);
	json_free((struct json_document *)checkpoint->config);
	arena_clear(&checkpoint->arena);
	buf_free(checkpoint);
}

const struct tensor *
checkpoint_find(const struct checkpoint *checkpoint, const char *name)
{
	struct tensor wanted = { .name = name };

	return checkpoint->count ? bsearch(&wanted, checkpoint->tensors, checkpoint->count,
					   sizeof(wanted), compare)
				 : NULL;
}

enum err
checkpoint_map(const struct file_map **out, struct checkpoint *checkpoint, const char *path)
{
	struct file_map *map;
	enum err code;

	if (buf_grow(&checkpoint->maps, &checkpoint->map_capacity, checkpoint->map_count + 1,
		     sizeof(*checkpoint->maps)))
		return ERR_NOMEM;
	if ((code = file_map_open(&map, path)))
		return code;
	checkpoint->maps[checkpoint->map_count++] = map;
	*out = map;
	return OK;
}

enum err
checkpoint_add(struct checkpoint *checkpoint, const struct tensor *tensor)
{
	struct tensor *added;

	if (buf_grow(&checkpoint->tensors, &checkpoint->capacity, checkpoint->count + 1,
		     sizeof(*checkpoint->tensors)))
		return ERR_NOMEM;
	added = &checkpoint->tensors[checkpoint->count];
	*added = *tensor;
	added->name = arena_strndup(&checkpoint->arena, tensor->name, strlen(tensor->name));
	if (!added->name)
		return ERR_NOMEM;
	checkpoint->count++;
	return OK;
}

void
checkpoint_identify(struct checkpoint *checkpoint, const struct file_map *map, const void *header,
		    size_t size)
{
	struct file_stamp stamp;
	struct key key = key_of(checkpoint->identity, sizeof(checkpoint->identity));

	file_map_stamp(&stamp, map);
	key = key_add(key, &stamp.size, sizeof(stamp.size));
	key = key_add(key, &stamp.seconds, sizeof(stamp.seconds));
	key = key_add(key, &stamp.nanoseconds, sizeof(stamp.nanoseconds));
	key = key_add(key, header, size);
	memset(checkpoint->identity, 0, sizeof(checkpoint->identity));
	key_hex(checkpoint->identity, key);
}
