/* qscope version: what this program is and what it computes with. */
#include "kernels/kernels.h"
#include "sessions/commands/common.h"
#include "sessions/engine.h"

static enum err
run(struct call *call)
{
	struct json_out *json;

	if (!call->options->json) {
		output_text(call, "qscope %s%s%s\nkernels %s, %s\nnumeric profile: %s\n",
			    build_version(), build_commit() ? ", commit " : "",
			    build_commit() ? build_commit() : "", kernels_current()->name,
			    kernels_blas(), engine_profile());
		return OK;
	}
	json = json_out_start("qscope.version/1");
	json_out_text(json, "version", build_version());
	json_out_text(json, "numeric_profile", engine_profile());
	json_out_array(json, "kernel_sets");
	for (const struct kernels *const *set = kernels_available(); *set; set++)
		json_out_text(json, NULL, (*set)->name);
	json_out_end(json);
	return output_json(call, json);
}

const struct command command_version = {
	.name = "version",
	.summary = "print the version and the numeric profile",
	.help = "Calibrated results are equal bit for bit between machines of one numeric "
		"profile:\n"
		"the same BLAS on the same core type, the same kernel set, the same C library.\n"
		"--reproducible chooses one profile that every AVX2 machine has.\n\n"
		"Example: qscope version --json",
	.args = (const struct command_arg[]){ { 0 } },
	.run = run,
};
