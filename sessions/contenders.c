#include "sessions/contenders.h"

#include "core/buf.h"
#include "core/file.h"
#include "core/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORD_MAX = 4096, NAMES_MAX = 512 };

const char *const contender_kinds[] = { "baseline", "recipe", "checkpoint" };

static const char baseline[] = "baseline";

/* ---------------------------------------------------------------------------- a list */

struct contender *
contenders_find(const struct contenders *candidates, const char *name)
{
	for (size_t i = 0; i < candidates->count; i++)
		if (!strcmp(candidates->list[i].name, name))
			return &candidates->list[i];
	return NULL;
}

static enum err
append(struct contender **out, struct contenders *candidates, const char *name, const char *path)
{
	struct contender *added;

	if (candidates->count == CONTENDERS_MAX)
		return err_at(ERR_USAGE, NULL, name, "more than %d candidates; compare fewer",
			      CONTENDERS_MAX);
	if (contenders_find(candidates, name))
		return err_at(ERR_USAGE, NULL, name,
			      "two candidates are called that; give one another name: NAME=%s",
			      path ? path : name);
	if (buf_grow(&candidates->list, &candidates->capacity, candidates->count + 1,
		     sizeof(*candidates->list)))
		return ERR_NOMEM;
	added = &candidates->list[candidates->count];
	memset(added, 0, sizeof(*added));
	recipe_init(&added->recipe);
	added->bits = (double)NAN;
	added->name = buf_strdup(name);
	added->path = path ? buf_strdup(path) : NULL;
	candidates->count++;
	*out = added;
	return added->name && (!path || added->path) ? OK : ERR_NOMEM;
}

enum err
contenders_start(struct contenders *out)
{
	struct contender *first;

	memset(out, 0, sizeof(*out));
	return append(&first, out, baseline, NULL);
}

void
contenders_clear(struct contenders *candidates)
{
	for (size_t i = 0; i < candidates->count; i++) {
		buf_free(candidates->list[i].name);
		buf_free(candidates->list[i].path);
		recipe_clear(&candidates->list[i].recipe);
	}
	buf_free(candidates->list);
	memset(candidates, 0, sizeof(*candidates));
}

/* ----------------------------------------------------------------------------- a method */

/* "bits=3,group_size=128" over the defaults. */
static enum err
assign_all(struct layer_setting *setting, char *assignments)
{
	enum err code = OK;

	while (assignments && !code) {
		char *comma = strchr(assignments, ',');

		if (comma)
			*comma = '\0';
		if (!strchr(assignments, '='))
			return err_at(ERR_USAGE, NULL, setting->method->name,
				      "\"%s\" is not NAME=VALUE; write %s,bits=4, say", assignments,
				      setting->method->name);
		code = recipe_assign(setting, assignments);
		assignments = comma ? comma + 1 : NULL;
	}
	return code;
}

/* `spec` begins with the method's name and is taken apart. */
static enum err
add_method(struct contenders *candidates, const char *name, const struct quantizer *method,
	   char *assignments)
{
	struct contender *added;
	struct layer_setting *setting;
	enum err code = append(&added, candidates, name, NULL);

	if (code)
		return code;
	added->kind = CONTENDER_RECIPE;
	added->recipe.has_fallback = true;
	setting = &added->recipe.fallback;
	setting->method = method;
	param_defaults(&setting->params, method->params);
	return assign_all(setting, assignments);
}

/* ------------------------------------------------------------------------------- words */

static bool
ends_in(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n > m && !strcmp(text + n - m, end);
}

static enum err
add_file(struct contenders *candidates, const char *name, const char *path)
{
	struct contender *added;
	enum err code = append(&added, candidates, name, path);

	if (!code)
		added->kind = ends_in(path, ".json") ? CONTENDER_RECIPE : CONTENDER_CHECKPOINT;
	return code;
}

static enum err
unknown(const char *word)
{
	const char *names[NAMES_MAX + 2] = { baseline };
	const char *nearest;

	for (size_t i = 0; quantizers[i] && i < NAMES_MAX; i++)
		names[i + 1] = quantizers[i]->name;
	nearest = text_nearest(word, names);
	return err_at(ERR_USAGE, NULL, word[0] ? word : "\"\"",
		      "is neither a method nor a recipe or a checkpoint that is here; %s%s%s",
		      nearest ? "did you mean " : "see: qscope methods", nearest ? nearest : "",
		      nearest ? "?" : "");
}

/* What stands behind "NAME=", or the whole word. */
static enum err
add_spec(struct contenders *candidates, const char *name, const char *spec)
{
	char method[WORD_MAX];
	char *comma;
	const struct quantizer *found;

	if (!strcmp(spec, baseline))
		return OK;
	snprintf(method, sizeof(method), "%s", spec);
	comma = strchr(method, ',');
	if (comma)
		*comma++ = '\0';
	found = quantizer_find(method);
	if (found)
		return add_method(candidates, name, found, comma);
	if (file_exists(spec) || (strchr(spec, '/') && !comma))
		return add_file(candidates, name, spec);
	return unknown(method);
}

/* The name before the first '=', where that belongs to no setting and no file. */
static size_t
name_length(const char *word)
{
	size_t length = strcspn(word, "=,/");

	return length && word[length] == '=' && !file_exists(word) ? length : 0;
}

static enum err
add_word(struct contenders *candidates, const char *word)
{
	char name[WORD_MAX];
	const char *spec;
	size_t length = name_length(word);

	if (strlen(word) >= WORD_MAX)
		return err_at(ERR_USAGE, NULL, "candidate", "is longer than %d bytes",
			      WORD_MAX - 1);
	if (!length)
		return add_spec(candidates, word, word);
	spec = word + length + 1;
	spec += strspn(spec, " \t");
	while (length > 1 && strchr(" \t", word[length - 1]))
		length--;
	snprintf(name, sizeof(name), "%.*s", (int)length, word);
	if (!strcmp(name, baseline))
		return err_at(ERR_USAGE, NULL, word,
			      "only the model itself is the baseline; choose another name");
	return add_spec(candidates, name, spec);
}

/* -------------------------------------------------------------------------------- lists */

/* From the first character that is no blank to the last, without a comment: a '#' at the start or
 * behind a blank. */
static void
trim(const char **begin, const char **end)
{
	for (const char *p = *begin; p < *end; p++)
		if (*p == '#' && (p == *begin || p[-1] == ' ' || p[-1] == '\t')) {
			*end = p;
			break;
		}
	while (*begin < *end && strchr(" \t\r", **begin))
		++*begin;
	while (*end > *begin && strchr(" \t\r", (*end)[-1]))
		--*end;
}

static enum err
add_line(struct contenders *candidates, const char *begin, const char *end)
{
	char word[WORD_MAX];
	size_t length;

	trim(&begin, &end);
	length = (size_t)(end - begin);
	if (!length)
		return OK;
	if (length >= sizeof(word) || memchr(begin, '\0', length))
		return err_at(ERR_FORMAT, NULL, "candidate", "is no line of text below %d bytes",
			      WORD_MAX);
	memcpy(word, begin, length);
	word[length] = '\0';
	if (word[0] == '@')
		return err_at(ERR_USAGE, NULL, word, "lists do not lead to lists; name its lines");
	return add_word(candidates, word);
}

enum err
contenders_add_list(struct contenders *candidates, const char *text, size_t length,
		    const char *path)
{
	const char *end = text + length;
	size_t number = 1;

	for (const char *p = text, *next; p < end; p = next, number++) {
		const char *stop = memchr(p, '\n', (size_t)(end - p));
		enum err code;

		stop = stop ? stop : end;
		next = stop + 1;
		code = add_line(candidates, p, stop);
		if (code)
			return err_at(code, path, err_last()->item, "line %zu: %s", number,
				      err_last()->message);
	}
	return OK;
}

enum err
contenders_add(struct contenders *candidates, const char *word)
{
	char *text;
	size_t length;
	enum err code;

	if (word[0] != '@')
		return add_word(candidates, word);
	if (!word[1])
		return err_at(ERR_USAGE, NULL, "@", "needs the name of a list: @FILE");
	code = file_read(&text, &length, word + 1, CONTENDERS_LIST_MAX);
	if (code)
		return code;
	code = contenders_add_list(candidates, text, length, word + 1);
	buf_free(text);
	return code;
}

/* ------------------------------------------------------------------------------- further */

enum err
contenders_read(struct contenders *candidates)
{
	enum err code = OK;

	for (size_t i = 0; i < candidates->count && !code; i++) {
		struct contender *candidate = &candidates->list[i];

		if (candidate->kind == CONTENDER_RECIPE && candidate->path)
			code = recipe_read(&candidate->recipe, candidate->path);
	}
	return code;
}

enum err
contenders_unknown(const struct contenders *candidates, const char *item, const char *name)
{
	const char *names[NAMES_MAX + 1] = { 0 };
	const char *nearest;

	for (size_t i = 0; i < candidates->count && i < NAMES_MAX; i++)
		names[i] = candidates->list[i].name;
	nearest = text_nearest(name, names);
	return err_at(ERR_USAGE, NULL, item, "no candidate is called \"%s\"%s%s%s", name,
		      nearest ? "; did you mean " : "; name one of the comparison",
		      nearest ? nearest : "", nearest ? "?" : "");
}

static enum err
parse_bits(double *out, const char *text)
{
	char *end;

	*out = strtod(text, &end);
	if (*text && !*end && *out > 0 && *out <= 64)
		return OK;
	return err_at(ERR_USAGE, NULL, "--bits",
		      "\"%s\" is no number of bits per weight; write 4.25 or NAME=4.25", text);
}

enum err
contenders_set_bits(struct contenders *candidates, const char *value)
{
	const char *equals = strrchr(value, '=');
	struct contender *one = NULL;
	char name[WORD_MAX];
	double bits = 0;
	enum err code = parse_bits(&bits, equals ? equals + 1 : value);

	if (equals && !code) {
		snprintf(name, sizeof(name), "%.*s", (int)(equals - value), value);
		one = contenders_find(candidates, name);
		if (!one)
			return contenders_unknown(candidates, "--bits", name);
		if (one->kind != CONTENDER_CHECKPOINT)
			return err_at(ERR_USAGE, NULL, "--bits",
				      "the bits of %s are counted; give them for checkpoints",
				      name);
	}
	for (size_t i = 0; i < candidates->count && !code; i++) {
		struct contender *candidate = &candidates->list[i];

		if (candidate == one || (!one && candidate->kind == CONTENDER_CHECKPOINT))
			candidate->bits = bits;
	}
	return code;
}

const struct quantizer *
contender_method(const struct contender *candidate)
{
	const struct recipe *recipe = &candidate->recipe;
	const struct quantizer *method = recipe->has_fallback ? recipe->fallback.method : NULL;

	for (size_t i = 0; i < recipe->rule_count; i++) {
		const struct quantizer *other = recipe->rules[i].setting.method;

		if (other && method && other != method)
			return NULL;
		method = other ? other : method;
	}
	return method;
}

bool
contender_calibrates(const struct contender *candidate)
{
	const struct recipe *recipe = &candidate->recipe;
	bool needs =
		recipe->has_fallback && recipe->fallback.method && recipe->fallback.method->needs;

	for (size_t i = 0; i < recipe->rule_count; i++)
		needs |= recipe->rules[i].setting.method && recipe->rules[i].setting.method->needs;
	return needs;
}
