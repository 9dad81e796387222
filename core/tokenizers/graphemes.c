#include "core/tokenizers/graphemes.h"

#include "core/text.h"
#include "core/tokenizers/unicode.h"

enum { JOINER = 0x200d, FLAGS_FIRST = 0x1f1e6, FLAGS_LAST = 0x1f1ff };

/* Parts of Hangul syllables; no bit for all else. */
enum { LEADING = 1, VOWEL = 2, TRAILING = 4, SYLLABLE_LV = 8, SYLLABLE_LVT = 16 };

static unsigned
hangul(int32_t code)
{
	if ((code >= 0x1100 && code <= 0x115f) || (code >= 0xa960 && code <= 0xa97c))
		return LEADING;
	if ((code >= 0x1160 && code <= 0x11a7) || (code >= 0xd7b0 && code <= 0xd7c6))
		return VOWEL;
	if ((code >= 0x11a8 && code <= 0x11ff) || (code >= 0xd7cb && code <= 0xd7fb))
		return TRAILING;
	if (code >= 0xac00 && code <= 0xd7a3)
		return (code - 0xac00) % 28 ? SYLLABLE_LVT : SYLLABLE_LV;
	return 0;
}

static bool
joins_hangul(unsigned before, unsigned after)
{
	if (before == LEADING)
		return after & (LEADING | VOWEL | SYLLABLE_LV | SYLLABLE_LVT);
	if (before & (VOWEL | SYLLABLE_LV))
		return after & (VOWEL | TRAILING);
	return before & (TRAILING | SYLLABLE_LVT) && after == TRAILING;
}

/* What the characters so far let follow. */
struct cluster {
	int32_t last;
	uint64_t classes;             /* of the last */
	bool picture, joined_picture; /* a picture and what extends it; and a joiner behind that */
	bool consonant, linked;       /* a consonant and what extends it; with a linker among it */
	bool odd_flags;
};

static void
extend(struct cluster *cluster, int32_t code, uint64_t classes)
{
	bool flag = code >= FLAGS_FIRST && code <= FLAGS_LAST;

	cluster->joined_picture = cluster->picture && code == JOINER;
	cluster->picture = (classes & UNICODE_PICTURE) ||
			   (cluster->picture && classes & UNICODE_EXTENDS && code != JOINER);
	cluster->linked =
		cluster->consonant && !(classes & UNICODE_CONSONANT) &&
		((classes & UNICODE_LINKER) || (cluster->linked && classes & UNICODE_CONJUNCT));
	cluster->consonant = (classes & UNICODE_CONSONANT) ||
			     (cluster->consonant && classes & (UNICODE_LINKER | UNICODE_CONJUNCT));
	cluster->odd_flags = flag && !cluster->odd_flags;
	cluster->last = code;
	cluster->classes = classes;
}

static bool
joins(const struct cluster *cluster, int32_t code, uint64_t classes)
{
	if (cluster->last == '\r' && code == '\n')
		return true;
	if ((cluster->classes | classes) & UNICODE_CONTROLS)
		return false;
	if (classes & UNICODE_JOINS || cluster->classes & UNICODE_PREPENDS)
		return true;
	if (joins_hangul(hangul(cluster->last), hangul(code)))
		return true;
	if (cluster->linked && classes & UNICODE_CONSONANT)
		return true;
	if (cluster->joined_picture && classes & UNICODE_PICTURE)
		return true;
	return cluster->odd_flags && code >= FLAGS_FIRST && code <= FLAGS_LAST;
}

size_t
graphemes_next(const char *text, size_t length, size_t at)
{
	struct cluster cluster = { 0 };
	int32_t code = text_decode(text, length, &at);

	extend(&cluster, code, unicode_classes(code));
	while (at < length) {
		size_t next = at;
		uint64_t classes;

		code = text_decode(text, length, &next);
		classes = unicode_classes(code);
		if (!joins(&cluster, code, classes))
			break;
		extend(&cluster, code, classes);
		at = next;
	}
	return at;
}
