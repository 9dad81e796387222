#ifndef CORE_MODEL_PRIVATE_H
#define CORE_MODEL_PRIVATE_H

#include "core/arena.h"
#include "core/hash.h"

#include <pthread.h>

/* What struct model keeps to itself: shared by model.c and model_read.c alone. */
struct model_private {
	struct arena arena;
	pthread_mutex_t lock;     /* guards hashes */
	char (*hashes)[HASH_HEX]; /* (layer_count), "" until computed */
};

#endif
