#include "sessions/task_tokens.h"

#include "core/buf.h"
#include "core/text.h"
#include "core/tokenizers/unicode.h"

#include <stdio.h>
#include <string.h>

struct encoding {
	struct task_tokens *out;
	const struct task_file *task;
	const struct task_item *item;
	const struct tokenizer *tokenizer;
	int32_t bos;    /* -1: none */
	size_t longest; /* that the model takes */
	size_t after;   /* tokens that need room behind a prompt without choices */
	char line[32];
};

/* A text without the blanks at its end. */
static size_t
trimmed(const char *text)
{
	size_t length = strlen(text), end = 0;

	for (size_t at = 0; at < length;) {
		int32_t code = text_decode(text, length, &at);

		if (code < 0 || !(unicode_classes(code) & UNICODE_SPACE))
			end = at;
	}
	return end;
}

/* Ids in the arena; `skip` of them are left out, and `front` stands before them unless it is -1. */
static enum err
encode(struct sequence *out, const struct encoding *e, const char *text, size_t length, size_t skip,
       int32_t front)
{
	int32_t *ids, *kept;
	size_t count, first = front >= 0;
	enum err code = tokenizer_encode(&ids, &count, e->tokenizer, text, length, false);

	if (code)
		return code;
	count = count > skip ? count - skip : 0;
	kept = arena_alloc(&e->out->arena, count + first + 1, sizeof(*kept));
	if (kept) {
		kept[0] = front;
		memcpy(kept + first, ids + skip, count * sizeof(*kept));
		*out = (struct sequence){ kept, count + first };
	}
	buf_free(ids);
	return kept ? OK : ERR_NOMEM;
}

static enum err
check_ids(const struct encoding *e, struct sequence sequence, size_t vocab)
{
	for (size_t i = 0; i < sequence.count; i++)
		if ((size_t)sequence.ids[i] >= vocab)
			return err_at(ERR_RANGE, e->task->path, e->line,
				      "holds token %d, but the model has %zu tokens; tokenizer and "
				      "model do not belong together",
				      sequence.ids[i], vocab);
	return OK;
}

/* The first `length` bytes of the item's prompt. */
static enum err
encode_prompt(struct sequence *out, const struct encoding *e, size_t length)
{
	enum err code = encode(out, e, e->item->prompt, length, 0, e->bos);
	int32_t front = tokenizer_bos(e->tokenizer);

	if (code || out->count)
		return code;
	front = front >= 0 ? front : tokenizer_eos(e->tokenizer);
	if (front < 0)
		return err_at(ERR_RANGE, e->task->path, e->line,
			      "the prompt is empty, and the tokenizer has no token that begins a "
			      "text; give it a prompt");
	return encode(out, e, "", 0, 0, front);
}

static enum err
encode_choice(struct sequence *out, const struct encoding *e, size_t prompt_tokens,
	      const char *choice)
{
	char *whole = buf_printf("%s%s", e->item->prompt, choice);
	enum err code = whole ? encode(out, e, whole, strlen(whole), prompt_tokens, -1) : ERR_NOMEM;

	buf_free(whole);
	if (!code && !out->count)
		code = encode(out, e, choice, strlen(choice), 0, -1);
	if (!code && !out->count)
		code = err_at(ERR_RANGE, e->task->path, e->line,
			      "a choice has no token; leave it out");
	return code;
}

/* Leave room for `after` tokens behind the prompt. */
static enum err
cut(struct sequence *prompt, const struct encoding *e, size_t after)
{
	size_t most;

	if (after >= e->longest)
		return err_at(ERR_RANGE, e->task->path, e->line,
			      "%zu tokens behind the prompt are more than the model's context of "
			      "%zu leaves room for",
			      after, e->longest);
	most = e->longest - after;
	if (prompt->count <= most)
		return OK;
	prompt->ids += prompt->count - most;
	prompt->count = most;
	e->out->cut++;
	return OK;
}

static enum err
encode_choices(struct likelihood_item *out, const struct encoding *e, size_t vocab)
{
	size_t front = e->bos >= 0, longest = 0, prompt_tokens, n = e->item->choice_count;
	struct sequence *choices = arena_alloc(&e->out->arena, n, sizeof(*choices));
	enum err code = encode_prompt(&out->prompt, e, trimmed(e->item->prompt));

	if (!choices)
		return ERR_NOMEM;
	if (code)
		return code;
	prompt_tokens = trimmed(e->item->prompt) ? out->prompt.count - front : 0;
	for (size_t i = 0; i < n && !code; i++) {
		code = encode_choice(&choices[i], e, prompt_tokens, e->item->choices[i]);
		if (!code)
			code = check_ids(e, choices[i], vocab);
		longest = choices[i].count > longest ? choices[i].count : longest;
	}
	out->choices = choices;
	out->choice_count = n;
	e->out->choices += n;
	/* The last token is predicted and not fed. */
	return code ? code : cut(&out->prompt, e, longest - 1);
}

static enum err
encode_item(struct likelihood_item *out, const struct encoding *e, size_t vocab)
{
	enum err code;

	if (e->task->kind == TASK_CHOICES) {
		code = encode_choices(out, e, vocab);
	} else {
		code = encode_prompt(&out->prompt, e, strlen(e->item->prompt));
		if (!code)
			code = cut(&out->prompt, e, e->after);
	}
	return code ? code : check_ids(e, out->prompt, vocab);
}

enum err
task_tokens_open(struct task_tokens *out, const struct task_file *task, const struct engine *engine,
		 size_t max_tokens)
{
	const struct model *model = engine_model(engine);
	struct encoding e = { .out = out,
			      .task = task,
			      .tokenizer = engine_tokenizer(engine),
			      .bos = engine_bos(engine),
			      .longest = model_longest(model),
			      .after = max_tokens };
	enum err code = OK;

	*out = (struct task_tokens){ .count = task->count };
	if (!e.tokenizer)
		return err_at(ERR_USAGE, task->path, NULL,
			      "the model has no tokenizer to read a task with; put one beside it");
	if (!(out->items = buf_alloc(task->count, sizeof(*out->items))))
		return ERR_NOMEM;
	for (size_t i = 0; i < task->count && !code; i++) {
		e.item = &task->items[i];
		snprintf(e.line, sizeof(e.line), "line %zu", e.item->line);
		code = encode_item(&out->items[i], &e, model->shape.vocab);
	}
	if (code)
		task_tokens_close(out);
	return code;
}

void
task_tokens_close(struct task_tokens *tokens)
{
	buf_free(tokens->items);
	arena_clear(&tokens->arena);
	*tokens = (struct task_tokens){ 0 };
}
