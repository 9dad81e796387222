#include "support/support.h"

#include "core/buf.h"
#include "core/file.h"
#include "sessions/session_file.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

static const char *const fixture = "tests/core/fixtures/forward/one_kv_head";

static void
wait_idle(struct workspace *workspace)
{
	struct pollfd wake = { .fd = workspace_wake_fd(workspace), .events = POLLIN };

	for (int i = 0; i < 6000 && workspace_busy(workspace); i++) {
		poll(&wake, 1, 10);
		workspace_poll(workspace);
	}
}

static struct workspace *
open_model(void)
{
	struct workspace_options options = { .model = support_source(fixture),
					     .no_cache = true,
					     .manual = true };
	struct workspace *workspace;

	assert_ok(workspace_create(&workspace, &options));
	wait_idle(workspace);
	assert_non_null(workspace_model(workspace));
	return workspace;
}

static void
turn(struct workspace *workspace, const char *match, const char *assignment)
{
	struct layer_setting setting = workspace_setting(workspace, workspace_selected(workspace));

	assert_ok(recipe_assign(&setting, assignment));
	assert_ok(workspace_set(workspace, match, &setting));
	wait_idle(workspace);
}

static char *
text_of(struct workspace *workspace)
{
	struct session session;
	char *text;

	assert_ok(session_from(&session, workspace));
	assert_ok(session_text(&text, &session));
	session_clear(&session);
	return text;
}

static void
test_session_file__saves_and_restores_everything(void **state)
{
	struct workspace *first = open_model(), *second = open_model();
	char *before = NULL, *after = NULL;
	struct session session;
	const char *path;
	bool changed;

	(void)state;
	turn(first, NULL, "bits=3");
	turn(first, "layers.1.mlp.*", "bits=2");
	turn(first, NULL, "bits=5");
	assert_ok(workspace_undo(first));
	workspace_select(first, model_find_layer(workspace_model(first), "layers.1.mlp.down"));
	wait_idle(first);
	before = text_of(first);
	path = support_file("a.qscope.json", before, strlen(before));
	assert_ok(session_read(&session, path));
	assert_ok(session_into(second, &session, &changed));
	assert_false(changed);
	session_clear(&session);
	wait_idle(second);
	after = text_of(second);
	assert_string_equal(before, after);
	buf_free(before);
	buf_free(after);
	workspace_free(first);
	workspace_free(second);
}

static char *
small_session(void)
{
	struct workspace *workspace = open_model();
	char *text;

	turn(workspace, NULL, "bits=3");
	text = text_of(workspace);
	workspace_free(workspace);
	return text;
}

static void
test_session_file__keeps_the_generation_before(void **state)
{
	char *text = small_session(), path[600], older[700], *read;
	struct session session;
	size_t size;

	(void)state;
	assert_ok(session_parse(&session, text, strlen(text), "s"));
	snprintf(path, sizeof(path), "%s/kept.qscope.json", support_folder());
	snprintf(older, sizeof(older), "%s~", path);
	session.context = 111;
	assert_ok(session_write(&session, path));
	session.context = 222;
	assert_ok(session_write(&session, path));
	session_clear(&session);
	assert_ok(session_read(&session, older));
	assert_int_equal(session.context, 111);
	session_clear(&session);
	/* a folder that cannot be written to loses nothing */
	assert_ok(session_read(&session, path));
	assert_int_not_equal(session_write(&session, "/proc/nowhere/s.qscope.json"), OK);
	session_clear(&session);
	assert_ok(file_read(&read, &size, path, 1 << 20));
	buf_free(read);
	buf_free(text);
}

static void
test_session_file__refuses_every_truncation(void **state)
{
	char *text = small_session();
	size_t length = strlen(text), end = length;
	struct session session;

	(void)state;
	while (end && (text[end - 1] == '\n' || text[end - 1] == ' '))
		end--;
	for (size_t n = 0; n < end; n++) {
		assert_int_not_equal(session_parse(&session, text, n, "cut.qscope.json"), OK);
		assert_true(support_contains(err_line(), "cut.qscope.json"));
	}
	assert_ok(session_parse(&session, text, length, "whole"));
	session_clear(&session);
	buf_free(text);
}

/* The text with the first `from` replaced. Owned by the caller. */
static char *
replaced(const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);

	assert_non_null(at);
	return buf_printf("%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
}

static void
refuse(const char *text, const char *from, const char *to, const char *part)
{
	char *changed = replaced(text, from, to);
	struct session session;

	assert_err(ERR_FORMAT, part, session_parse(&session, changed, strlen(changed), "s"));
	buf_free(changed);
}

static void
test_session_file__names_what_is_wrong(void **state)
{
	char *text = small_session(), *changed;
	struct session session;

	(void)state;
	refuse(text, "\"history\"", "\"histroy\"", "did you mean \"history\"");
	refuse(text, "qscope.session/1", "qscope.session/9", "qscope.session/9");
	refuse(text, "\"bits\":", "\"bist\":", "bits");
	refuse(text, "\"recipe\"", "\"label\"", "label"); /* twice */
	changed = replaced(text, "\"at\":\t1", "\"at\":\t7");
	assert_err(ERR_RANGE, "step 7 of 2",
		   session_parse(&session, changed, strlen(changed), "s"));
	buf_free(changed);
	buf_free(text);
}

static void
test_session_file__says_when_the_model_is_another(void **state)
{
	struct workspace *workspace = open_model();
	char *text = text_of(workspace);
	struct session session;
	bool changed;

	(void)state;
	assert_ok(session_parse(&session, text, strlen(text), "s"));
	session.identity[0] ^= 1;
	assert_ok(session_into(workspace, &session, &changed));
	assert_true(changed);
	session_clear(&session);
	buf_free(text);
	workspace_free(workspace);
}

static void
test_session_file__survives_each_failing_allocation(void **state)
{
	char *text = small_session();
	struct session session;
	enum err code = ERR_NOMEM;

	(void)state;
	for (unsigned long n = 1; code && n < 20000; n++) {
		buf_fail_at(n, 0);
		code = session_parse(&session, text, strlen(text), "s");
		buf_fail_at(0, 0);
		assert_true(code == OK || code == ERR_NOMEM);
	}
	assert_int_equal(code, OK);
	session_clear(&session);
	buf_free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_session_file__saves_and_restores_everything),
		cmocka_unit_test(test_session_file__keeps_the_generation_before),
		cmocka_unit_test(test_session_file__refuses_every_truncation),
		cmocka_unit_test(test_session_file__names_what_is_wrong),
		cmocka_unit_test(test_session_file__says_when_the_model_is_another),
		cmocka_unit_test(test_session_file__survives_each_failing_allocation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
