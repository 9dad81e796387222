/* Tasks on any bytes; what is accepted holds together. */
#include "fuzz/fuzz.h"

#include "sessions/task_file.h"

#include <string.h>

static void
check_item(const struct task_file *task, const struct task_item *item)
{
	if (!item->prompt || !item->answer_text || !item->answer_text[0])
		__builtin_trap();
	if ((task->kind == TASK_CHOICES) != (item->choice_count > 0))
		__builtin_trap();
	if (item->choice_count && (item->answer >= item->choice_count ||
				   strcmp(item->choices[item->answer], item->answer_text)))
		__builtin_trap();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct task_file *task;

	if (task_file_parse(&task, (const char *)data, size, "fuzz.jsonl"))
		return 0;
	for (size_t i = 0; i < task->count; i++)
		check_item(task, &task->items[i]);
	task_file_free(task);
	return 0;
}
