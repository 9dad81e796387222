#ifndef SESSIONS_SESSION_FILE_H
#define SESSIONS_SESSION_FILE_H

#include "sessions/workspace.h"

/* A session on disk (qscope.session/1): which model and texts, every setting with its history, what
 * was looked at, and the figures that were reached. Written atomically, the generation before kept
 * as FILE~. Read as hostile bytes: every key known, every size bounded. The figures are for people
 * and for comparison; opening a session computes them again, or finds them in the cache. */
enum { SESSION_STEPS_MAX = 500, SESSION_LAYERS_MAX = 65536, SESSION_TEXTS_MAX = 256 };

struct session_step {
	char label[96];
	struct recipe recipe;
};

struct session_layer {
	char name[128], setting[256];
	double bits, weight_error, output_error; /* NaN: not known */
};

struct session_text {
	char name[256], sha256[HASH_HEX];
	bool has;
	uint64_t scored;
	double baseline, current, delta, delta_se, kl, top1;
};

struct session {
	char model[1024]; /* "" for the shipped one */
	char identity[HASH_HEX], sha256[HASH_HEX];
	char selection[128], metric[32], scope[256];
	char protocol[32];
	uint64_t context, tokens;
	bool manual;
	size_t at, other; /* in steps */
	struct session_step *steps;
	size_t step_count;
	struct session_layer *layers;
	size_t layer_count;
	struct session_text *texts;
	size_t text_count;
};

enum err session_read(struct session *out, const char *path);
enum err session_parse(struct session *out, const char *text, size_t length, const char *path);
enum err session_write(const struct session *session, const char *path);
enum err session_text(char **out, const struct session *session); /* owned by the caller */
void session_clear(struct session *session);

/* What the workspace holds, as a session; what was looked at stays empty. */
enum err session_from(struct session *out, struct workspace *workspace);
/* Into a workspace whose model is open. *changed says that the model is not the one of the session.
 */
enum err session_into(struct workspace *workspace, const struct session *session, bool *changed);

#endif
