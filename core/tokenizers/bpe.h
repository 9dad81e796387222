#ifndef CORE_TOKENIZERS_BPE_H
#define CORE_TOKENIZERS_BPE_H

#include "core/tokenizers/models.h"

/* The "BPE" model of tokenizer.json; bpe_load.c reads it, bpe.c runs it. */
struct affix {
	char *text; /* NULL: none */
	size_t length;
};

struct bpe_rule {
	uint64_t pair; /* left id above right id */
	uint32_t rank;
	int32_t id; /* -1: a free place */
};

struct bpe {
	struct vocab *vocab;
	struct bpe_rule *rules; /* by hash of the pair; a power of two, at most half full */
	size_t rule_places, rule_count;
	int32_t byte_ids[256]; /* -1: the vocabulary has no piece for this byte */
	struct affix prefix, suffix;
	int32_t unk_id; /* -1: unknown characters are dropped */
	bool fuse_unk, byte_fallback, ignore_merges;
	bool keep_unknown; /* those that are dropped stand between their neighbours until the end */
	bool whole_lines;  /* ignore_merges for newlines alone */
};

/* A later rule for the same pair replaces the earlier one. */
enum err bpe_add_rule(struct bpe *bpe, int32_t left, int32_t right, uint32_t rank, int32_t id);

/* NULL: none. */
const struct bpe_rule *bpe_find_rule(const struct bpe *bpe, int32_t left, int32_t right);

enum err bpe_create(void **out, const struct json *spec);
void bpe_destroy(void *model);

#endif
