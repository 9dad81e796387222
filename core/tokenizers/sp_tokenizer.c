/* tokenizer.model: a SentencePiece model, with what a Hugging Face folder keeps beside it. */
#include "core/buf.h"
#include "core/file.h"
#include "core/tokenizers/byte_piece.h"
#include "core/tokenizers/ends.h"
#include "core/tokenizers/kinds.h"
#include "core/tokenizers/sp_config.h"
#include "core/tokenizers/sp_text.h"
#include "core/tokenizers/unigram.h"

#include <float.h>
#include <string.h>

/* What SentencePiece takes off the least score for a character that is no piece, and gives a
 * user-defined piece for each byte but the first (unigram_model.cc of 0.2.3). */
#define UNKNOWN_PENALTY    10.0F
#define USER_DEFINED_BONUS 0.1

/* Lists by id, from the pieces. */
struct lists {
	struct vocab *vocab; /* until a model takes it */
	unsigned char *kinds;
	float *scores;
	int32_t unk_id;
};

static void
clear_lists(struct lists *lists)
{
	vocab_free(lists->vocab);
	buf_free(lists->kinds);
	buf_free(lists->scores);
}

static enum err
take_unknown(struct lists *lists, const struct sp_piece *piece, size_t id)
{
	if (piece->kind != PIECE_UNKNOWN)
		return OK;
	if (lists->unk_id >= 0)
		return err_at(ERR_FORMAT, NULL, "pieces",
			      "piece %zu is a second unknown token beside piece %d", id,
			      lists->unk_id);
	lists->unk_id = (int32_t)id;
	return OK;
}

static enum err
fill_lists(struct lists *lists, const struct sp_model *model)
{
	enum err code = vocab_create(&lists->vocab, model->count);

	lists->unk_id = -1;
	lists->kinds = buf_alloc(model->count + 1, 1);
	lists->scores = buf_alloc(model->count + 1, sizeof(*lists->scores));
	if (!lists->kinds || !lists->scores)
		return ERR_NOMEM;
	for (size_t id = 0; id < model->count && !code; id++) {
		const struct sp_piece *piece = &model->pieces[id];

		code = vocab_add(lists->vocab, piece->text.data, piece->text.size, (int64_t)id);
		code = code ? code : take_unknown(lists, piece, id);
		lists->kinds[id] = piece->kind;
		lists->scores[id] = piece->score;
	}
	if (!code && lists->unk_id < 0)
		code = err_at(ERR_FORMAT, NULL, "pieces", "none is the unknown token");
	return code;
}

/* With byte fallback there is a piece for each byte, without it none. */
static enum err
check_bytes(const struct lists *lists, const struct sp_model *model)
{
	bool found[256] = { false };

	for (size_t id = 0; id < model->count; id++) {
		const struct sp_text *text = &model->pieces[id].text;
		int byte = byte_piece_value(text->data, text->size);

		if (lists->kinds[id] != PIECE_BYTE)
			continue;
		if (byte < 0 || !model->byte_fallback)
			return err_at(ERR_FORMAT, NULL, "pieces",
				      "piece %zu, \"%.*s\", is a byte, %s", id,
				      (int)(text->size < 32 ? text->size : 32), text->data,
				      byte < 0 ? "which its text does not spell"
					       : "but byte_fallback is off");
		found[byte] = true;
	}
	for (int byte = 0; byte < 256 && model->byte_fallback; byte++)
		if (!found[byte])
			return err_at(ERR_FORMAT, NULL, "pieces",
				      "byte_fallback is on, but <0x%02X> is missing", byte);
	return OK;
}

static enum err
make_bpe(struct tokenizer *out, struct lists *lists, const struct sp_model *model)
{
	const struct bpe_scored_settings settings = { .scores = lists->scores,
						      .kinds = lists->kinds,
						      .unk_id = lists->unk_id,
						      .byte_fallback = model->byte_fallback };
	struct vocab *vocab = lists->vocab;
	enum err code;

	lists->vocab = NULL;
	code = bpe_scored_create(&out->model, vocab, &settings);
	if (!code)
		out->kind = &model_bpe_scored;
	return code;
}

/* The scores that pieces compete with, and which of them never do. */
static void
weigh(double *scores, bool *hidden, struct unigram_settings *settings, const struct lists *lists,
      size_t count)
{
	float least = FLT_MAX;

	for (size_t id = 0; id < count; id++) {
		unsigned char kind = lists->kinds[id];
		size_t length = 0;

		scores[id] = (double)lists->scores[id];
		hidden[id] = kind != PIECE_NORMAL && kind != PIECE_USER_DEFINED;
		if (kind == PIECE_NORMAL && lists->scores[id] < least)
			least = lists->scores[id];
		vocab_piece(lists->vocab, (int32_t)id, &length);
		if (kind == PIECE_USER_DEFINED)
			scores[id] = (double)(float)(USER_DEFINED_BONUS * (double)(length - 1));
	}
	settings->unk_score = (double)(least - UNKNOWN_PENALTY);
	settings->hidden = hidden;
}

static enum err
make_unigram(struct tokenizer *out, struct lists *lists, const struct sp_model *model)
{
	struct unigram_settings settings = { .unk_id = lists->unk_id,
					     .byte_fallback = model->byte_fallback,
					     .single = true };
	double *scores = buf_alloc(model->count + 1, sizeof(*scores));
	bool *hidden = buf_alloc(model->count + 1, sizeof(*hidden));
	struct vocab *vocab = lists->vocab;
	enum err code = ERR_NOMEM;

	if (scores && hidden) {
		weigh(scores, hidden, &settings, lists, model->count);
		lists->vocab = NULL;
		code = unigram_create(&out->model, vocab, scores, &settings);
	}
	if (!code)
		out->kind = &model_unigram;
	buf_free(scores);
	buf_free(hidden);
	return code;
}

static const struct {
	const char *name;
	enum err (*make)(struct tokenizer *out, struct lists *lists, const struct sp_model *model);
} makers[] = {
	[SP_UNIGRAM] = { "UNIGRAM", make_unigram },
	[SP_BPE] = { "BPE", make_bpe },
	[SP_WORD] = { "WORD", NULL },
	[SP_CHAR] = { "CHAR", NULL },
};

static enum err
make_model(struct tokenizer *out, struct lists *lists, const struct sp_model *model)
{
	if (!makers[model->type].make)
		return err_at(ERR_UNSUPPORTED, NULL, "trainer_spec",
			      "the model type is %s; UNIGRAM and BPE are read",
			      makers[model->type].name);
	return makers[model->type].make(out, lists, model);
}

static int32_t
control_id(const struct lists *lists, const struct sp_text *text)
{
	int32_t id = vocab_find(lists->vocab, text->data, text->size);

	return id >= 0 && lists->kinds[id] == PIECE_CONTROL ? id : -1;
}

static enum err
build(struct tokenizer *out, const struct sp_model *model, const struct sp_config *config)
{
	struct lists lists = { 0 };
	struct ends ends = { 0 };
	enum err code = fill_lists(&lists, model);

	code = code ? code : check_bytes(&lists, model);
	if (!code) {
		ends.bos = control_id(&lists, &model->bos);
		ends.eos = control_id(&lists, &model->eos);
		code = make_model(out, &lists, model);
	}
	code = code ? code : sp_text_set_cutter(out, model, sp_config_prefix_once(config));
	code = code ? code : sp_text_set_decoder(out, model);
	code = code ? code : sp_config_add_tokens(out, config, lists.kinds);
	if (!code) {
		sp_config_ends(&ends, out, config);
		code = ends_set(out, &ends);
	}
	if (!code)
		out->name = out->kind->describe(out->model, false);
	clear_lists(&lists);
	return code;
}

enum err
sp_tokenizer_open(struct tokenizer *out, const char *path)
{
	struct sp_model model = { 0 };
	struct sp_config config = { 0 };
	size_t size = 0;
	char *data = NULL;
	enum err code = file_read(&data, &size, path, TOKENIZER_FILE_MAX);

	code = code ? code : sp_model_read(&model, data, size);
	code = code ? code : sp_config_read(&config, path);
	code = code ? code : build(out, &model, &config);
	sp_config_clear(&config);
	sp_model_clear(&model);
	buf_free(data);
	return code;
}
