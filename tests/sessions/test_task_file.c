/* Tasks: what is read and what is refused, line by line; and what answers score. */
#include "support/support.h"

#include "sessions/task_file.h"
#include "sessions/task_score.h"

#include <math.h>
#include <string.h>

#define SUM "{\"prompt\":\"2 + 3 =\",\"choices\":[\" 5\",\" 6\"],\"answer\":"

static enum err
parse(struct task_file **out, const char *text)
{
	return task_file_parse(out, text, strlen(text), "here/sums.jsonl");
}

static void
refused(const char *part, const char *text)
{
	struct task_file *task;

	assert_err(ERR_FORMAT, part, parse(&task, text));
	assert_null(task);
}

static void
test_task_file__answers_are_numbers_or_texts_of_choices(void **state)
{
	struct task_file *task;

	(void)state;
	assert_ok(parse(&task, SUM "1}\n\n" SUM "\" 5\",\"source\":3}\r\n"));
	assert_string_equal(task->name, "sums");
	assert_string_equal(task->unread, "source");
	assert_int_equal(task->kind, TASK_CHOICES);
	assert_int_equal(task->count, 2);
	assert_int_equal(task->items[0].answer, 1);
	assert_string_equal(task->items[0].answer_text, " 6");
	assert_int_equal(task->items[1].answer, 0);
	assert_int_equal(task->items[1].line, 3);
	task_file_free(task);
	assert_ok(parse(&task, "{\"prompt\":\"\",\"answer\":\"x\\ny\",\"choices\":null}"));
	assert_int_equal(task->kind, TASK_GENERATE);
	assert_string_equal(task->items[0].answer_text, "x\ny");
	assert_null(task->unread);
	task_file_free(task);
}

static void
test_task_file__refuses_with_the_line(void **state)
{
	struct task_file *task;

	(void)state;
	refused("line 2: \"answer\" is 2; it must be the number of a choice, 0 to 1",
		SUM "0}\n" SUM "2}");
	refused("\"answer\" is -1", SUM "-1}");
	refused("\"answer\" is 0.5", SUM "0.5}");
	refused("\"answer\" is \"5\"", SUM "\"5\"}");
	refused("line 3: has no choices, and lines before have some",
		SUM "0}\n\n{\"prompt\":\"\",\"answer\":\"a\"}");
	refused("line 2: has choices, and lines before have none",
		"{\"prompt\":\"\",\"answer\":\"a\"}\n" SUM "0}");
	refused("line 1: two choices are the same text",
		"{\"prompt\":\"\",\"choices\":[\"a\",\"a\"],\"answer\":0}");
	refused("a choice is empty", "{\"prompt\":\"\",\"choices\":[\"a\",\"\"],\"answer\":0}");
	refused("must be a list of 2 to 64 texts",
		"{\"prompt\":\"\",\"choices\":[\"a\"],\"answer\":0}");
	refused("each of \"choices\" must be a text, and is 7",
		"{\"prompt\":\"\",\"choices\":[\"a\",7],\"answer\":0}");
	refused("\"prompt\" must be a text, and is missing", "{\"answer\":\"a\"}");
	refused("\"prompt\" holds a NUL", "{\"prompt\":\"a\\u0000\",\"answer\":\"a\"}");
	refused("\"answer\" without choices must be a text, and is 3",
		"{\"prompt\":\"\",\"answer\":3}");
	refused("\"answer\" is empty", "{\"prompt\":\"\",\"answer\":\"\"}");
	refused("line 1: is no object", "[1]");
	refused("sums.jsonl: line 2:", SUM "0}\n{");
	assert_err(ERR_RANGE, "it holds no items", parse(&task, " \n\t\n"));
	assert_err(ERR_IO, "nowhere.jsonl", task_file_open(&task, "nowhere.jsonl"));
}

static struct task_match
match(const char *made, const char *answer)
{
	struct task_match out;

	assert_ok(task_score_match(&out, made, answer));
	return out;
}

static void
test_task_score__compares_words_without_blanks_and_case(void **state)
{
	struct task_match m;

	(void)state;
	assert_true(match("  The\tÄLTE \n cat", "the älte cat").exact);
	assert_true(match("a\xc2\xa0"
			  "b",
			  "a b")
			    .exact);
	assert_false(match("cat.", "cat").exact);
	m = match("the cat sat on the mat", "the mat the dog sat");
	assert_false(m.exact);
	assert_true(fabs(m.f1 - 2.0 * 4 / 11) < 1e-12);      /* the, the, mat, sat */
	assert_true(fabs(m.rouge_l - 2.0 * 2 / 11) < 1e-12); /* the the */
	m = match("", "a");
	assert_false(m.exact);
	assert_true(m.f1 == 0 && m.rouge_l == 0);
}

/* As scipy 1.17.1 has them: binomtest(right, count).proportion_ci(method="wilson"). */
static void
test_task_score__intervals_are_those_of_wilson(void **state)
{
	static const struct {
		size_t right, count;
		double low, high;
	} rows[] = { { 8, 10, 0.490162471536642, 0.943317848545624 },
		     { 0, 7, 0.0, 0.354330435066687 },
		     { 7, 7, 0.645669564933313, 1.0 },
		     { 61, 100, 0.512030170458407, 0.699831259936036 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct task_interval got = task_score_interval(rows[i].right, rows[i].count);

		assert_true(fabs(got.low - rows[i].low) < 1e-9);
		assert_true(fabs(got.high - rows[i].high) < 1e-9);
	}
	assert_true(isnan(task_score_interval(0, 0).low));
}

/* As scipy has them: binomtest(min(a, b), a + b).pvalue. */
static void
test_task_score__mcnemar_is_exact(void **state)
{
	(void)state;
	assert_true(fabs(task_score_mcnemar(2, 10) - 0.03857421875) < 1e-9);
	assert_true(fabs(task_score_mcnemar(5, 5) - 1) < 1e-9);
	assert_true(fabs(task_score_mcnemar(6, 0) - 0.03125) < 1e-9);
	assert_true(fabs(task_score_mcnemar(0, 0) - 1) < 1e-9);
	assert_true(fabs(task_score_mcnemar(51, 30) - 0.02565435797169624) < 1e-9);
	assert_true(task_score_mcnemar(200000, 100000) < 1e-12);
}

static void
test_task_score__repetition_counts_what_stood_before(void **state)
{
	static const int32_t ids[] = { 1, 2, 1, 2, 1, 2, 1 };
	double share;

	(void)state;
	assert_ok(task_score_repetition(&share, ids, 7)); /* 4 grams, 2 distinct */
	assert_true(fabs(share - 0.5) < 1e-12);
	assert_ok(task_score_repetition(&share, ids, 3));
	assert_true(share == 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_task_file__answers_are_numbers_or_texts_of_choices),
		cmocka_unit_test(test_task_file__refuses_with_the_line),
		cmocka_unit_test(test_task_score__compares_words_without_blanks_and_case),
		cmocka_unit_test(test_task_score__intervals_are_those_of_wilson),
		cmocka_unit_test(test_task_score__mcnemar_is_exact),
		cmocka_unit_test(test_task_score__repetition_counts_what_stood_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
