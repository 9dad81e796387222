#ifndef SESSIONS_OUTPUT_H
#define SESSIONS_OUTPUT_H

#include "sessions/command.h"
#include "sessions/json_out.h"

/* What commands say. A command makes its JSON object and, when --json is not given, a table of the
 * same numbers. */

/* Finish `json` (freed, also on failure): with its `run` object last, as one line of data. */
enum err output_json(struct call *call, struct json_out *json);

void output_text(struct call *call, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void output_bytes(struct call *call, const char *bytes, size_t length);
void output_narrate(struct call *call, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Begin a stretch of work: its title is shown beside its progress. */
void output_phase(struct call *call, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Rows of text cells, printed aligned or, with --csv, comma-separated. */
struct table;
struct table *table_create(size_t columns, const char *const *heads); /* NULL: no memory */
/* Append a cell, row by row. What looks like a number is set to the right. */
void table_cell(struct table *table, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void table_number(struct table *table, double value, const char *fmt); /* NaN: "-" */
/* Prints and frees; ERR_NOMEM when a cell was lost. */
enum err output_table(struct call *call, struct table *table);
void table_drop(struct table *table); /* NULL is fine */
/* As text in memory, the caller's; frees the table. Markdown is that of GitHub. */
char *table_text(struct table *table, bool csv);
char *table_markdown(struct table *table);

/* {"schema":"qscope.error/1","error":{...}} of the last error, with what had been computed under
 * "result" (NULL: nothing; freed). Owned by the caller; NULL without memory. */
char *output_error(struct json_out *result);

/* "qscope.run": version, commit and machine, as in every object. */
const char *build_version(void);
const char *build_commit(void); /* NULL: unknown */
const char *machine_cpu(void);
int machine_threads(const struct options *options); /* as --threads, QSCOPE_THREADS or the cores */

#endif
