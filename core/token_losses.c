#include "core/token_losses.h"

#include "core/buf.h"

enum err
token_losses_create(struct token_losses **out, size_t windows, size_t per_window, size_t first,
		    int current)
{
	struct token_losses *losses = buf_alloc(1, sizeof(*losses));
	size_t count = windows * per_window, runs = current ? 2 : 1;
	double *nll = losses ? buf_alloc(count ? runs * count : 1, sizeof(*nll)) : NULL;
	int32_t *ids = nll ? buf_alloc(count ? count : 1, sizeof(*ids)) : NULL;

	*out = NULL;
	if (!ids) {
		buf_free(nll);
		buf_free(losses);
		return ERR_NOMEM;
	}
	*losses = (struct token_losses){
		windows, per_window, count, first, ids, nll, current ? nll + count : NULL
	};
	*out = losses;
	return OK;
}

void
token_losses_free(struct token_losses *losses)
{
	if (!losses)
		return;
	buf_free(losses->ids);
	buf_free(losses->baseline);
	buf_free(losses);
}
