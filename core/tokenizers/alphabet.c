#include "core/tokenizers/alphabet.h"

#include "core/buf.h"
#include "core/text.h"

#include <stdlib.h>
#include <string.h>

enum { PAGE = 256, PAGES = (CHARSET_LAST + 1) / PAGE };

struct alphabet {
	size_t letters, sets, words; /* 64 sets to a word */
	uint64_t *members;           /* (letters, words): bit of each set the letter is in */
	uint16_t index[PAGES];       /* number of the page */
	uint8_t (*pages)[PAGE];      /* the letter of each code point */
	size_t page_count, page_capacity;
};

void
alphabet_free(struct alphabet *alphabet)
{
	if (!alphabet)
		return;
	buf_free(alphabet->members);
	buf_free(alphabet->pages);
	buf_free(alphabet);
}

/* Where a set begins or has ended. */
struct edge {
	int32_t at;
	uint32_t set;
};

static int
in_order(const void *a, const void *b)
{
	int32_t x = ((const struct edge *)a)->at, y = ((const struct edge *)b)->at;

	return (x > y) - (x < y);
}

static enum err
collect_edges(struct edge **out, size_t *out_count, const struct charset *sets, size_t count)
{
	size_t total = 0, n = 0;

	for (size_t i = 0; i < count; i++)
		total += sets[i].count * 2;
	*out = buf_alloc(total + 1, sizeof(**out));
	if (!*out)
		return ERR_NOMEM;
	for (size_t i = 0; i < count; i++)
		for (size_t r = 0; r < sets[i].count; r++) {
			(*out)[n++] = (struct edge){ sets[i].ranges[r].first, (uint32_t)i };
			(*out)[n++] = (struct edge){ sets[i].ranges[r].last + 1, (uint32_t)i };
		}
	qsort(*out, n, sizeof(**out), in_order);
	*out_count = n;
	return OK;
}

/* The letter whose sets are `now`, a new one where there is none. */
static enum err
letter_of(uint8_t *out, struct alphabet *alphabet, const uint64_t *now)
{
	size_t words = alphabet->words, letter = 0;

	while (letter < alphabet->letters &&
	       memcmp(alphabet->members + letter * words, now, words * sizeof(*now)))
		letter++;
	if (letter == ALPHABET_MAX)
		return err_at(ERR_UNSUPPORTED, NULL, "pattern",
			      "it tells more than %d kinds of characters apart", ALPHABET_MAX);
	if (letter == alphabet->letters) {
		memcpy(alphabet->members + letter * words, now, words * sizeof(*now));
		alphabet->letters++;
	}
	*out = (uint8_t)letter;
	return OK;
}

/* The page under construction becomes page number `n`; one equal to the page before it is shared.
 */
static enum err
store_page(struct alphabet *alphabet, size_t n, const uint8_t page[PAGE])
{
	size_t last = alphabet->page_count;

	if (!last || memcmp(alphabet->pages[last - 1], page, PAGE)) {
		if (buf_grow(&alphabet->pages, &alphabet->page_capacity, last + 1, PAGE))
			return ERR_NOMEM;
		memcpy(alphabet->pages[last], page, PAGE);
		last = ++alphabet->page_count;
	}
	alphabet->index[n] = (uint16_t)(last - 1);
	return OK;
}

/* Code points from one edge to the next are the same letter. */
static enum err
fill(struct alphabet *alphabet, uint8_t page[PAGE], int32_t first, int32_t end, uint8_t letter)
{
	enum err code = OK;

	for (int32_t at = first; at < end && !code; at++) {
		page[at % PAGE] = letter;
		if (at % PAGE == PAGE - 1)
			code = store_page(alphabet, (size_t)at / PAGE, page);
	}
	return code;
}

static enum err
sweep(struct alphabet *alphabet, const struct edge *edges, size_t count)
{
	uint64_t *now = buf_alloc(alphabet->words, sizeof(*now));
	uint8_t page[PAGE], letter = 0;
	int32_t from = 0;
	enum err code = now ? OK : ERR_NOMEM;

	for (size_t i = 0; i <= count && !code; i++) {
		int32_t at = i < count ? edges[i].at : CHARSET_LAST + 1;

		if (at > from) {
			code = letter_of(&letter, alphabet, now);
			code = code ? code : fill(alphabet, page, from, at, letter);
			from = at;
		}
		if (i < count)
			now[edges[i].set / 64] ^= (uint64_t)1 << edges[i].set % 64;
	}
	buf_free(now);
	return code;
}

enum err
alphabet_create(struct alphabet **out, const struct charset *sets, size_t count)
{
	struct alphabet *alphabet = buf_alloc(1, sizeof(*alphabet));
	struct edge *edges = NULL;
	size_t edge_count = 0;
	enum err code = ERR_NOMEM;

	*out = NULL;
	if (!alphabet)
		return ERR_NOMEM;
	alphabet->sets = count;
	alphabet->words = count / 64 + 1;
	alphabet->members = buf_alloc(ALPHABET_MAX * alphabet->words, sizeof(uint64_t));
	if (alphabet->members)
		code = collect_edges(&edges, &edge_count, sets, count);
	code = code ? code : sweep(alphabet, edges, edge_count);
	buf_free(edges);
	if (code)
		alphabet_free(alphabet);
	else
		*out = alphabet;
	return code;
}

size_t
alphabet_size(const struct alphabet *alphabet)
{
	return alphabet->letters;
}

bool
alphabet_has(const struct alphabet *alphabet, size_t letter, size_t set)
{
	return alphabet->members[letter * alphabet->words + set / 64] >> set % 64 & 1;
}

enum err
alphabet_spell(struct bytes *out, const struct alphabet *alphabet, const char *text, size_t length)
{
	if (buf_grow(&out->data, &out->capacity, out->length + length + 1, 1))
		return ERR_NOMEM;
	for (size_t at = 0; at < length;) {
		int32_t code = text_decode(text, length, &at);
		const uint8_t *page;

		code = code < 0 ? 0xfffd : code; /* not in a text that is UTF-8 */
		page = alphabet->pages[alphabet->index[code / PAGE]];

		out->data[out->length++] = (char)page[code % PAGE];
	}
	return OK;
}
