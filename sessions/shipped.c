#include "sessions/shipped.h"

#include "core/file.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH = 1024, TEXTS_MAX = 64 };

static const struct domain {
	const char *name;
	bool trained;
} domains[] = {
#define DOMAIN(name, trained) { #name, trained },
#include "sessions/domains.def"
#undef DOMAIN
};
enum { DOMAINS = sizeof(domains) / sizeof(domains[0]) };

static char root[PATH];
static char model[PATH + 16];
static char names[TEXTS_MAX][64], paths[TEXTS_MAX][PATH + 80];
static struct shipped_text texts[TEXTS_MAX];
static const char *evaluation[DOMAINS + 1];
static struct shipped_task tasks[DOMAINS];
static char task_names[DOMAINS][64], task_paths[DOMAINS][PATH + 80];
static size_t text_count, task_count;

/* The build tree (build/PRESET/qscope, and the tests below it), then an installation. */
static const char *const places[] = { "../../models", "../../../models", "../share/qscope" };

static void
find_root(void)
{
	const char *given = getenv("QSCOPE_MODELS");
	char program[PATH], *slash;
	ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);

	if (given) {
		snprintf(root, sizeof(root), "%s", given);
		return;
	}
	program[length > 0 ? length : 0] = '\0';
	slash = strrchr(program, '/');
	if (!slash)
		return;
	*slash = '\0';
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		char relative[PATH + 32], *real;

		snprintf(relative, sizeof(relative), "%s/%s/texts", program, places[i]);
		if (!file_is_folder(relative))
			continue;
		relative[strlen(relative) - strlen("/texts")] = '\0';
		real = realpath(relative, NULL);
		snprintf(root, sizeof(root), "%.*s", PATH - 1, real ? real : relative);
		free(real);
		return;
	}
}

static void
add_text(const struct domain *domain, const char *split)
{
	struct shipped_text *text = &texts[text_count];

	if (text_count == TEXTS_MAX)
		return;
	snprintf(names[text_count], sizeof(names[0]), "%s.%s", domain->name, split);
	snprintf(paths[text_count], sizeof(paths[0]), "%s/texts/%s.txt", root, names[text_count]);
	if (!file_exists(paths[text_count]))
		return;
	*text = (struct shipped_text){ names[text_count], domain->name, paths[text_count],
				       !strcmp(split, "evaluation"), domain->trained };
	text_count++;
}

static void
add_task(const struct domain *domain)
{
	size_t i = task_count;

	snprintf(task_names[i], sizeof(task_names[0]), "%s.task", domain->name);
	snprintf(task_paths[i], sizeof(task_paths[0]), "%s/tasks/%s.jsonl", root, domain->name);
	if (!file_exists(task_paths[i]))
		return;
	tasks[i] = (struct shipped_task){ task_names[i], domain->name, task_paths[i] };
	task_count++;
}

static void
look(void)
{
	size_t n = 0;

	find_root();
	snprintf(model, sizeof(model), "%s/shipped", root);
	for (size_t i = 0; root[0] && i < DOMAINS; i++) {
		add_text(&domains[i], "calibration");
		add_text(&domains[i], "evaluation");
		add_task(&domains[i]);
	}
	for (size_t i = 0; i < text_count; i++)
		if (texts[i].evaluation && n < DOMAINS)
			evaluation[n++] = texts[i].name;
}

static void
look_once(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, look);
}

enum err
shipped_model(const char **out)
{
	look_once();
	*out = model;
	if (!root[0] || !file_is_folder(model))
		return err_at(
			ERR_IO, root[0] ? model : "models/shipped", NULL,
			"the shipped model is not here; name a MODEL, or set QSCOPE_MODELS to "
			"the folder that holds shipped/ and texts/");
	return OK;
}

const struct shipped_text *
shipped_texts(size_t *count)
{
	look_once();
	*count = text_count;
	return texts;
}

const char *
shipped_text_path(const char *name)
{
	look_once();
	for (size_t i = 0; i < text_count; i++)
		if (!strcmp(texts[i].name, name))
			return texts[i].path;
	return NULL;
}

const struct shipped_task *
shipped_tasks(size_t *count)
{
	look_once();
	*count = task_count;
	return tasks;
}

const char *
shipped_task_path(const char *name)
{
	look_once();
	for (size_t i = 0; i < task_count; i++)
		if (!strcmp(tasks[i].name, name))
			return tasks[i].path;
	return NULL;
}

bool
shipped_text_counts(const char *name)
{
	look_once();
	for (size_t i = 0; i < text_count; i++)
		if (!strcmp(texts[i].name, name))
			return texts[i].trained;
	return true;
}

const char *const *
shipped_evaluation_texts(size_t *count)
{
	look_once();
	if (count)
		for (*count = 0; evaluation[*count];)
			++*count;
	return evaluation;
}
