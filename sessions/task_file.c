#include "sessions/task_file.h"

#include "core/buf.h"
#include "core/file.h"
#include "core/json.h"
#include "core/text.h"
#include "sessions/shipped.h"

#include <stdio.h>
#include <string.h>

enum { NAMES_MAX = 64 };

/* One line being read. */
struct line {
	struct task_file *task;
	struct json_document *document;
	size_t number;
	char item[32]; /* "line 7" */
};

const char *
task_file_kind_name(enum task_kind kind)
{
	return kind == TASK_CHOICES ? "choices" : "generate";
}

static enum err
refuse(const struct line *line, const char *what)
{
	return err_at(ERR_FORMAT, line->task->path, line->item, "%s", what);
}

/* A text without NUL, copied; `what` names it in errors. */
static enum err
copy_text(const char **out, const struct line *line, const struct json *value, const char *what)
{
	char brief[80];

	if (!value || value->type != JSON_STRING)
		return err_at(ERR_FORMAT, line->task->path, line->item,
			      "%s must be a text, and is %s", what,
			      value ? json_brief(brief, sizeof(brief), value) : "missing");
	if (memchr(value->string, '\0', value->length))
		return err_at(ERR_FORMAT, line->task->path, line->item,
			      "%s holds a NUL character; take it out", what);
	*out = arena_strndup(&line->task->arena, value->string, value->length);
	return *out ? OK : ERR_NOMEM;
}

static enum err
read_choices(struct task_item *item, const struct line *line, const struct json *list)
{
	enum err code = OK;

	if (list->type != JSON_ARRAY || list->length < 2 || list->length > TASK_CHOICES_MAX)
		return err_at(ERR_FORMAT, line->task->path, line->item,
			      "\"choices\" must be a list of 2 to %d texts", TASK_CHOICES_MAX);
	item->choices = arena_alloc(&line->task->arena, list->length, sizeof(*item->choices));
	if (!item->choices)
		return ERR_NOMEM;
	for (const struct json *value = list->first; value && !code; value = value->next) {
		size_t at = item->choice_count;

		code = copy_text(&item->choices[at], line, value, "each of \"choices\"");
		if (!code && !item->choices[at][0])
			code = refuse(line, "a choice is empty; its likelihood says nothing");
		for (size_t i = 0; i < at && !code; i++)
			if (!strcmp(item->choices[i], item->choices[at]))
				code = refuse(line, "two choices are the same text");
		item->choice_count++;
	}
	return code;
}

/* The right choice, by its number or its text. */
static enum err
read_answer(struct task_item *item, const struct line *line, const struct json *answer)
{
	char brief[80];
	bool found = false;

	if (answer && answer->type == JSON_NUMBER && answer->is_integer && !answer->negative &&
	    answer->magnitude < item->choice_count) {
		item->answer = (size_t)answer->magnitude;
		found = true;
	}
	for (size_t i = 0; i < item->choice_count && answer && answer->type == JSON_STRING; i++)
		if (strlen(item->choices[i]) == answer->length &&
		    !memcmp(item->choices[i], answer->string, answer->length)) {
			item->answer = i;
			found = true;
		}
	if (!found)
		return err_at(ERR_FORMAT, line->task->path, line->item,
			      "\"answer\" is %s; it must be the number of a choice, 0 to %zu, or "
			      "one of their texts",
			      answer ? json_brief(brief, sizeof(brief), answer) : "missing",
			      item->choice_count - 1);
	item->answer_text = item->choices[item->answer];
	return OK;
}

static enum err
read_item(struct task_item *item, struct line *line)
{
	const struct json *root = json_root(line->document);
	const struct json *choices = json_get(root, "choices"), *answer = json_get(root, "answer");
	enum err code;

	if (root->type != JSON_OBJECT)
		return refuse(line, "is no object with \"prompt\" and \"answer\"");
	code = copy_text(&item->prompt, line, json_get(root, "prompt"), "\"prompt\"");
	if (code)
		return code;
	if (!choices || choices->type == JSON_NULL) {
		code = copy_text(&item->answer_text, line, answer, "\"answer\" without choices");
		if (!code && !item->answer_text[0])
			code = refuse(line, "\"answer\" is empty; nothing could be compared");
		return code;
	}
	code = read_choices(item, line, choices);
	return code ? code : read_answer(item, line, answer);
}

static enum err
note_unread(struct line *line)
{
	const struct json *root = json_root(line->document);

	for (const struct json *m = root->first; m && !line->task->unread; m = m->next)
		if (strcmp(m->key, "prompt") && strcmp(m->key, "choices") &&
		    strcmp(m->key, "answer") && !(line->task->unread = buf_strdup(m->key)))
			return ERR_NOMEM;
	return OK;
}

static enum err
keep_item(struct line *line, struct task_item item)
{
	struct task_file *task = line->task;
	enum task_kind kind = item.choice_count ? TASK_CHOICES : TASK_GENERATE;

	if (task->count && kind != task->kind)
		return refuse(line, kind == TASK_CHOICES
					    ? "has choices, and lines before have none; put them "
					      "into a file of their own"
					    : "has no choices, and lines before have some; put "
					      "them into a file of their own");
	if (task->count == TASK_ITEMS_MAX)
		return err_at(ERR_RANGE, task->path, line->item, "more than %d items; split it",
			      TASK_ITEMS_MAX);
	if (buf_grow(&task->items, &task->capacity, task->count + 1, sizeof(*task->items)))
		return ERR_NOMEM;
	task->kind = kind;
	task->items[task->count++] = item;
	return OK;
}

static enum err
read_line(struct task_file *task, const char *text, size_t length, size_t number)
{
	struct line line = { .task = task, .number = number };
	struct task_item item = { .line = number };
	enum err code = json_parse(&line.document, text, length, task->path);

	snprintf(line.item, sizeof(line.item), "line %zu", number);
	if (code) {
		struct err_detail detail = *err_last();

		return code == ERR_NOMEM
			       ? code
			       : err_at(code, task->path, line.item, "%s", detail.message);
	}
	code = read_item(&item, &line);
	if (!code)
		code = note_unread(&line);
	if (!code)
		code = keep_item(&line, item);
	json_free(line.document);
	return code;
}

static bool
is_blank(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (text[i] != ' ' && text[i] != '\t' && text[i] != '\r')
			return false;
	return true;
}

static enum err
read_lines(struct task_file *task, const char *text, size_t length)
{
	const char *at = text, *end = text + length;
	enum err code = OK;

	for (size_t number = 1; at < end && !code; number++) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		size_t size = (size_t)((stop ? stop : end) - at);

		if (!is_blank(at, size))
			code = read_line(task, at, size, number);
		at = stop ? stop + 1 : end;
	}
	if (!code && !task->count)
		code = err_at(ERR_RANGE, task->path, NULL, "it holds no items");
	return code;
}

/* "arithmetic" of ".../arithmetic.jsonl". */
static char *
name_of(const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	const char *dot = strrchr(name, '.');

	return dot && dot > name ? buf_strndup(name, (size_t)(dot - name)) : buf_strdup(name);
}

enum err
task_file_parse(struct task_file **out, const char *text, size_t length, const char *path)
{
	struct task_file *task = buf_alloc(1, sizeof(*task));
	enum err code = ERR_NOMEM;

	*out = NULL;
	if (!task)
		return ERR_NOMEM;
	task->bytes = length;
	if ((task->name = name_of(path)) && (task->path = buf_strdup(path)))
		code = sha256_of(task->sha256, text, length);
	if (!code)
		code = read_lines(task, text, length);
	if (code)
		task_file_free(task);
	else
		*out = task;
	return code;
}

static enum err
unknown(const char *name)
{
	const char *names[NAMES_MAX + 1] = { 0 }, *nearest;
	size_t count;
	const struct shipped_task *tasks = shipped_tasks(&count);

	for (size_t i = 0; i < count && i < NAMES_MAX; i++)
		names[i] = tasks[i].name;
	nearest = text_nearest(name, names);
	return err_at(ERR_IO, name[0] ? name : "\"\"", NULL,
		      "is neither a shipped task nor a file; %s%s%s",
		      nearest ? "did you mean " : "see: qscope texts", nearest ? nearest : "",
		      nearest ? "?" : "");
}

enum err
task_file_open(struct task_file **out, const char *name)
{
	const char *shipped = shipped_task_path(name), *path = shipped ? shipped : name;
	char *text = NULL, *known;
	size_t length = 0;
	enum err code;

	*out = NULL;
	if (!shipped && !file_exists(name))
		return unknown(name);
	code = file_read(&text, &length, path, TASK_BYTES_MAX);
	if (!code)
		code = task_file_parse(out, text, length, path);
	buf_free(text);
	if (code || !shipped)
		return code;
	if (!(known = buf_strdup(name))) {
		task_file_free(*out);
		*out = NULL;
		return ERR_NOMEM;
	}
	buf_free((*out)->name);
	(*out)->name = known;
	return OK;
}

void
task_file_free(struct task_file *task)
{
	if (!task)
		return;
	buf_free(task->name);
	buf_free(task->path);
	buf_free(task->items);
	buf_free(task->unread);
	arena_clear(&task->arena);
	buf_free(task);
}
