#include "sessions/engine_continue.h"

#include "core/buf.h"
#include "sessions/engine_private.h"

#include <string.h>

/* One question: the model, the overlay that it is asked under, and its key. */
struct asked {
	const struct model *model;
	struct replacement *replacements;
	struct overlay overlay;
	bool quantized;
	struct key key;
};

static enum err
asked_open(struct asked *out, struct engine *engine, const char *what,
	   const struct subject *subject)
{
	const struct model *model = subject->model ? subject->model : engine->model;

	*out = (struct asked){ .model = model, .quantized = subject->results != NULL };
	if (!(out->replacements = buf_alloc(model->layer_count, sizeof(*out->replacements))))
		return ERR_NOMEM;
	out->overlay = engine_overlay(out->replacements, engine, subject->results);
	out->key = key_add_text(key_of("continue/1", 10), what);
	out->key = key_add_text(out->key, model->identity);
	out->key = key_add_text(out->key, engine_profile());
	out->key = overlay_key(out->key, model, &out->overlay);
	return OK;
}

static void
asked_close(struct asked *asked)
{
	buf_free(asked->replacements);
}

static struct key
add_sequence(struct key key, struct sequence sequence)
{
	key = key_add(key, &sequence.count, sizeof(sequence.count));
	return key_add(key, sequence.ids, sequence.count * sizeof(*sequence.ids));
}

/* ------------------------------------------------------------------------------- choices */

static bool
numbers_from_kept(double *out, size_t count, struct engine *engine, struct key key)
{
	void *data = NULL;
	size_t size = 0;
	bool found = !cache_get(&data, &size, engine->cache, key) && data &&
		     size == count * sizeof(*out);

	if (found)
		memcpy(out, data, size);
	buf_free(data);
	return found;
}

enum err
engine_continue_choices(double *nll, struct engine *engine, const struct likelihood_item *items,
			size_t count, const struct subject *subject, const struct work *work)
{
	struct likelihood_request request = { .items = items,
					      .count = count,
					      .memory = engine->memory.batch };
	struct asked asked;
	size_t choices = 0;
	enum err code = asked_open(&asked, engine, "choices", subject);

	if (code)
		return code;
	for (size_t i = 0; i < count; i++) {
		asked.key = add_sequence(asked.key, items[i].prompt);
		for (size_t c = 0; c < items[i].choice_count; c++, choices++)
			asked.key = add_sequence(asked.key, items[i].choices[c]);
	}
	request.model = asked.model;
	request.overlay = asked.quantized ? &asked.overlay : NULL;
	if (!numbers_from_kept(nll, choices, engine, asked.key)) {
		code = likelihood_run(nll, &request, work);
		if (!code)
			(void)cache_put(engine->cache, asked.key, nll, choices * sizeof(*nll));
	}
	asked_close(&asked);
	return code;
}

/* -------------------------------------------------------------------------------- greedy */

size_t
engine_continue_end(const char *text, const char *const *stops, size_t stop_count)
{
	size_t end = strlen(text);

	for (size_t i = 0; i < stop_count; i++) {
		const char *at = strstr(text, stops[i]);

		if (at && (size_t)(at - text) < end)
			end = (size_t)(at - text);
	}
	return end;
}

struct stopping {
	const struct tokenizer *tokenizer;
	const struct continue_setting *setting;
};

/* A text that cannot be decoded here will not be later either, and says so then. */
static bool
stop(void *ctx, size_t prompt, const int32_t *ids, size_t count)
{
	const struct stopping *s = ctx;
	char *text;
	size_t length;
	bool ends;

	(void)prompt;
	if (tokenizer_decode(&text, &length, s->tokenizer, ids, count, true))
		return true;
	ends = engine_continue_end(text, s->setting->stops, s->setting->stop_count) < strlen(text);
	buf_free(text);
	return ends;
}

static struct key
greedy_key(struct key key, const struct continue_setting *setting)
{
	key = key_add(key, &setting->max_tokens, sizeof(setting->max_tokens));
	key = key_add(key, &setting->eos, sizeof(setting->eos));
	for (size_t i = 0; i < setting->stop_count; i++)
		key = key_add_text(key, setting->stops[i]);
	for (size_t i = 0; i < setting->count; i++)
		key = add_sequence(key, setting->prompts[i]);
	return key;
}

/* On disk: the length of each text, then the ids of all of them with gaps. */
static bool
plausible(const struct generation *made, const struct continue_setting *setting, size_t vocab)
{
	for (size_t i = 0; i < setting->count; i++) {
		if (made->length[i] > made->stride)
			return false;
		for (size_t k = 0; k < made->length[i]; k++) {
			int32_t id = made->ids[i * made->stride + k];

			if (id < 0 || (size_t)id >= vocab)
				return false;
		}
	}
	return true;
}

static bool
greedy_from_kept(struct generation **out, struct engine *engine,
		 const struct continue_setting *setting, struct key key)
{
	size_t lengths = setting->count * sizeof(*(*out)->length), size = 0;
	size_t ids = setting->count * setting->max_tokens * sizeof(*(*out)->ids);
	void *data = NULL;
	bool found = !cache_get(&data, &size, engine->cache, key) && data &&
		     size == lengths + ids &&
		     !generation_create(out, setting->count, setting->max_tokens);

	if (found) {
		memcpy((*out)->length, data, lengths);
		memcpy((*out)->ids, (char *)data + lengths, ids);
		found = plausible(*out, setting, engine->model->shape.vocab);
		if (!found)
			generation_free(*out);
	}
	buf_free(data);
	return found;
}

static void
keep_greedy(struct engine *engine, const struct generation *made, size_t count, struct key key)
{
	size_t lengths = count * sizeof(*made->length),
	       ids = count * made->stride * sizeof(*made->ids);
	char *data = buf_alloc(1, lengths + ids + 1);

	if (!data)
		return;
	memcpy(data, made->length, lengths);
	memcpy(data + lengths, made->ids, ids);
	(void)cache_put(engine->cache, key, data, lengths + ids);
	buf_free(data);
}

enum err
engine_continue_greedy(struct generation **out, struct engine *engine,
		       const struct continue_setting *setting, const struct subject *subject,
		       const struct work *work)
{
	struct stopping stopping = { engine->tokenizer, setting };
	struct generation_request request = { .prompts = setting->prompts,
					      .count = setting->count,
					      .max_tokens = setting->max_tokens,
					      .eos = setting->eos,
					      .memory = engine->memory.batch,
					      .stop = setting->stop_count ? stop : NULL,
					      .stop_ctx = &stopping };
	struct asked asked;
	enum err code = asked_open(&asked, engine, "greedy", subject);

	*out = NULL;
	if (code)
		return code;
	asked.key = greedy_key(asked.key, setting);
	request.model = asked.model;
	request.overlay = asked.quantized ? &asked.overlay : NULL;
	if (!greedy_from_kept(out, engine, setting, asked.key)) {
		code = generation_run(out, &request, work);
		if (!code)
			keep_greedy(engine, *out, setting->count, asked.key);
	}
	asked_close(&asked);
	return code;
}
