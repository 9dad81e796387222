/* Reading the list of models beside everything else: a cache on a slow disk keeps neither the
 * screen nor the jobs waiting. */
#include "tui/models.h"

#include "core/buf.h"
#include "core/jobs.h"

#include <string.h>

static const double fresh_seconds = 20;

struct models {
	struct jobs *jobs;
	struct job job;
	bool reading;
	double read; /* when the list was taken */
	struct catalog *catalog, *found;
};

static enum err
run(struct job *job, const struct work *work)
{
	struct models *models = job->arg;

	return catalog_read(&models->found, true, work);
}

enum err
models_start(struct models **out)
{
	struct models *models = buf_alloc(1, sizeof(*models));
	enum err code = models ? jobs_start(&models->jobs, NULL) : ERR_NOMEM;

	*out = NULL;
	if (code) {
		buf_free(models);
		return code;
	}
	*out = models;
	return OK;
}

void
models_stop(struct models *models)
{
	if (!models)
		return;
	jobs_stop(models->jobs);
	catalog_free(models->catalog);
	catalog_free(models->found);
	buf_free(models);
}

const struct catalog *
models_want(struct models *models)
{
	if (!models->reading && (!models->catalog || jobs_now() - models->read > fresh_seconds)) {
		memset(&models->job, 0, sizeof(models->job));
		models->job.run = run;
		models->job.arg = models;
		models->job.title = "models";
		models->reading = true;
		jobs_submit(models->jobs, &models->job);
	}
	return models->catalog;
}

bool
models_reading(const struct models *models)
{
	return models->reading;
}

int
models_wake_fd(const struct models *models)
{
	return jobs_wake_fd(models->jobs);
}

bool
models_poll(struct models *models, enum err *code)
{
	*code = OK;
	jobs_drain_wake(models->jobs);
	if (!models->reading || !jobs_take(models->jobs))
		return false;
	models->reading = false;
	models->read = jobs_now();
	if ((*code = models->job.result)) {
		err_adopt(&models->job.error);
		return true;
	}
	catalog_free(models->catalog);
	models->catalog = models->found;
	models->found = NULL;
	return true;
}
