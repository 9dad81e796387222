#ifndef CORE_FORMATS_SAFETENSORS_H
#define CORE_FORMATS_SAFETENSORS_H

#include "core/checkpoint.h"

/* Add every tensor of one .safetensors file to the checkpoint, which keeps it mapped. */
enum err safetensors_read(struct checkpoint *checkpoint, const char *path);

#endif
