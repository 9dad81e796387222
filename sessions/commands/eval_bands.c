#include "sessions/commands/eval_bands.h"

enum err
eval_bands_text(struct eval_result *out, struct loss_bands *bands, struct common *common,
		const struct eval_setting *setting, struct layer_result *const *layers)
{
	struct loss_text whole = { .vocab = engine_model(common->engine)->shape.vocab };
	struct token_losses *losses = NULL;
	const struct corpus *corpus;
	enum err code = engine_evaluate_losses(out, &losses, common->engine, setting, layers,
					       &common->work);

	if (!code)
		code = engine_corpus(&corpus, common->engine, setting->text, setting->field);
	if (!code) {
		whole.ids = corpus->ids;
		whole.count = corpus->count;
		code = loss_bands_of(bands, losses, &whole);
	}
	token_losses_free(losses);
	return code;
}

static void
rows(struct table *table, const char *text, const char *by, const struct loss_band *bands,
     size_t count)
{
	for (const struct loss_band *band = bands; band < bands + count; band++) {
		table_cell(table, "%s", text);
		table_cell(table, "%s", by);
		table_cell(table, "%zu", band->low);
		table_cell(table, "%zu", band->high);
		table_cell(table, "%zu", band->scored);
		table_number(table, band->baseline, "%.4f");
		table_number(table, band->current, "%.4f");
		table_number(table, band->delta, "%+.5f");
		table_number(table, band->se, "%.5f");
	}
}

enum err
eval_bands_print(struct call *call, const char *const *texts, const struct loss_bands *bands,
		 size_t count)
{
	static const char *const heads[] = { "text",       "tokens by", "from",      "to", "scored",
					     "nll before", "nll after", "delta nll", "se" };
	struct table *table;

	if (!count)
		return OK;
	table = table_create(sizeof(heads) / sizeof(heads[0]), heads);
	for (size_t i = 0; i < count; i++) {
		rows(table, texts[i], "frequency", bands[i].frequency, bands[i].frequencies);
		rows(table, texts[i], "position", bands[i].position, bands[i].positions);
	}
	output_text(call, "\n");
	return output_table(call, table);
}
