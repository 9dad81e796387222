#include "core/activation.h"

#include "core/words.h"
#include "kernels/forward.h"
#include "kernels/kernels.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *name, *names;
	size_t kernel; /* of a member of struct forward_kernels */
} activations[ACTIVATION_COUNT] = {
#define ACTIVATION(id, names, kernel) \
	[ACTIVATION_##id] = { #kernel, names, offsetof(struct forward_kernels, kernel) },
#include "core/activations.def"
#undef ACTIVATION
};

const char *
activation_name(size_t activation)
{
	return activations[activation].name;
}

bool
activation_find(size_t *out, const char *name)
{
	for (size_t i = 0; i < ACTIVATION_COUNT; i++)
		if (words_have(activations[i].names, name, strlen(name))) {
			*out = i;
			return true;
		}
	return false;
}

void
activation_names(char *out, size_t capacity)
{
	size_t n = 0;
	char name[32];

	for (size_t i = 0; i < ACTIVATION_COUNT && n < capacity; i++)
		n += (size_t)snprintf(out + n, capacity - n, "%s%s", i ? ", " : "",
				      words_copy(name, sizeof(name), activations[i].names));
}

void
activation_apply(size_t activation, float *x, const float *by, size_t n)
{
	const struct forward_kernels *kernels = kernels_current()->forward;
	void (*const *kernel)(float *, const float *, size_t) =
		(const void *)((const char *)kernels + activations[activation].kernel);

	(*kernel)(x, by, n);
}
