#ifndef CORE_EVALUATION_H
#define CORE_EVALUATION_H

#include "core/corpus.h"
#include "core/forward.h"
#include "core/states.h"
#include "core/token_losses.h"

/* Perplexity and its kin on one text under a protocol, incrementally: hidden states are kept per
 * block under the key of everything upstream, so a change in block l runs blocks l and later alone,
 * and gives the same bits as a full run. Windows go through the model in batches, so that memory
 * does not grow with the text. Natural logarithms. */

/* core/protocols.def lists them: "llama.cpp", "window". */
struct protocol {
	const char *name;
	const char *help;
	size_t context;      /* 0: the model's, at most 2048 */
	bool bos_overwrites; /* the first token of a window becomes BOS where the tokenizer adds one
			      */
	bool second_half;    /* score positions n/2 .. n-2; else 0 .. n-2 */
};

const struct protocol *protocol_find(const char *name); /* NULL: none */
extern const struct protocol *const protocols[];        /* ends with NULL */

struct nll {
	double mean, se, se_iid;
};

struct eval_result {
	size_t windows, scored;              /* tokens scored in all */
	struct nll baseline, current, delta; /* nats per token; se clustered by window */
	double ppl, ppl_se, baseline_ppl, baseline_ppl_se, ppl_ratio;
	double kl_mean, kl_se, kl_q50, kl_q90, kl_q99,
		kl_max; /* of the original from the current */
	double top1_share, top1_se;
	bool has_current; /* false: only the baseline was asked for */
};

struct evaluator;

struct evaluator_request {
	const struct model *model;
	const struct corpus *corpus; /* borrowed while the evaluator lives */
	const struct protocol *protocol;
	size_t context;        /* 0: the protocol's */
	size_t max_tokens;     /* 0: the whole text */
	int32_t bos;           /* -1: none is added */
	size_t memory;         /* bytes of a batch's hidden states, about; 0: a default */
	struct states *states; /* borrowed: where hidden states are kept, which several may share;
				  NULL: the evaluator has its own */
};

/* A text shorter than one window is ERR_RANGE. */
enum err evaluator_create(struct evaluator **out, const struct evaluator_request *request);
void evaluator_free(struct evaluator *evaluator);
void evaluator_describe(const struct evaluator *evaluator, size_t *context,
			size_t *scored_per_window, size_t *windows);

/* `overlay` NULL: the baseline alone. The baseline runs once and is kept. One call at a time. */
enum err evaluator_run(struct eval_result *out, struct evaluator *evaluator,
		       const struct overlay *overlay, const struct work *work);

/* The same, and every token's loss in *losses, the caller's (NULL: not kept). */
enum err evaluator_run_losses(struct eval_result *out, struct token_losses **losses,
			      struct evaluator *evaluator, const struct overlay *overlay,
			      const struct work *work);
/* The same of another model with the evaluator's as its original: one of equal hidden size and
 * vocabulary that takes windows as long. Its identity must name its content. */
enum err evaluator_run_model(struct eval_result *out, struct token_losses **losses,
			     struct evaluator *evaluator, const struct model *model,
			     const struct work *work);
/* For losses that were kept elsewhere: the ids are in place, the rest is zero. The caller's. */
enum err evaluator_losses(struct token_losses **out, const struct evaluator *evaluator,
			  bool current);

#endif
