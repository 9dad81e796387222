#ifndef SESSIONS_LOCATE_H
#define SESSIONS_LOCATE_H

#include "core/err.h"

/* From what stands for a model on a command line, in a session or behind `:open` to the path that
 *is opened; the caller's. In this order: NULL, ""            the shipped model a path that exists;
 *a repository's folder in the Hugging Face cache: its snapshot "shipped"           the shipped
 *model org/name[@REVISION] its snapshot in the Hugging Face cache; the error says how to fetch it
 *	name                likewise, when the cache holds it
 * Anything else is given back as it is: opening it says what is wrong. */
enum err locate_model(char **out, const char *name);

#define LOCATE_SHIPPED "shipped"

#endif
