#ifndef CORE_TOKENIZERS_UNICODE_H
#define CORE_TOKENIZERS_UNICODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the Hugging Face library takes each character for (unicode.def says which release of it). It
 * asks several libraries, of different Unicode versions; each has its own bits. In the order of
 * tests/peers/make_unicode_classes.py. */
#define UNICODE_BIT(n) ((uint64_t)1 << (n))

enum unicode_category { /* general categories, as regular expressions see them */
			UNICODE_LU,
			UNICODE_LL,
			UNICODE_LT,
			UNICODE_LM,
			UNICODE_LO,
			UNICODE_MN,
			UNICODE_MC,
			UNICODE_ME,
			UNICODE_ND,
			UNICODE_NL,
			UNICODE_NO,
			UNICODE_PC,
			UNICODE_PD,
			UNICODE_PS,
			UNICODE_PE,
			UNICODE_PI,
			UNICODE_PF,
			UNICODE_PO,
			UNICODE_SM,
			UNICODE_SC,
			UNICODE_SK,
			UNICODE_SO,
			UNICODE_ZS,
			UNICODE_ZL,
			UNICODE_ZP,
			UNICODE_CC,
			UNICODE_CF,
			UNICODE_CO,
			UNICODE_CATEGORIES, /* none of them: not assigned */
};

#define UNICODE_SPAN(first, last) \
	((UNICODE_BIT(last) | (UNICODE_BIT(last) - 1)) & ~(UNICODE_BIT(first) - 1))
#define UNICODE_LETTER           UNICODE_SPAN(UNICODE_LU, UNICODE_LO) /* \p{L} */
#define UNICODE_MARK             UNICODE_SPAN(UNICODE_MN, UNICODE_ME) /* \p{M} */
#define UNICODE_DIGIT            UNICODE_BIT(UNICODE_ND)              /* \p{Nd}, \d */
#define UNICODE_NUMBER           UNICODE_SPAN(UNICODE_ND, UNICODE_NO) /* \p{N} */
#define UNICODE_PUNCTUATION      UNICODE_SPAN(UNICODE_PC, UNICODE_PO) /* \p{P} */
#define UNICODE_SYMBOL           UNICODE_SPAN(UNICODE_SM, UNICODE_SO) /* \p{S} */

#define UNICODE_SPACE            UNICODE_BIT(28) /* \s */
#define UNICODE_WORD             UNICODE_BIT(29) /* \w */
#define UNICODE_TOKEN_WORD       UNICODE_BIT(30) /* \w beside added tokens and in "Whitespace" */
#define UNICODE_ALPHABETIC       UNICODE_BIT(31) /* [[:alpha:]] */
#define UNICODE_UPPER            UNICODE_BIT(32) /* [[:upper:]] */
#define UNICODE_LOWER            UNICODE_BIT(33) /* [[:lower:]] */

#define UNICODE_BERT_PUNCTUATION UNICODE_BIT(34) /* cut off by "Punctuation" and BERT */
#define UNICODE_BERT_CONTROL     UNICODE_BIT(35) /* removed by BERT's clean_text */
#define UNICODE_BERT_MARK        UNICODE_BIT(36) /* removed by BERT's strip_accents */
#define UNICODE_ACCENT           UNICODE_BIT(37) /* removed by "StripAccents" */
#define UNICODE_CHANGING         UNICODE_BIT(38) /* normalization forms may touch it */

/* Grapheme clusters (Unicode Standard Annex 29). */
#define UNICODE_JOINS            UNICODE_BIT(39) /* extends the cluster before it */
#define UNICODE_EXTENDS          UNICODE_BIT(40) /* of those, no spacing mark */
#define UNICODE_PREPENDS         UNICODE_BIT(41) /* joins what follows */
#define UNICODE_CONTROLS         UNICODE_BIT(42) /* joins nothing */
#define UNICODE_PICTURE          UNICODE_BIT(43) /* Extended_Pictographic */
#define UNICODE_CONSONANT        UNICODE_BIT(44) /* of an Indic conjunct */
#define UNICODE_LINKER           UNICODE_BIT(45) /* between two such consonants */
#define UNICODE_CONJUNCT         UNICODE_BIT(46) /* may stand beside a linker */

#define UNICODE_SCRIPTED         UNICODE_BIT(47) /* has a script in "UnicodeScripts" */

/* The bits of a code point, 0 for none; -1 (no code point) has none. */
uint64_t unicode_classes(int32_t code);

struct unicode_range {
	int32_t first, last;
	uint8_t number; /* for unicode_mask, or of the script */
};

/* All ranges in order; what lies between has no bits. */
const struct unicode_range *unicode_ranges(size_t *count);
uint64_t unicode_mask(uint8_t number);

/* Scripts as regular expressions see them: the number of a name or its four letters in lower case
 * without _ and blanks, 0 for none; and all ranges. */
uint8_t unicode_script(const char *name, size_t length);
uint8_t unicode_script_of(int32_t code);
const struct unicode_range *unicode_scripts(size_t *count);

/* The letter in lower case, or the character itself. U+0130 becomes two, the second of which is
 * U+0307: only the first is given. */
int32_t unicode_lower(int32_t code);

#endif
