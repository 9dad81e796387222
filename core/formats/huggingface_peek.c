/* What opening a folder would cost, before it is opened. */
#include "core/formats/huggingface.h"

#include "core/buf.h"
#include "core/file.h"
#include "core/folder.h"

#include <fcntl.h>
#include <fnmatch.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAMES_MAX = 10000 };

/* The first eight bytes of a .safetensors file, a number, lowest byte first; none that is longer
 * than its file. */
static uint64_t
header_bytes(const char *path)
{
	unsigned char bytes[8];
	uint64_t length = 0;
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return 0;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && read(fd, bytes, 8) == 8)
		for (int i = 7; i >= 0; i--)
			length = length << 8 | bytes[i];
	close(fd);
	return length <= (uint64_t)st.st_size ? length : 0;
}

uint64_t
huggingface_header_bytes(const char *folder)
{
	struct folder names = { 0 };
	uint64_t bytes = 0;

	if (folder_read(&names, folder, NAMES_MAX))
		return 0;
	for (size_t i = 0; i < names.count; i++) {
		char *path = file_join(folder, names.names[i]);
		struct stat st;

		if (path && !fnmatch("*.safetensors", names.names[i], 0))
			bytes += header_bytes(path);
		else if (path && !fnmatch(HUGGINGFACE_INDEX, names.names[i], 0) && !stat(path, &st))
			bytes += (uint64_t)st.st_size;
		buf_free(path);
	}
	folder_clear(&names);
	return bytes;
}
