#include "sessions/long_form.h"

#include "core/buf.h"
#include "core/estimate.h"
#include "sessions/engine_continue.h"
#include "sessions/task_score.h"

#include <string.h>

struct running {
	struct engine *engine;
	const struct long_form_setting *setting;
	size_t tokens;
	int32_t *ids; /* (prompts, LONG_FORM_PROMPT) */
	struct sequence *prompts;
	const struct work *work;
};

static size_t
tokens_of(const struct long_form_setting *setting)
{
	return setting->tokens ? setting->tokens : LONG_FORM_TOKENS;
}

static enum err
check(struct engine *engine, const struct long_form_setting *setting, const struct corpus *corpus)
{
	size_t longest = model_longest(engine_model(engine)), n = setting->prompts;

	if (LONG_FORM_PROMPT + tokens_of(setting) > longest)
		return err_at(ERR_RANGE, engine_model(engine)->path, "--generate",
			      "prompts of %d tokens and %zu more do not fit into the model's "
			      "context of %zu; generate fewer",
			      LONG_FORM_PROMPT, tokens_of(setting), longest);
	if (corpus->count / n < LONG_FORM_PROMPT)
		return err_at(ERR_RANGE, setting->text, "--long-form",
			      "%zu tokens do not hold %zu prompts of %d; take fewer", corpus->count,
			      n, LONG_FORM_PROMPT);
	return OK;
}

/* BOS overwrites the first token of each where the tokenizer adds it. */
static enum err
cut_prompts(struct running *r, const struct corpus *corpus)
{
	size_t n = r->setting->prompts, step = corpus->count / n;
	int32_t bos = engine_bos(r->engine);

	if (!(r->ids = buf_alloc(n, LONG_FORM_PROMPT * sizeof(*r->ids))) ||
	    !(r->prompts = buf_alloc(n, sizeof(*r->prompts))))
		return ERR_NOMEM;
	for (size_t i = 0; i < n; i++) {
		int32_t *ids = r->ids + i * LONG_FORM_PROMPT;

		memcpy(ids, corpus->ids + i * step, LONG_FORM_PROMPT * sizeof(*ids));
		if (bos >= 0)
			ids[0] = bos;
		r->prompts[i] = (struct sequence){ ids, LONG_FORM_PROMPT };
	}
	return OK;
}

static enum err
write_texts(struct generation **out, const struct running *r, struct layer_result *const *results)
{
	const struct continue_setting setting = { .prompts = r->prompts,
						  .count = r->setting->prompts,
						  .max_tokens = r->tokens,
						  .eos = -1 };

	return engine_continue_greedy(out, r->engine, &setting,
				      &(struct subject){ .results = results }, r->work);
}

static enum err
repetition(double *out, const struct generation *made, size_t count)
{
	enum err code = OK;

	*out = 0;
	for (size_t i = 0; i < count && !code; i++) {
		double share;

		code = task_score_repetition(&share, made->ids + i * made->stride, made->length[i]);
		*out += code ? 0 : share / (double)count;
	}
	return code;
}

/* Tokens that two texts share from their start. */
static size_t
shared(const struct generation *a, const struct generation *b, size_t i)
{
	size_t most = a->length[i] < b->length[i] ? a->length[i] : b->length[i], at = 0;

	while (at < most && a->ids[i * a->stride + at] == b->ids[i * b->stride + at])
		at++;
	return at;
}

static enum err
compare(struct long_form_result *out, const struct generation *before, const struct generation *now)
{
	size_t n = out->prompts;
	double *parted = buf_alloc(n, sizeof(*parted));

	if (!parted)
		return ERR_NOMEM;
	for (size_t i = 0; i < n; i++) {
		size_t at = shared(before, now, i);

		parted[i] = (double)at;
		out->parted_mean += (double)at / (double)n;
		out->never += at == before->length[i] && at == now->length[i] ? 1.0 / (double)n : 0;
	}
	estimate_sort(parted, n);
	out->parted_median = estimate_quantile(parted, n, 0.5);
	buf_free(parted);
	return OK;
}

static enum err
run(struct long_form_result *out, const struct running *r, struct layer_result *const *results)
{
	struct generation *before = NULL, *now = NULL;
	enum err code = write_texts(&before, r, NULL);

	if (!code)
		code = repetition(&out->baseline_repetition, before, out->prompts);
	out->repetition = out->baseline_repetition;
	if (!code && results)
		code = write_texts(&now, r, results);
	if (!code && results)
		code = repetition(&out->repetition, now, out->prompts);
	if (!code && results)
		code = compare(out, before, now);
	generation_free(before);
	generation_free(now);
	return code;
}

enum err
long_form_check(struct engine *engine, const struct long_form_setting *setting)
{
	const struct corpus *corpus;
	enum err code = engine_corpus(&corpus, engine, setting->text, setting->field);

	return code ? code : check(engine, setting, corpus);
}

enum err
long_form_run(struct long_form_result *out, struct engine *engine,
	      const struct long_form_setting *setting, struct layer_result *const *results,
	      const struct work *work)
{
	struct running r = {
		.engine = engine, .setting = setting, .tokens = tokens_of(setting), .work = work
	};
	const struct corpus *corpus;
	enum err code = engine_corpus(&corpus, engine, setting->text, setting->field);

	*out = (struct long_form_result){ .prompts = setting->prompts,
					  .prompt_tokens = LONG_FORM_PROMPT,
					  .tokens = r.tokens,
					  .has_current = results != NULL };
	if (!code)
		code = check(engine, setting, corpus);
	if (!code)
		code = cut_prompts(&r, corpus);
	if (!code)
		code = run(out, &r, results);
	buf_free(r.ids);
	buf_free(r.prompts);
	return code;
}
