/* qscope models: what is there to open. */
#include "core/text.h"
#include "sessions/catalog.h"
#include "sessions/commands/common.h"

#include <stdio.h>
#include <string.h>

static void
entry_out(struct json_out *json, const struct catalog_entry *entry)
{
	json_out_object(json, NULL);
	json_out_text(json, "name", entry->name);
	json_out_text(json, "path", entry->path);
	json_out_text(json, "where", catalog_places[entry->place]);
	json_out_text(json, "architecture", entry->architecture);
	json_out_text(json, "dtype", entry->dtype);
	json_out_count(json, "bytes", entry->bytes);
	json_out_text(json, "why", entry->why);
	json_out_end(json);
}

static enum err
print_json(struct call *call, const struct catalog *catalog)
{
	struct json_out *json = json_out_start("qscope.models/1");

	json_out_text(json, "cache", catalog->cache);
	json_out_array(json, "models");
	for (size_t i = 0; i < catalog->count; i++)
		entry_out(json, &catalog->entries[i]);
	json_out_end(json);
	return output_json(call, json);
}

static enum err
print_table(struct call *call, const struct catalog *catalog)
{
	static const char *const heads[] = { "model", "architecture", "size",
					     "dtype", "where",        "why it cannot be opened" };
	struct table *table = table_create(6, heads);
	char size[24];

	for (size_t i = 0; i < catalog->count; i++) {
		const struct catalog_entry *entry = &catalog->entries[i];

		table_cell(table, "%s", entry->name);
		table_cell(table, "%s", entry->architecture ? entry->architecture : "-");
		if (call->options->csv)
			snprintf(size, sizeof(size), "%llu", (unsigned long long)entry->bytes);
		else
			catalog_size(size, entry->bytes);
		table_cell(table, "%s", entry->path ? size : "-");
		table_cell(table, "%s", entry->dtype ? entry->dtype : "-");
		table_cell(table, "%s", catalog_places[entry->place]);
		table_cell(table, "%s", entry->why ? entry->why : "");
	}
	return output_table(call, table);
}

static enum err
print_names(struct call *call, const struct catalog *catalog)
{
	for (size_t i = 0; i < catalog->count; i++) {
		const char *name = catalog->entries[i].name;
		char visible[1024];

		text_visible(visible, sizeof(visible), name, strlen(name));
		output_text(call, "%s\n", visible);
	}
	return OK;
}

static enum err
run(struct call *call)
{
	bool names = arguments_value(&call->arguments, "--names");
	struct catalog *catalog;
	enum err code = catalog_read(&catalog, !names, call->work);

	if (code)
		return code;
	for (size_t i = 0; i < catalog->note_count; i++)
		output_narrate(call, "%s", catalog->notes[i]);
	if (names)
		code = print_names(call, catalog);
	else
		code = call->options->json ? print_json(call, catalog) : print_table(call, catalog);
	catalog_free(catalog);
	return code;
}

const struct command command_models = {
	.name = "models",
	.summary = "list the models that are here, and why some cannot be opened",
	.help = "The shipped model, every snapshot in the Hugging Face cache, models in this "
		"folder,\n"
		"and those that the workbench opened last. The name in the first column may stand\n"
		"wherever a MODEL is asked for: `shipped`, `org/name`, `org/name@revision`, or a "
		"path,\n"
		"which wins where both exist. Headers alone are read. The cache is found as its\n"
		"own tools find it: HF_HUB_CACHE, HF_HOME/hub, or below the XDG cache folder.\n\n"
		"Example: qscope models --json",
	.args =
		(const struct command_arg[]){
			{ "--names", NULL, NULL, "the names alone, without looking inside", false,
			  false },
			{ 0 },
		},
	.run = run,
};
