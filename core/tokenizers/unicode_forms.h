#ifndef CORE_TOKENIZERS_UNICODE_FORMS_H
#define CORE_TOKENIZERS_UNICODE_FORMS_H

#include "core/tokenizers/parts.h"

/* Unicode normalization forms (Unicode Standard Annex 15). Linear in the text whatever it holds. */
struct unicode_form {
	bool compose, compatible;
};

enum err unicode_normalize(struct bytes *out, struct unicode_form form, const char *text,
			   size_t length);

#endif
