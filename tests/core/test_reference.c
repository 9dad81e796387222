/* labels: slow
 * Real models against numbers from an independent float64 forward pass: reference.json beside each
 * model in the test data holds prompt ids, 64 greedy ids, eight logits and the mean NLL of the
 * first 20 stories, each cut at 256 tokens. */
#include "core/buf.h"
#include "core/file.h"
#include "core/forward.h"
#include "core/json.h"
#include "core/tokenizer.h"
#include "support/support.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const struct reference {
	const char *folder, *file; /* file NULL: the folder is the model */
} references[] = {
	{ "models/tinystories-656k", NULL },
	{ "models/stories260K", "stories260K.bin" },
	{ "models/babyllama-105", "model5000.bin" },
};

enum { IDS_MAX = 512, STORIES = 20, STORY_TOKENS = 256 };

struct session {
	struct model *model;
	struct tokenizer *tokenizer;
	struct json_document *json;
	const struct json *root;
};

static void
session_open(struct session *s, const struct reference *r)
{
	char folder[512], path[1024];

	snprintf(folder, sizeof(folder), "%s", support_data(r->folder));
	snprintf(path, sizeof(path), "%s%s%s", folder, r->file ? "/" : "", r->file ? r->file : "");
	assert_ok(model_open(&s->model, path));
	assert_ok(tokenizer_open_beside(&s->tokenizer, path, s->model->shape.vocab));
	snprintf(path, sizeof(path), "%s/reference.json", folder);
	assert_ok(json_read(&s->json, path, 1 << 20));
	s->root = json_root(s->json);
}

static void
session_close(struct session *s)
{
	model_free(s->model);
	tokenizer_free(s->tokenizer);
	json_free(s->json);
}

static size_t
read_ids(int32_t *out, const struct json *array)
{
	size_t count = 0;

	assert_non_null(array);
	for (const struct json *v = array->first; v && count < IDS_MAX; v = v->next)
		out[count++] = (int32_t)v->number;
	return count;
}

static int32_t
best(const float *logits, size_t count)
{
	size_t at = 0;

	for (size_t i = 1; i < count; i++)
		if (logits[i] > logits[at])
			at = i;
	return (int32_t)at;
}

static void
check_greedy(const struct session *s)
{
	const struct json *expected = json_get(s->root, "last_prompt_logits_first8")->first;
	size_t vocab = s->model->shape.vocab, count, wanted;
	int32_t ids[IDS_MAX], greedy[IDS_MAX];
	float *logits = buf_alloc(IDS_MAX * vocab, sizeof(*logits)), *last;
	double worst = 0.0;

	count = read_ids(ids, json_get(s->root, "prompt_ids"));
	wanted = read_ids(greedy, json_get(s->root, "greedy_ids"));
	assert_int_equal(wanted, 64);
	assert_ok(forward_logits(logits, s->model, NULL, (struct sequence){ ids, count }, NULL));
	last = logits + (count - 1) * vocab;
	for (int i = 0; i < 8; i++, expected = expected->next)
		worst = fmax(worst, fabs((double)last[i] - expected->number));
	print_message("%s: eight logits within %.2g\n", s->model->path, worst);
	assert_true(worst < 1e-4);
	for (size_t i = 0; i < wanted; i++) {
		ids[count] = best(logits + (count - 1) * vocab, vocab);
		assert_int_equal(ids[count], greedy[i]);
		count++;
		assert_ok(forward_logits(logits, s->model, NULL, (struct sequence){ ids, count },
					 NULL));
	}
	buf_free(logits);
}

/* Sum of the NLL of ids[1 ...]. */
static double
story_nll(const struct session *s, const int32_t *ids, size_t count)
{
	size_t vocab = s->model->shape.vocab;
	float *logits = buf_alloc(count * vocab, sizeof(*logits));
	double sum = 0.0;

	assert_ok(forward_logits(logits, s->model, NULL, (struct sequence){ ids, count }, NULL));
	for (size_t i = 0; i + 1 < count; i++) {
		double total = 0.0;

		for (size_t j = 0; j < vocab; j++)
			total += exp((double)logits[i * vocab + j]);
		sum += log(total) - (double)logits[i * vocab + (size_t)ids[i + 1]];
	}
	buf_free(logits);
	return sum;
}

/* One story of the slice as ids, with the model's first token; its length in *count. */
static int32_t *
story_ids(size_t *count, const struct session *s, const char *text, size_t length)
{
	int32_t *ids, *with, first = (int32_t)json_get(s->root, "prompt_ids")->first->number;

	while (length && (*text == ' ' || *text == '\n'))
		text++, length--;
	while (length && (text[length - 1] == ' ' || text[length - 1] == '\n'))
		length--;
	assert_ok(tokenizer_encode(&ids, count, s->tokenizer, text, length, false));
	with = buf_alloc(*count + 1, sizeof(*with));
	with[0] = first;
	memcpy(with + 1, ids, *count * sizeof(*ids));
	buf_free(ids);
	*count = *count + 1 < STORY_TOKENS ? *count + 1 : STORY_TOKENS;
	return with;
}

static void
check_nll(const struct session *s)
{
	static const char mark[] = "<|endoftext|>";
	const struct json *each = json_get(s->root, "nll_per_story")->first;
	double sum = 0.0, expected = json_get(s->root, "nll_per_token")->number;
	size_t size, scored = 0;
	char *text, *at;

	assert_ok(file_read(&text, &size, support_data("corpora/tinystories-slice.txt"), 1 << 24));
	at = text;
	for (int i = 0; i < STORIES; i++, each = each->next) {
		char *end = strstr(at, mark);
		size_t count;
		int32_t *ids = story_ids(&count, s, at, (size_t)(end - at));
		double nll = story_nll(s, ids, count);

		if (fabs(nll / (double)(count - 1) - each->number) > 2e-5)
			print_message("story %d: %zu tokens, %.6f, expected %.6f\n", i, count,
				      nll / (double)(count - 1), each->number);
		sum += nll;
		scored += count - 1;
		at = end + strlen(mark);
		buf_free(ids);
	}
	print_message("%s: NLL %.7f, expected %.6f\n", s->model->path, sum / (double)scored,
		      expected);
	assert_int_equal(scored, (size_t)json_get(s->root, "nll_scored_tokens")->number);
	assert_true(fabs(sum / (double)scored - expected) < 1e-5);
	buf_free(text);
}

static void
test_reference__logits_greedy_ids_and_nll_agree(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(references) / sizeof(*references); i++) {
		struct session s;

		support_need_data(references[i].folder);
		session_open(&s, &references[i]);
		check_greedy(&s);
		check_nll(&s);
		session_close(&s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reference__logits_greedy_ids_and_nll_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
