#include "core/json_internal.h"

#include "core/buf.h"

#include <string.h>
#include <sys/random.h>
#include <xxhash.h>

struct json_keys_slot {
	const struct json *object, *member; /* member NULL: free */
	uint64_t hash;
};

static uint64_t
seed(void)
{
	static _Thread_local uint64_t value;

	if (!value && getrandom(&value, sizeof(value), GRND_NONBLOCK) != sizeof(value))
		value = (uint64_t)(uintptr_t)&value;
	return value | 1;
}

static uint64_t
hash_of(const struct json *object, const struct json *member)
{
	return XXH3_64bits_withSeed(member->key, member->key_length,
				    seed() ^ (uint64_t)(uintptr_t)object);
}

static bool
same(const struct json_keys_slot *slot, const struct json_keys_slot *other)
{
	return slot->hash == other->hash && slot->object == other->object &&
	       slot->member->key_length == other->member->key_length &&
	       !memcmp(slot->member->key, other->member->key, slot->member->key_length);
}

/* The slot that holds an equal one, or the free one where it belongs. */
static struct json_keys_slot *
place(const struct json_keys *keys, const struct json_keys_slot *wanted)
{
	size_t i = wanted->hash & (keys->capacity - 1);

	while (keys->slots[i].member && !same(&keys->slots[i], wanted))
		i = (i + 1) & (keys->capacity - 1);
	return &keys->slots[i];
}

static int
grow(struct json_keys *keys)
{
	struct json_keys larger = { .capacity = keys->capacity ? keys->capacity * 2 : 64,
				    .count = keys->count };

	if (!(larger.slots = buf_alloc(larger.capacity, sizeof(*larger.slots))))
		return -1;
	for (size_t i = 0; i < keys->capacity; i++)
		if (keys->slots[i].member)
			*place(&larger, &keys->slots[i]) = keys->slots[i];
	buf_free(keys->slots);
	*keys = larger;
	return 0;
}

enum { FEW = 8 }; /* up to here comparing is cheaper than hashing */

static enum json_keys_result
compare_all(const struct json *object, const struct json *member)
{
	for (const struct json *m = object->first; m; m = m->next)
		if (m->key_length == member->key_length &&
		    !memcmp(m->key, member->key, m->key_length))
			return JSON_KEYS_DUPLICATE;
	return JSON_KEYS_NEW;
}

static enum json_keys_result
add(struct json_keys *keys, const struct json *object, const struct json *member)
{
	struct json_keys_slot wanted = { object, member, hash_of(object, member) }, *slot;

	if (keys->count * 2 >= keys->capacity && grow(keys))
		return JSON_KEYS_NOMEM;
	slot = place(keys, &wanted);
	if (slot->member)
		return JSON_KEYS_DUPLICATE;
	*slot = wanted;
	keys->count++;
	return JSON_KEYS_NEW;
}

/* Members enter the set once their object has more than a few. */
enum json_keys_result
json_keys_add(struct json_keys *keys, const struct json *object, const struct json *member)
{
	if (object->length < FEW)
		return compare_all(object, member);
	if (object->length == FEW)
		for (const struct json *m = object->first; m; m = m->next)
			if (add(keys, object, m) == JSON_KEYS_NOMEM)
				return JSON_KEYS_NOMEM;
	return add(keys, object, member);
}

void
json_keys_reset(struct json_keys *keys)
{
	enum { SMALL = 256 };

	if (keys->capacity > SMALL)
		json_keys_clear(keys);
	else if (keys->count)
		memset(keys->slots, 0, keys->capacity * sizeof(*keys->slots));
	keys->count = 0;
}

void
json_keys_clear(struct json_keys *keys)
{
	buf_free(keys->slots);
	*keys = (struct json_keys){ 0 };
}
