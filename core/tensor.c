#include "core/tensor.h"

#include "core/file.h"

#include <string.h>

static float
from_bits(uint32_t bits)
{
	float value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

static uint32_t
to_bits(float value)
{
	uint32_t bits;

	memcpy(&bits, &value, sizeof(bits));
	return bits;
}

float
bf16_to_f32(uint16_t half)
{
	return from_bits((uint32_t)half << 16);
}

uint16_t
bf16_from_f32(float value)
{
	uint32_t bits = to_bits(value);

	if ((bits & 0x7fffffff) > 0x7f800000)
		return (uint16_t)(bits >> 16 | 0x40);
	return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

float
f16_to_f32(uint16_t half)
{
	uint32_t sign = (uint32_t)(half & 0x8000) << 16, exponent = half >> 10 & 31,
		 mantissa = half & 0x3ff;

	if (exponent == 31)
		return from_bits(sign | 0x7f800000 | mantissa << 13);
	if (exponent == 0) /* mantissa * 2^-24, exact in float32 */
		return from_bits(sign | to_bits((float)mantissa * 0x1p-24f));
	return from_bits(sign | (exponent + 112) << 23 | mantissa << 13);
}

uint16_t
f16_from_f32(float value)
{
	uint32_t bits = to_bits(value), sign = bits >> 16 & 0x8000, magnitude = bits & 0x7fffffff;

	if (magnitude > 0x7f800000)
		return (uint16_t)(sign | 0x7e00 | (magnitude >> 13 & 0x3ff));
	if (magnitude >= 0x477ff000) /* 65520 and above round to infinity */
		return (uint16_t)(sign | 0x7c00);
	if (magnitude < 0x38800000) /* subnormal: adding 0.5 rounds at 2^-24, to nearest even */
		return (uint16_t)(sign | (to_bits(from_bits(magnitude) + 0.5f) - 0x3f000000));
	magnitude += 0xfff + (magnitude >> 13 & 1);
	return (uint16_t)(sign | ((magnitude - 0x38000000) >> 13));
}

/* From a file's bytes, which need not be aligned. */
static void
widen_f32(float *out, const unsigned char *from, uint64_t count)
{
	memcpy(out, from, count * sizeof(*out));
}

static void
widen_bf16(float *out, const unsigned char *from, uint64_t count)
{
	uint16_t half;

	for (uint64_t i = 0; i < count; i++) {
		memcpy(&half, from + 2 * i, 2);
		out[i] = bf16_to_f32(half);
	}
}

static void
widen_f16(float *out, const unsigned char *from, uint64_t count)
{
	uint16_t half;

	for (uint64_t i = 0; i < count; i++) {
		memcpy(&half, from + 2 * i, 2);
		out[i] = f16_to_f32(half);
	}
}

static const struct {
	const char *name;
	unsigned bits;
	void (*widen)(float *out, const unsigned char *from, uint64_t count);
} dtypes[DTYPE_COUNT] = {
#define DTYPE(id, name, bits, widen) [DTYPE_##id] = { name, bits, widen },
#include "core/dtypes.def"
#undef DTYPE
};

const char *
dtype_name(enum dtype dtype)
{
	return dtypes[dtype].name;
}

unsigned
dtype_bits(enum dtype dtype)
{
	return dtypes[dtype].bits;
}

bool
dtype_is_float(enum dtype dtype)
{
	return dtypes[dtype].widen != NULL;
}

enum err
dtype_parse(enum dtype *out, const char *name, size_t length)
{
	for (int i = 0; i < DTYPE_COUNT; i++)
		if (strlen(dtypes[i].name) == length && !memcmp(dtypes[i].name, name, length)) {
			*out = (enum dtype)i;
			return OK;
		}
	return err_set(ERR_UNSUPPORTED, "element type \"%.*s\" is unknown",
		       (int)(length < 40 ? length : 40), name);
}

static enum err
check_range(const struct tensor *tensor, uint64_t first, uint64_t count, uint64_t size)
{
	if (first <= size && count <= size - first)
		return OK;
	return err_at(ERR_RANGE, file_map_path(tensor->map), tensor->name,
		      "elements %llu to %llu of %llu are asked for", (unsigned long long)first,
		      (unsigned long long)(first + count), (unsigned long long)size);
}

enum { PIECE = 1 << 20 }; /* bytes of the file in this process at once */

enum err
tensor_read(float *out, const struct tensor *tensor, uint64_t first, uint64_t count)
{
	const unsigned char *data = file_map_data(tensor->map);
	uint64_t size = dtype_bits(tensor->dtype) / 8, at = tensor->offset + first * size;
	enum err code = check_range(tensor, first, count, tensor->elements);

	if (code)
		return code;
	if (!dtype_is_float(tensor->dtype))
		return err_at(ERR_UNSUPPORTED, file_map_path(tensor->map), tensor->name,
			      "has elements of type %s, which are no plain floats; use the "
			      "unquantized model",
			      dtype_name(tensor->dtype));
	for (uint64_t done = 0, n; done < count; done += n) {
		n = count - done < PIECE / size ? count - done : PIECE / size;
		dtypes[tensor->dtype].widen(out + done, data + at + done * size, n);
		file_map_release(tensor->map, at + done * size, n * size);
	}
	return file_map_check(tensor->map);
}

enum err
tensor_read_bytes(void *out, const struct tensor *tensor, uint64_t first, uint64_t count)
{
	const unsigned char *data = file_map_data(tensor->map);
	uint64_t at = tensor->offset + first;
	enum err code = check_range(tensor, first, count, tensor->bytes);

	if (code)
		return code;
	for (uint64_t done = 0, n; done < count; done += n) {
		n = count - done < PIECE ? count - done : PIECE;
		memcpy((char *)out + done, data + at + done, n);
		file_map_release(tensor->map, at + done, n);
	}
	return file_map_check(tensor->map);
}
