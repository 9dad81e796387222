#include "core/tokenizers/lossy.h"

#include "core/text.h"

/* Table 3-7 of Unicode: which second bytes may follow a lead byte. */
static int
second_fits(unsigned char lead, unsigned char second)
{
	switch (lead) {
	case 0xe0:
		return second >= 0xa0 && second <= 0xbf;
	case 0xed:
		return second >= 0x80 && second <= 0x9f;
	case 0xf0:
		return second >= 0x90 && second <= 0xbf;
	case 0xf4:
		return second >= 0x80 && second <= 0x8f;
	default:
		return second >= 0x80 && second <= 0xbf;
	}
}

/* Length of the invalid part that starts at data[0]. */
static size_t
invalid_part(const unsigned char *data, size_t length)
{
	unsigned char lead = data[0];
	size_t wanted = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2, n = 1;

	if (lead < 0xc2 || lead > 0xf4 || length < 2 || !second_fits(lead, data[1]))
		return 1;
	for (n = 2; n < wanted && n < length && (data[n] & 0xc0) == 0x80; n++)
		;
	return n;
}

enum err
lossy_add(struct bytes *out, const char *data, size_t length)
{
	size_t good = 0;
	enum err code = OK;

	for (size_t at = 0; at < length && !code;) {
		size_t start = at;

		if (text_decode(data, length, &at) >= 0)
			continue;
		at = start + invalid_part((const unsigned char *)data + start, length - start);
		code = bytes_add(out, data + good, start - good);
		code = code ? code : bytes_add(out, "\xef\xbf\xbd", 3);
		good = at;
	}
	return code ? code : bytes_add(out, data + good, length - good);
}
