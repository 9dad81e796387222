/* The program: options and the command, or the workbench. */
#include "kernels/kernels.h"

#include <stdio.h>

int
main(void)
{
	const struct kernels *kernels = kernels_select(NULL);

	fprintf(stderr, "qscope: %s kernels, %s\n", kernels->name, kernels_blas());
	return 0;
}
