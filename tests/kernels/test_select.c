/* The kernel table: what is asked for is what runs. */
#include "kernels/kernels.h"
#include "support/support.h"

#include <string.h>

static void
test_kernels__each_available_set_can_be_forced(void **state)
{
	(void)state;
	for (const struct kernels *const *set = kernels_available(); *set; set++) {
		const struct kernels *got = kernels_select((*set)->name);

		assert_non_null(got);
		assert_string_equal(got->name, (*set)->name);
		assert_non_null(got->gemm);
	}
	assert_null(kernels_select("abacus"));
}

static void
test_kernels__blas_is_named_with_its_core(void **state)
{
	(void)state;
	assert_non_null(strstr(kernels_blas(), "OpenBLAS"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kernels__each_available_set_can_be_forced),
		cmocka_unit_test(test_kernels__blas_is_named_with_its_core),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
