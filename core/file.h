#ifndef CORE_FILE_H
#define CORE_FILE_H

#include "core/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A file mapped read-only. When it shrinks under us the missing pages read as zero and
 * file_map_check says so: call it after a read and before trusting the result. Any thread. */
struct file_map;

enum err file_map_open(struct file_map **out, const char *path);
void file_map_free(struct file_map *map);
const void *file_map_data(const struct file_map *map);
uint64_t file_map_size(const struct file_map *map);
const char *file_map_path(const struct file_map *map);
struct file_stamp {
	uint64_t size;
	int64_t seconds, nanoseconds; /* of the last change, when it was opened */
};
void file_map_stamp(struct file_stamp *out, const struct file_map *map);
enum err file_map_check(
	const struct file_map *map); /* ERR_IO when it changed since it was opened */
/* These bytes have been read and are not needed soon: their pages leave this process, so that what
 * was read does not count as its memory. Reading them again stays right and costs a little. Does
 * nothing for files of a few dozen megabytes. Any thread, also while another reads there. */
void file_map_release(const struct file_map *map, uint64_t offset, uint64_t size);

/* These bytes will be read soon: let the disk begin, without waiting for it. Likewise. */
void file_map_expect(const struct file_map *map, uint64_t offset, uint64_t size);

/* A program that takes SIGBUS calls this after, so that a file that shrinks stays no reason to die;
 * other faults then go on to the program's own handler. */
void file_guard(void);

/* Whole file into owned memory, one NUL behind it. ERR_RANGE above `limit` bytes. Regular files
 * only. */
enum err file_read(char **out, size_t *size, const char *path, size_t limit);

/* Replace `path` by these bytes: temporary file in the same folder, synced, renamed, folder synced.
 * `keep` leaves the previous generation as "path~". On any failure the old file is untouched. */
enum err file_write(const char *path, const void *data, size_t size, bool keep);

/* The same in pieces, for large outputs. */
struct file_writer;
enum err file_writer_open(struct file_writer **out, const char *path);
enum err file_writer_add(struct file_writer *writer, const void *data, size_t size);
enum err file_writer_commit(struct file_writer *writer, bool keep); /* frees it, also on failure */
void file_writer_drop(struct file_writer *writer); /* removes the temporary; NULL is fine */

bool file_exists(const char *path);
bool file_is_folder(const char *path);
enum err file_make_folder(const char *path);           /* with parents */
char *file_join(const char *folder, const char *name); /* owned; NULL: ERR_NOMEM */

/* Tests: let the n-th write, sync or rename from now fail with this errno; 0 = never. */
void file_fail_at(unsigned long n, int error);

#endif
