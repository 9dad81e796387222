/* "Split": text cut where a pattern matches; a behaviour says what becomes of the matches. */
#include "core/tokenizers/split.h"

#include "core/buf.h"
#include "core/text.h"
#include "core/tokenizers/kinds.h"
#include "core/tokenizers/unicode.h"

static void
removed(struct spans *spans)
{
	(void)spans;
}

static void
isolated(struct spans *spans)
{
	for (size_t i = 0; i < spans->count; i++)
		spans->list[i].matched = false;
}

/* Join span i to the one before it where `joins` says so of both; keeps the order. */
static void
join(struct spans *spans, bool (*joins)(const struct span *before, const struct span *span))
{
	size_t kept = 0;
	struct span before = { 0 };

	for (size_t i = 0; i < spans->count; i++) {
		struct span span = spans->list[i];

		if (i && joins(&before, &span))
			spans->list[kept - 1].end = span.end;
		else
			spans->list[kept++] = span;
		before = span;
	}
	spans->count = kept;
	isolated(spans);
}

static bool
same(const struct span *before, const struct span *span)
{
	return before->matched == span->matched;
}

static void
contiguous(struct spans *spans)
{
	join(spans, same);
}

static bool
follows_text(const struct span *before, const struct span *span)
{
	return !before->matched && span->matched;
}

static void
merged_with_previous(struct spans *spans)
{
	join(spans, follows_text);
}

static bool
precedes_text(const struct span *before, const struct span *span)
{
	return before->matched && !span->matched;
}

static void
merged_with_next(struct spans *spans)
{
	join(spans, precedes_text);
}

const struct split_behaviour split_isolated = { "Isolated", isolated };
const struct split_behaviour split_removed = { "Removed", removed };
const struct split_behaviour split_contiguous = { "Contiguous", contiguous };
const struct split_behaviour split_merged_with_next = { "MergedWithNext", merged_with_next };
static const struct split_behaviour split_merged_with_previous = { "MergedWithPrevious",
								   merged_with_previous };

static const struct split_behaviour *const behaviours[] = {
	&split_removed,          &split_isolated, &split_contiguous, &split_merged_with_previous,
	&split_merged_with_next,
};

enum err
split_behaviour_find(const struct split_behaviour **out, const char *part, const struct json *name)
{
	for (size_t i = 0; i < sizeof(behaviours) / sizeof(behaviours[0]); i++) {
		if (!name || !spec_is(name, behaviours[i]->name))
			continue;
		*out = behaviours[i];
		return OK;
	}
	return err_at(ERR_UNSUPPORTED, NULL, part, "the behavior \"%s\" is not supported",
		      name && name->type == JSON_STRING ? name->string : "");
}

enum err
split_cut(struct cuts *out, struct spans *spans, const struct split_behaviour *behaviour,
	  const char *text, bool at_start)
{
	behaviour->apply(spans);
	for (size_t i = 0; i < spans->count; i++) {
		const struct span *span = &spans->list[i];

		if (!span->matched && cuts_add(out, text + span->start, span->end - span->start,
					       at_start && !span->start))
			return ERR_NOMEM;
	}
	return OK;
}

enum err
split_at(struct cuts *out, bool (*is)(int32_t code, const void *state), const void *state,
	 const struct split_behaviour *behaviour, const char *text, size_t length, bool at_start)
{
	struct spans spans = { 0 };
	size_t from = 0;
	enum err code = OK;

	for (size_t at = 0; at < length && !code;) {
		size_t start = at;

		if (!is(text_decode(text, length, &at), state))
			continue;
		if (start > from)
			code = spans_add(&spans, from, start, false);
		code = code ? code : spans_add(&spans, start, at, true);
		from = at;
	}
	if (!code && from < length)
		code = spans_add(&spans, from, length, false);
	code = code ? code : split_cut(out, &spans, behaviour, text, at_start);
	spans_free(&spans);
	return code;
}

static bool
has_classes(int32_t code, const void *state)
{
	return unicode_classes(code) & *(const uint64_t *)state;
}

enum err
split_at_classes(struct cuts *out, uint64_t classes, const struct split_behaviour *behaviour,
		 const char *text, size_t length, bool at_start)
{
	return split_at(out, has_classes, &classes, behaviour, text, length, at_start);
}

struct split {
	struct pattern *pattern;
	const struct split_behaviour *behaviour;
	bool invert;
};

static enum err
create(void *state, const struct json *spec)
{
	struct split *split = state;
	enum err code = pattern_create(&split->pattern, spec_get(spec, "pattern"));

	code = code ? code
		    : split_behaviour_find(&split->behaviour, "pre_tokenizer.Split",
					   spec_get(spec, "behavior"));
	return code ? code : spec_bool(&split->invert, spec, "invert", false);
}

static void
destroy(void *state)
{
	pattern_free(((struct split *)state)->pattern);
}

static enum err
cut(struct cuts *out, const void *state, const char *text, size_t length, bool at_start)
{
	const struct split *split = state;
	struct spans spans = { 0 };
	enum err code = pattern_cover(&spans, split->pattern, text, length);

	for (size_t i = 0; i < spans.count && split->invert; i++)
		spans.list[i].matched = !spans.list[i].matched;
	code = code ? code : split_cut(out, &spans, split->behaviour, text, at_start);
	spans_free(&spans);
	return code;
}

const struct part_kind pre_tokenizer_split = {
	.type = "Split",
	.size = sizeof(struct split),
	.create = create,
	.destroy = destroy,
	.cut = cut,
};
