#ifndef CORE_FORMATS_GGUF_WRITE_H
#define CORE_FORMATS_GGUF_WRITE_H

#include "core/checkpoint_write.h"

enum err gguf_write(const struct checkpoint_output *output); /* every part, into the folder */

#endif
