#include "sessions/task_run.h"

#include "core/buf.h"
#include "core/text.h"
#include "core/tokenizers/unicode.h"
#include "sessions/engine_continue.h"
#include "sessions/task_tokens.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const line_end[] = { "\n" };

struct running {
	struct engine *engine;
	const struct task_file *task;
	struct task_setting setting;
	struct task_tokens tokens;
	const struct work *work;
};

/* ------------------------------------------------------------------------------- choices */

/* Characters of a choice without the blanks at its start, which part it from the prompt: what the
 * length-normalised accuracy of lm-evaluation-harness divides by. */
static double
characters(const char *text)
{
	size_t length = strlen(text), count = 0;

	for (size_t at = 0; at < length;) {
		int32_t code = text_decode(text, length, &at);

		count += count || code < 0 || !(unicode_classes(code) & UNICODE_SPACE);
	}
	return count ? (double)count : 1.0;
}

/* The first of the least; SIZE_MAX where one is no number. */
static size_t
choose(const struct task_item *item, const double *nll, bool norm)
{
	size_t best = 0;
	double least = INFINITY;

	for (size_t i = 0; i < item->choice_count; i++) {
		double loss = norm ? nll[i] / characters(item->choices[i]) : nll[i];

		if (isnan(loss))
			return SIZE_MAX;
		if (loss < least) {
			least = loss;
			best = i;
		}
	}
	return best;
}

static enum err
answer_choices(struct task_score *out, const struct running *r, const struct subject *subject)
{
	const double *nll;
	enum err code;

	if (!(out->nll = buf_alloc(r->tokens.choices, sizeof(*out->nll))))
		return ERR_NOMEM;
	code = engine_continue_choices(out->nll, r->engine, r->tokens.items, r->tokens.count,
				       subject, r->work);
	nll = out->nll;
	for (size_t i = 0; i < r->task->count && !code; i++) {
		const struct task_item *item = &r->task->items[i];
		struct task_answer *answer = &out->answers[i];

		answer->nll = nll;
		answer->chosen = choose(item, nll, false);
		answer->chosen_norm = choose(item, nll, true);
		answer->right = answer->chosen == item->answer;
		answer->right_norm = answer->chosen_norm == item->answer;
		nll += item->choice_count;
	}
	return code;
}

/* ---------------------------------------------------------------------------- generating */

static enum err
answer_text(struct task_answer *out, const struct running *r, const struct task_item *item,
	    struct sequence made)
{
	size_t length;
	enum err code = tokenizer_decode(&out->text, &length, engine_tokenizer(r->engine), made.ids,
					 made.count, true);

	if (code)
		return code;
	out->text[engine_continue_end(out->text, r->setting.stops, r->setting.stop_count)] = '\0';
	code = task_score_match(&out->match, out->text, item->answer_text);
	out->right = out->match.exact;
	return code;
}

static enum err
answer_generated(struct task_score *out, const struct running *r, const struct subject *subject)
{
	struct sequence *prompts = buf_alloc(r->tokens.count, sizeof(*prompts));
	struct continue_setting setting = { .prompts = prompts,
					    .count = r->tokens.count,
					    .max_tokens = r->setting.max_tokens,
					    .eos = tokenizer_eos(engine_tokenizer(r->engine)),
					    .stops = r->setting.stops,
					    .stop_count = r->setting.stop_count };
	struct generation *made = NULL;
	enum err code = prompts ? OK : ERR_NOMEM;

	for (size_t i = 0; i < r->tokens.count && !code; i++)
		prompts[i] = r->tokens.items[i].prompt;
	if (!code)
		code = engine_continue_greedy(&made, r->engine, &setting, subject, r->work);
	for (size_t i = 0; i < r->task->count && !code; i++)
		code = answer_text(
			&out->answers[i], r, &r->task->items[i],
			(struct sequence){ made->ids + i * made->stride, made->length[i] });
	generation_free(made);
	buf_free(prompts);
	return code;
}

/* -------------------------------------------------------------------------------- scores */

static void
summarize(struct task_score *out, size_t items)
{
	for (size_t i = 0; i < items; i++) {
		const struct task_answer *answer = &out->answers[i];

		out->right += answer->right;
		out->right_norm += answer->right_norm;
		out->f1 += answer->match.f1 / (double)items;
		out->rouge_l += answer->match.rouge_l / (double)items;
	}
	out->accuracy = (double)out->right / (double)items;
	out->accuracy_norm = (double)out->right_norm / (double)items;
	out->interval = task_score_interval(out->right, items);
	out->interval_norm = task_score_interval(out->right_norm, items);
}

static enum err
answer(struct task_score *out, const struct running *r, const struct subject *subject)
{
	size_t items = r->task->count;
	enum err code;

	if (!(out->answers = buf_alloc(items, sizeof(*out->answers))))
		return ERR_NOMEM;
	code = r->task->kind == TASK_CHOICES ? answer_choices(out, r, subject)
					     : answer_generated(out, r, subject);
	if (!code)
		summarize(out, items);
	return code;
}

static void
compare(struct task_result *result)
{
	for (size_t i = 0; i < result->items; i++) {
		const struct task_answer *before = &result->baseline.answers[i];
		const struct task_answer *now = &result->current.answers[i];

		result->gained += now->right && !before->right;
		result->lost += before->right && !now->right;
		result->gained_norm += now->right_norm && !before->right_norm;
		result->lost_norm += before->right_norm && !now->right_norm;
	}
	result->mcnemar_p = task_score_mcnemar(result->gained, result->lost);
	result->mcnemar_p_norm = task_score_mcnemar(result->gained_norm, result->lost_norm);
}

/* ----------------------------------------------------------------------------------- run */

/* An answer that holds a stop could never be generated. */
static enum err
check_stops(const struct running *r)
{
	char line[32];

	for (size_t i = 0; i < r->task->count && r->task->kind == TASK_GENERATE; i++) {
		const char *text = r->task->items[i].answer_text;

		if (!text[engine_continue_end(text, r->setting.stops, r->setting.stop_count)])
			continue;
		snprintf(line, sizeof(line), "line %zu", r->task->items[i].line);
		return err_at(ERR_RANGE, r->task->path, line,
			      "\"answer\" holds a text that ends generation, so it could never be "
			      "matched; name others with --stop");
	}
	return OK;
}

static enum err
run(struct task_result *out, struct running *r, const struct subject *subject)
{
	const struct subject original = { 0 };
	enum err code = check_stops(r);

	if (!code)
		code = task_tokens_open(&r->tokens, r->task, r->engine, r->setting.max_tokens);
	if (code)
		return code;
	out->items = r->task->count;
	out->cut = r->tokens.cut;
	out->has_current = subject != NULL;
	code = answer(&out->baseline, r, &original);
	if (!code && subject)
		code = answer(&out->current, r, subject);
	if (!code && subject)
		compare(out);
	task_tokens_close(&r->tokens);
	return code;
}

struct task_setting
task_settle(const struct task_setting *setting)
{
	struct task_setting out = *setting;

	if (!out.max_tokens)
		out.max_tokens = TASK_TOKENS;
	if (!out.stop_count) {
		out.stops = line_end;
		out.stop_count = 1;
	}
	return out;
}

enum err
task_run(struct task_result **out, struct engine *engine, const struct task_file *task,
	 const struct task_setting *setting, const struct subject *subject, const struct work *work)
{
	struct running r = {
		.engine = engine, .task = task, .setting = task_settle(setting), .work = work
	};
	enum err code;

	if (!(*out = buf_alloc(1, sizeof(**out))))
		return ERR_NOMEM;
	code = run(*out, &r, subject);
	if (code) {
		task_result_free(*out);
		*out = NULL;
	}
	return code;
}

static void
clear(struct task_score *score, size_t items)
{
	for (size_t i = 0; score->answers && i < items; i++)
		buf_free(score->answers[i].text);
	buf_free(score->answers);
	buf_free(score->nll);
}

void
task_result_free(struct task_result *result)
{
	if (!result)
		return;
	clear(&result->baseline, result->items);
	clear(&result->current, result->items);
	buf_free(result);
}
