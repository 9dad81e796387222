/* Who made this figure: version, commit, machine. */
#include "sessions/output.h"

#include "qscope_build.h"

#include <ctype.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *
build_version(void)
{
	return QSCOPE_VERSION;
}

const char *
build_commit(void)
{
	return QSCOPE_COMMIT[0] ? QSCOPE_COMMIT : NULL;
}

static char cpu[128] = "unknown";

static void
read_cpu(void)
{
	FILE *file = fopen("/proc/cpuinfo", "r");
	char line[256];

	while (file && fgets(line, sizeof(line), file)) {
		char *colon = strchr(line, ':');

		if (strncmp(line, "model name", 10) || !colon)
			continue;
		line[strcspn(line, "\n")] = '\0';
		snprintf(cpu, sizeof(cpu), "%.120s", colon + 1 + (colon[1] == ' '));
		break;
	}
	if (file)
		fclose(file);
}

const char *
machine_cpu(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, read_cpu);
	return cpu;
}

int
machine_threads(const struct options *options)
{
	const char *text = getenv("QSCOPE_THREADS");
	cpu_set_t set;

	if (options && options->threads > 0)
		return options->threads;
	if (text && isdigit((unsigned char)text[0]) && atoi(text) > 0 && atoi(text) <= 1024)
		return atoi(text);
	return sched_getaffinity(0, sizeof(set), &set) ? 1 : CPU_COUNT(&set);
}
