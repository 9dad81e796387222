#ifndef CORE_TOKENIZERS_GGUF_VOCAB_H
#define CORE_TOKENIZERS_GGUF_VOCAB_H

#include "core/formats/gguf.h"
#include "core/tokenizers/tokenizer_internal.h"

/* The vocabulary in a GGUF file, and the kinds of tokenizer that are made of one. Everything here
 * follows llama.cpp (llama-vocab.cpp), whose ids these are, as it takes a text in which special
 * tokens are not to be found: user-defined tokens alone are. */
struct gguf_vocab {
	const struct gguf *gguf;
	size_t count;
	struct vocab *vocab;   /* whoever makes the model of it sets this NULL */
	unsigned char *kinds;  /* (count) enum piece_kind */
	float *scores;         /* (count); zeros when the file has none */
	int32_t bos, eos, unk; /* -1: none */
	bool add_bos, add_eos;
	const struct gguf_pre *pre; /* of byte-pair encoding */
};

/* One kind: a file, and a line in gguf_models.def. */
struct gguf_model {
	const char *name;      /* tokenizer.ggml.model */
	int32_t bos, eos, unk; /* ids where the file does not name others */
	bool add_bos, add_eos;
	/* Change what the file may still say otherwise; NULL: nothing. */
	enum err (*prepare)(struct tokenizer *out, struct gguf_vocab *vocab);
	/* Everything but post-processor and special tokens. */
	enum err (*open)(struct tokenizer *out, struct gguf_vocab *vocab);
};

/* Tokens, kinds and scores. On failure too the caller clears it. */
enum err gguf_vocab_read(struct gguf_vocab *out, const struct gguf *gguf);
void gguf_vocab_clear(struct gguf_vocab *vocab);
/* An id that the file may name; one outside the vocabulary is as if it did not. */
enum err gguf_vocab_id(int32_t *out, const struct gguf_vocab *vocab, const char *key);

/* How byte-pair encoding cuts a text first: gguf_pre.def and gguf_steps.def. */
enum {
	PRE_IGNORE_MERGES = 1, /* a word that is a piece is that piece */
	PRE_BOS = 2,           /* BOS is added unless the file says no */
	PRE_BOS_ALWAYS = 4,    /* ... whatever it says */
	PRE_NO_BOS = 8,        /* there is none unless the file names it */
	PRE_MARKS = 16,        /* spaces are U+2581 and bytes "<0x0A>", not GPT-2's stand-ins */
	PRE_WHOLE_LINES = 32,  /* newlines that are a piece together are that piece */
};

struct gguf_step {
	const char *regex; /* what matches is a piece by itself; or NULL: */
	const struct part_kind *scan;
};

struct gguf_pre {
	const char *name;
	const struct gguf_step *steps; /* ends with two NULL */
	unsigned flags;
};

const struct gguf_pre *gguf_pre_find(const char *name); /* NULL: none */

/* Stages. Each adds itself behind what the tokenizer has. */
enum err gguf_add_special(struct tokenizer *out, const struct gguf_vocab *vocab);
enum err gguf_add_steps(struct tokenizer *out, const struct gguf_pre *pre);
enum err gguf_add_spaces(struct tokenizer *out, bool prefix); /* before a text and for its spaces */
enum err gguf_add_stand_ins(struct tokenizer *out);

/* The decoder: bytes, stand-ins or U+2581; `prefix`: the first piece's space goes. */
struct gguf_decoding {
	bool stand_ins, prefix;
};
enum err gguf_set_decoder(struct tokenizer *out, const struct gguf_vocab *vocab,
			  const struct gguf_decoding *decoding);

/* Scanners of gguf_scan.c. */
extern const struct part_kind gguf_scan_gpt2, gguf_scan_lines, gguf_scan_threes,
	gguf_scan_ascii_threes;

#endif
