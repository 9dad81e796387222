#include "sessions/comparison_report.h"

#include <math.h>
#include <string.h>

/* What the columns are, and which of them this comparison has. */
struct shown {
	const struct comparison *comparison;
	bool effects, noise, seeds, plain;
};

static struct shown
look(const struct comparison *c, bool plain)
{
	struct shown shown = { .comparison = c, .plain = plain };

	for (size_t i = 0; i < c->candidates->count; i++) {
		shown.effects |= c->outcomes[i].has_effects;
		shown.noise |= c->outcomes[i].has_noise;
		shown.seeds |= c->outcomes[i].seed_count > 0;
	}
	return shown;
}

enum { COLUMNS_MAX = 20 };

struct heads {
	const char *names[COLUMNS_MAX];
	size_t count;
};

static void
add_head(struct heads *heads, const char *name)
{
	heads->names[heads->count++] = name;
}

/* People get a figure and its error in one cell, programs in two. */
static void
add_figure(struct heads *heads, const struct shown *shown, const char *name, const char *error)
{
	add_head(heads, name);
	if (shown->plain)
		add_head(heads, error);
}

static void
make_heads(struct heads *heads, const struct shown *shown)
{
	heads->count = 0;
	add_head(heads, "candidate");
	add_head(heads, "bits");
	add_head(heads, "weight error");
	add_head(heads, "output error");
	add_figure(heads, shown, "delta nll", "se");
	add_head(heads, "KL");
	add_head(heads, "top-1 %");
	add_head(heads, "MB");
	add_head(heads, "seconds");
	if (shown->effects)
		add_figure(heads, shown, "weights alone", "weights alone se");
	if (shown->noise)
		add_figure(heads, shown, "noise", "noise se");
	if (shown->seeds) {
		add_head(heads, "over seeds");
		add_head(heads, "least");
		add_head(heads, "most");
	}
	add_head(heads, "front");
}

static const struct figure none = { (double)NAN, (double)NAN };

static void
figure_cells(struct table *table, struct figure figure, bool plain)
{
	if (!plain && isfinite(figure.mean) && isfinite(figure.se)) {
		table_cell(table, "%+.5f \xc2\xb1 %.5f", figure.mean, figure.se);
		return;
	}
	table_number(table, figure.mean, plain ? "%.9g" : "%+.5f");
	if (plain)
		table_number(table, figure.se, "%.9g");
}

static void
control_cells(struct table *table, const struct shown *shown, size_t index)
{
	const struct comparison *c = shown->comparison;
	const struct outcome *outcome = &c->outcomes[index];
	const char *fmt = shown->plain ? "%.9g" : "%+.5f";
	struct spread spread = { (double)NAN, (double)NAN, (double)NAN };

	if (shown->effects)
		figure_cells(table,
			     outcome->has_effects ? comparison_mean(c, index, figure_weights)
						  : none,
			     shown->plain);
	if (shown->noise)
		figure_cells(table,
			     outcome->has_noise ? comparison_mean(c, index, figure_noise) : none,
			     shown->plain);
	if (outcome->seed_count)
		spread = outcome_spread(outcome);
	if (!shown->seeds)
		return;
	table_number(table, spread.mean, fmt);
	table_number(table, spread.low, fmt);
	table_number(table, spread.high, fmt);
}

static void
row(struct table *table, const struct shown *shown, size_t index)
{
	const struct comparison *c = shown->comparison;
	const struct outcome *outcome = &c->outcomes[index];
	bool plain = shown->plain;

	table_cell(table, "%s", c->candidates->list[index].name);
	table_number(table, outcome->bits.linear, plain ? "%.9g" : "%.3f");
	table_number(table, fit_weight_error(&outcome->fit), plain ? "%.9g" : "%.2e");
	table_number(table, fit_output_error(&outcome->fit), plain ? "%.9g" : "%.2e");
	figure_cells(table, comparison_mean(c, index, figure_delta), plain);
	table_number(table, comparison_mean(c, index, figure_kl).mean, plain ? "%.9g" : "%.5f");
	table_number(table, 100 * comparison_mean(c, index, figure_top1).mean,
		     plain ? "%.9g" : "%.2f");
	table_number(table, (double)outcome->disk / 1e6, plain ? "%.9g" : "%.3f");
	table_number(table, outcome->seconds, plain ? "%.9g" : "%.2f");
	control_cells(table, shown, index);
	table_cell(table, "%s", comparison_on_front(c, index) ? "*" : "");
}

struct table *
comparison_table(const struct comparison *c, bool plain)
{
	struct shown shown = look(c, plain);
	struct heads heads;
	struct table *table;

	make_heads(&heads, &shown);
	table = table_create(heads.count, heads.names);
	for (size_t i = 0; i < c->candidates->count; i++)
		row(table, &shown, i);
	return table;
}
