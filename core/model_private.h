#ifndef CORE_MODEL_PRIVATE_H
#define CORE_MODEL_PRIVATE_H

#include "core/arena.h"
#include "core/model.h"

#include <pthread.h>

/* Shared by model*.c alone. What model.arena points to. */
struct model_own {
	struct arena arena;
	pthread_mutex_t lock; /* guards `keys` */
	struct layer_key {
		struct key key;
		bool known;
	} * keys;                /* (model.layer_count) */
	pthread_mutex_t hashing; /* guards what follows */
	struct sha256 *sha;      /* of the tensors before `hashed`, and `hashed_bytes` of that */
	size_t hashed;
	uint64_t hashed_bytes;
	char sha256[HASH_HEX]; /* "" until computed */
};

/* One line for people, made fit for a terminal. */
enum err model_warn(struct model *model, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Find every tensor the architecture wants, check its shape, and wire layers, inputs and blocks.
 * model->checkpoint, shape, pattern and architecture are set; `wrapped`: the model has other parts
 * than its text. */
enum err model_build(struct model *model, struct arena *arena, bool wrapped);

#endif
