/* GGUF files as models: one file, or the parts of a split one, "NAME-00001-of-00003.gguf". */
#include "core/buf.h"
#include "core/checkpoint.h"
#include "core/file.h"
#include "core/folder.h"
#include "core/formats/gguf.h"
#include "core/formats/gguf_model.h"
#include "core/formats/gguf_write.h"
#include "core/tensor.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAMES_MAX = 4096, PARTS_MAX = 1000, TENSORS_MAX = INT32_MAX };

/* The end of a part's name: "-00001-of-00003.gguf". */
#define PART_FORMAT "-%05zu-of-%05zu.gguf"
enum { PART_LENGTH = 20 };

/* What checkpoint->own points to. */
struct own {
	struct gguf *gguf; /* of the first part, which has all metadata */
};

static bool
is_first_part(const char *name)
{
	return fnmatch("*-[0-9][0-9][0-9][0-9][0-9]-of-[0-9][0-9][0-9][0-9][0-9].gguf", name, 0) ||
	       !fnmatch("*-00001-of-*", name, 0);
}

/* The one GGUF model of a folder that lists no more than these names; NULL: none, or several. */
static const char *
single_of(const struct folder *names)
{
	const char *found = NULL;

	if (names->more || folder_match(names, "*.safetensors") ||
	    folder_match(names, "pytorch_model*.bin"))
		return NULL;
	for (size_t i = 0; i < names->count; i++) {
		if (fnmatch("*.gguf", names->names[i], FNM_PERIOD) ||
		    !is_first_part(names->names[i]))
			continue;
		if (found)
			return NULL;
		found = names->names[i];
	}
	return found;
}

enum err
gguf_in_folder(char **out, const char *folder)
{
	struct folder names = { 0 };
	const char *name;
	enum err code = OK;

	*out = NULL;
	if (!file_is_folder(folder))
		return OK;
	if ((code = folder_read(&names, folder, NAMES_MAX)))
		return code;
	if ((name = single_of(&names)) && !(*out = file_join(folder, name)))
		code = ERR_NOMEM;
	folder_clear(&names);
	if (*out && !gguf_is(*out)) {
		buf_free(*out);
		*out = NULL;
	}
	return code;
}

static enum err
recognise(bool *out, const char *path)
{
	char *inside;
	enum err code;

	*out = !file_is_folder(path) && gguf_is(path);
	if (*out)
		return OK;
	code = gguf_in_folder(&inside, path);
	*out = inside != NULL;
	buf_free(inside);
	return code;
}

/* Quantized types of the file as "Q4_K 224, Q6_K 33". */
static void
list_types(char *out, size_t capacity, const struct gguf *gguf)
{
	enum { IDS = 64 }; /* above every number in ggml_types.def */
	size_t counts[IDS] = { 0 }, length = 0;

	for (size_t i = 0; i < gguf->tensor_count; i++)
		counts[gguf->tensors[i].type->id]++;
	for (size_t i = 0; i < gguf->tensor_count && length < capacity; i++) {
		const struct ggml_type *type = gguf->tensors[i].type;

		if (type->dtype == GGML_BLOCKS && counts[type->id])
			length +=
				(size_t)snprintf(out + length, capacity - length, "%s%s %zu",
						 length ? ", " : "", type->name, counts[type->id]);
		counts[type->id] = 0;
	}
}

static enum err
refuse_blocks(const struct gguf *gguf, const struct gguf_tensor *tensor)
{
	char types[160] = "";

	list_types(types, sizeof(types), gguf);
	return err_at(ERR_UNSUPPORTED, gguf->path, tensor->name,
		      "has type %s; the file is quantized (tensors: %s), and such types are not "
		      "read yet; open the model's F32, F16 or BF16 file",
		      tensor->type->name, types);
}

static enum err
add_tensors(struct checkpoint *checkpoint, const struct gguf *gguf, const struct file_map *map)
{
	enum err code = OK;

	for (size_t i = 0; i < gguf->tensor_count && !code; i++) {
		const struct gguf_tensor *from = &gguf->tensors[i];
		struct tensor tensor = { .name = from->name,
					 .rank = from->rank,
					 .elements = from->elements,
					 .bytes = from->bytes,
					 .map = map,
					 .offset = from->offset };

		if (from->type->dtype == GGML_BLOCKS)
			return refuse_blocks(gguf, from);
		tensor.dtype = (enum dtype)from->type->dtype;
		memcpy(tensor.shape, from->shape, (size_t)from->rank * sizeof(*from->shape));
		code = checkpoint_add(checkpoint, &tensor);
	}
	return code;
}

/* *out is the caller's. */
static enum err
read_file(struct gguf **out, struct checkpoint *checkpoint, const char *path)
{
	const struct file_map *map;
	enum err code = checkpoint_map(&map, checkpoint, path);

	*out = NULL;
	code = code ? code : gguf_read(out, map);
	if (code)
		return code;
	checkpoint_identify(checkpoint, map, (*out)->header, (*out)->header_size);
	return add_tensors(checkpoint, *out, map);
}

struct split {
	size_t count, number, tensors; /* parts; which one from 0; tensors of all parts */
};

static enum err
read_split(struct split *out, const struct gguf *gguf)
{
	enum err code;

	*out = (struct split){ .count = 1, .tensors = SIZE_MAX };
	code = gguf_get_size(&out->count, gguf, "split.count", 0, PARTS_MAX);
	code = code ? code : gguf_get_size(&out->number, gguf, "split.no", 0, PARTS_MAX);
	code = code ? code
		    : gguf_get_size(&out->tensors, gguf, "split.tensors.count", 0, TENSORS_MAX);
	if (!code && out->number >= out->count && out->number)
		code = err_at(ERR_FORMAT, gguf->path, "split.no",
			      "is %zu, but the model has %zu parts", out->number, out->count);
	return code;
}

/* The path of part `number`, made from the path of another; NULL: out of memory. */
static char *
part_path(const char *path, size_t number, size_t count)
{
	return buf_printf("%.*s" PART_FORMAT, (int)(strlen(path) - PART_LENGTH), path, number + 1,
			  count);
}

static enum err
check_part_name(const char *path, const struct split *split)
{
	size_t length = strlen(path);
	char *expected;
	bool same;

	if (length > PART_LENGTH) {
		if (!(expected = part_path(path, split->number, split->count)))
			return ERR_NOMEM;
		same = !strcmp(expected, path);
		buf_free(expected);
		if (same)
			return OK;
	}
	return err_at(ERR_FORMAT, path, NULL,
		      "is part %zu of %zu, but its name does not end in " PART_FORMAT
		      ", by which the others are found; rename it as it was",
		      split->number + 1, split->count, split->number + 1, split->count);
}

static enum err
read_part(struct checkpoint *checkpoint, const char *path, const struct split *whole, size_t number)
{
	struct gguf *gguf = NULL;
	struct split split;
	enum err code;

	if (!file_exists(path))
		return err_at(ERR_IO, path, NULL,
			      "is missing, part %zu of the model's %zu; fetch it too", number + 1,
			      whole->count);
	code = read_file(&gguf, checkpoint, path);
	code = code ? code : read_split(&split, gguf);
	if (!code && (split.number != number || split.count != whole->count))
		code = err_at(ERR_FORMAT, path, "split.no",
			      "says part %zu of %zu where the name says %zu of %zu",
			      split.number + 1, split.count, number + 1, whole->count);
	/* The first part has the metadata; the others only say which they are. */
	if (number || code)
		gguf_free(gguf);
	else
		((struct own *)checkpoint->own)->gguf = gguf;
	return code;
}

/* All parts, given any of them. */
static enum err
read_parts(struct checkpoint *checkpoint, const char *path, const struct split *split)
{
	enum err code = check_part_name(path, split);

	for (size_t i = 0; i < split->count && !code; i++) {
		char *part = part_path(path, i, split->count);

		code = part ? read_part(checkpoint, part, split, i) : ERR_NOMEM;
		buf_free(part);
	}
	if (!code && split->tensors != SIZE_MAX && split->tensors != checkpoint->count)
		code = err_at(ERR_FORMAT, path, "split.tensors.count",
			      "is %zu, but the parts hold %zu tensors", split->tensors,
			      checkpoint->count);
	return code;
}

/* Importance matrices, adapters and image encoders come in this container as well. */
static enum err
check_kind(const struct checkpoint *checkpoint, const struct gguf *gguf)
{
	const char *type = "model";
	enum err code = gguf_get_string(&type, gguf, "general.type");

	if (!code && strcmp(type, "model"))
		return err_at(ERR_UNSUPPORTED, checkpoint->path, "general.type",
			      "is \"%s\"; give the file that holds the model itself", type);
	if (!code && !checkpoint->count)
		return err_at(
			ERR_UNSUPPORTED, checkpoint->path, NULL, "holds %s and no weights; %s",
			gguf_find(gguf, "tokenizer.ggml.tokens") ? "a vocabulary" : "metadata",
			"qscope tokenize takes it, other commands need a model");
	return code;
}

static enum err
open_file(struct checkpoint *checkpoint, const char *path)
{
	struct own *own = arena_alloc(&checkpoint->arena, 1, sizeof(*own));
	struct gguf *gguf;
	struct split split;
	enum err code = own ? gguf_open(&gguf, path) : ERR_NOMEM;

	checkpoint->own = own;
	if (code)
		return code;
	code = read_split(&split, gguf);
	gguf_free(gguf);
	if (!code)
		code = split.count > 1 ? read_parts(checkpoint, path, &split)
				       : read_file(&own->gguf, checkpoint, path);
	return code ? code : check_kind(checkpoint, own->gguf);
}

/* A file, or the folder of one, as `quantize` writes it. */
static enum err
open_path(struct checkpoint *checkpoint, const char *path)
{
	char *inside;
	enum err code = gguf_in_folder(&inside, path);

	code = code ? code : open_file(checkpoint, inside ? inside : path);
	buf_free(inside);
	return code;
}

static void
close_file(struct checkpoint *checkpoint)
{
	const struct own *own = checkpoint->own;

	if (own)
		gguf_free(own->gguf);
}

static enum err
describe(struct model_description *out, const struct checkpoint *checkpoint)
{
	const struct own *own = checkpoint->own;

	return gguf_describe(out, own->gguf, checkpoint);
}

const struct format format_gguf = {
	.name = "gguf",
	.recognise = recognise,
	.open = open_path,
	.describe = describe,
	.close = close_file,
	.write = gguf_write,
};
