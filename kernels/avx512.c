#if defined(__x86_64__)
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

/* A table of 16 floats is one register, so a lookup is one permutation. */
static inline __mmask16
mask_below(size_t n)
{
	return n < 16 ? (__mmask16)((1u << n) - 1) : (__mmask16)0xffff;
}

/* How many bounds lie below v, by halving: four looks, each adding half of the last step where the
 * bound it met lies below. The sixteenth bound is never looked at. */
static inline __m512i
count_below(__m512 v, __m512 bounds)
{
	__m512i code = _mm512_setzero_si512();

	for (int step = 8; step; step /= 2) {
		__m512i at = _mm512_add_epi32(code, _mm512_set1_epi32(step - 1));
		__mmask16 below =
			_mm512_cmp_ps_mask(_mm512_permutexvar_ps(at, bounds), v, _CMP_LT_OQ);

		code = _mm512_mask_add_epi32(code, below, code, _mm512_set1_epi32(step));
	}
	return code;
}

static void
lookup_encode(uint8_t *codes, const float *x, size_t n, float scale, const float bounds[15])
{
	__m512 held = _mm512_maskz_loadu_ps(0x7fff, bounds);

	for (size_t i = 0; i < n; i += 16) {
		__mmask16 mask = mask_below(n - i);
		__m512 v = _mm512_mul_ps(_mm512_maskz_loadu_ps(mask, x + i), _mm512_set1_ps(scale));

		_mm512_mask_cvtepi32_storeu_epi8(codes + i, mask, count_below(v, held));
	}
}

static void
lookup_decode(float *out, const uint8_t *codes, size_t n, float scale, const float table[16])
{
	__m512 held = _mm512_loadu_ps(table);

	for (size_t i = 0; i < n; i += 16) {
		__mmask16 mask = mask_below(n - i);
		__m512i code = _mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(mask, codes + i));

		_mm512_mask_storeu_ps(
			out + i, mask,
			_mm512_mul_ps(_mm512_permutexvar_ps(code, held), _mm512_set1_ps(scale)));
	}
}

#define LOOPS_OWN_LOOKUP
#define LOOPS_SET avx512
#include "kernels/loops.inc"
#else
extern int avx512_is_empty;
#endif
