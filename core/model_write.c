#include "core/model_write.h"

#include "core/buf.h"
#include "core/checkpoint_write.h"
#include "core/file.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *const dtype_names[] = {
	[WRITE_FLOAT32] = "float32",
	[WRITE_SOURCE] = "source",
	[WRITE_BF16] = "bf16",
	[WRITE_F16] = "f16",
};

enum err
write_dtype_parse(enum write_dtype *out, const char *name)
{
	for (size_t i = 0; i < sizeof(dtype_names) / sizeof(dtype_names[0]); i++)
		if (!strcmp(name, dtype_names[i])) {
			*out = (enum write_dtype)i;
			return OK;
		}
	return err_at(ERR_RANGE, NULL, "dtype", "is %s; give float32, source, bf16 or f16", name);
}

const char *
write_dtype_name(enum write_dtype dtype)
{
	return dtype_names[dtype];
}

void
model_files_clear(struct model_files *files)
{
	for (size_t i = 0; i < files->count; i++)
		buf_free(files->names[i]);
	buf_free(files->names);
	*files = (struct model_files){ 0 };
}

/* A folder of ours alone: made here, or there already and empty. */
static enum err
claim_folder(bool *made, const char *path)
{
	struct dirent *entry;
	DIR *dir;
	bool empty = true;

	*made = !file_exists(path);
	if (*made)
		return file_make_folder(path);
	if (!(dir = opendir(path)))
		return err_at(ERR_IO, path, NULL,
			      "is no folder that can be read: %s; choose another", strerror(errno));
	while (empty && (entry = readdir(dir)))
		empty = !strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..");
	closedir(dir);
	return empty ? OK
		     : err_at(ERR_USAGE, path, NULL, "is not empty; choose a new or empty folder");
}

static void
remove_written(const struct model_files *files, const char *folder, bool made)
{
	char path[4096];

	for (size_t i = 0; i < files->count; i++)
		if (snprintf(path, sizeof(path), "%s/%s", folder, files->names[i]) <
		    (int)sizeof(path))
			unlink(path);
	if (made)
		rmdir(folder);
}

/* In the order of the tensor's elements. */
static void
insert(struct checkpoint_part **list, struct checkpoint_part *part)
{
	while (*list && (*list)->first < part->first)
		list = &(*list)->next;
	part->next = *list;
	*list = part;
}

/* Which elements of which tensor each replaced layer stands for: all of one, or those of an expert
 * among others. A tied head that is stored twice gets both. */
static void
place_layers(struct checkpoint_output *output, struct checkpoint_part *part,
	     const struct model *model, const struct overlay *overlay)
{
	const struct tensor *tensors = output->checkpoint->tensors;

	for (size_t i = 0; i < model->layer_count; i++) {
		const struct layer *layer = &model->layers[i];
		const struct replacement *replaced = &overlay->layers[i];
		uint64_t bytes = layer->tensor->offset - layer->stored->offset;

		if (!replaced->weight && !replaced->read)
			continue;
		*part = (struct checkpoint_part){ layer, replaced,
						  bytes / (dtype_bits(layer->stored->dtype) / 8),
						  NULL };
		insert(&output->parts[layer->stored - tensors], part++);
		if (!model->tied_twin || (int)i != model->embed)
			continue;
		*part = (struct checkpoint_part){ layer, replaced, 0, NULL };
		insert(&output->parts[model->tied_twin - tensors], part++);
	}
}

enum err
model_write(struct model_files *out, const struct model *model, const struct overlay *overlay,
	    const char *folder, enum write_dtype dtype, const struct work *work)
{
	struct checkpoint_output output = { .checkpoint = model->checkpoint,
					    .folder = folder,
					    .dtype = dtype,
					    .files = out,
					    .work = work };
	struct checkpoint_part *parts;
	bool made = false;
	enum err code = claim_folder(&made, folder);

	*out = (struct model_files){ 0 };
	if (code)
		return code;
	output.parts = buf_alloc(model->checkpoint->count, sizeof(*output.parts));
	parts = buf_alloc(model->layer_count + 1, sizeof(*parts));
	if (!output.parts || !parts)
		code = ERR_NOMEM;
	else if (overlay)
		place_layers(&output, parts, model, overlay);
	for (size_t i = 0; i < model->checkpoint->count; i++)
		work_expect(work, model->checkpoint->tensors[i].elements);
	if (!code)
		code = model->checkpoint->format->write(&output);
	if (code) {
		remove_written(out, folder, made);
		model_files_clear(out);
	}
	buf_free(output.parts);
	buf_free(parts);
	return code;
}
