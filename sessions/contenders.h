#ifndef SESSIONS_CONTENDERS_H
#define SESSIONS_CONTENDERS_H

#include "sessions/recipe.h"

/* What a comparison sets side by side, from the words of a command line or the lines of a list:
 *
 *	baseline                     the model as it is; always the first, named or not
 *	rtn,bits=3,group_size=128    a method with settings
 *	recipe.json                  a recipe
 *	FOLDER, FILE, org/name       a checkpoint of the same model, anyone's
 *	NAME=...                     one of these under a name of its own
 *	@FILE                        a list: one of these on a line, # begins a comment
 */
enum contender_kind { CONTENDER_BASELINE, CONTENDER_RECIPE, CONTENDER_CHECKPOINT };
extern const char *const contender_kinds[]; /* by kind: "baseline", ... */

struct contender {
	char *name; /* shown; no two have the same */
	char *path; /* as given; NULL: a method, or the baseline */
	enum contender_kind kind;
	struct recipe
		recipe; /* of a method; of a recipe file once contenders_read has been called */
	bool noise;     /* beside it noise of equal energy */
	double bits;    /* per weight of the linear layers, as its maker says; NaN: counted */
};

struct contenders {
	struct contender *list;
	size_t count, capacity;
};

enum { CONTENDERS_MAX = 1024, CONTENDERS_LIST_MAX = 1 << 20 /* bytes */ };

/* The baseline alone, to begin with. */
enum err contenders_start(struct contenders *out);
void contenders_clear(struct contenders *candidates);

/* One word of a command line; ERR_USAGE says what is wrong with it. Recipes are not read yet. */
enum err contenders_add(struct contenders *candidates, const char *word);
/* A list as text; `path` is for messages. Lists do not lead to lists. */
enum err contenders_add_list(struct contenders *candidates, const char *text, size_t length,
			     const char *path);

/* Read the recipe files. */
enum err contenders_read(struct contenders *candidates);

/* "4.25", for every checkpoint, or "NAME=4.25", for one. */
enum err contenders_set_bits(struct contenders *candidates, const char *value);

struct contender *contenders_find(const struct contenders *candidates, const char *name);
/* ERR_USAGE with the nearest name, for the option `item`. */
enum err contenders_unknown(const struct contenders *candidates, const char *item,
			    const char *name);

/* The method of a whole recipe: what families in a picture go by. NULL: it has none, or several. */
const struct quantizer *contender_method(const struct contender *candidate);
/* Does calibration change its weights? */
bool contender_calibrates(const struct contender *candidate);

#endif
