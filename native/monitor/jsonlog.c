/* Escaping and times as Docker's json-file has them (Go's encoding/json with HTML escapes). */
#include <stdio.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "monitor.h"

#ifndef __SSE2__
static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x80 && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&';
}
#endif

/*
 * Copies up to the first byte that needs more than copying; returns how many. Both buffers must have 16 bytes to spare.
 */
static size_t copy_plain(char *out, const char *in, size_t size)
{
	size_t i = 0;
#ifdef __SSE2__
	for (; i < size; i += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(in + i));
		_mm_storeu_si128((__m128i *)(out + i), v);
		__m128i odd = _mm_cmplt_epi8(v, _mm_set1_epi8(0x20)); /* signed: 0x80 and above too */
		odd = _mm_or_si128(odd, _mm_cmpeq_epi8(v, _mm_set1_epi8('"')));
		odd = _mm_or_si128(odd, _mm_cmpeq_epi8(v, _mm_set1_epi8('\\')));
		odd = _mm_or_si128(odd, _mm_cmpeq_epi8(v, _mm_set1_epi8('&')));
		/* '<' and '>' differ in one bit */
		__m128i angle = _mm_and_si128(v, _mm_set1_epi8((char)0xfd));
		odd = _mm_or_si128(odd, _mm_cmpeq_epi8(angle, _mm_set1_epi8('<')));
		unsigned mask = (unsigned)_mm_movemask_epi8(odd);
		if (mask) {
			i += (size_t)__builtin_ctz(mask);
			return i < size ? i : size;
		}
	}
	return size;
#else
	while (i < size && is_plain((unsigned char)in[i])) {
		out[i] = in[i];
		i++;
	}
	return i;
#endif
}

/* The length of the valid UTF-8 sequence at the start, 0 for none (overlong, surrogate, too large, cut off). */
static size_t utf8_length(const unsigned char *s, size_t size)
{
	static const struct {
		unsigned char first, last, low, high, length;
	} ranges[] = {
		{ 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 }, { 0xf0, 0xf0, 0x90, 0xbf, 4 },
		{ 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
		if (s[0] < ranges[i].first || s[0] > ranges[i].last)
			continue;
		if (size < ranges[i].length || s[1] < ranges[i].low || s[1] > ranges[i].high)
			return 0;
		for (size_t k = 2; k < ranges[i].length; k++)
			if ((s[k] & 0xc0) != 0x80)
				return 0;
		return ranges[i].length;
	}
	return 0;
}

char *put(char *out, const char *text, size_t size)
{
	memcpy(out, text, size);
	return out + size;
}

static char *escape_ascii(char *out, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";

	*out++ = '\\';
	if (c == '"' || c == '\\') {
		*out++ = (char)c;
	} else if (c == '\n') {
		*out++ = 'n';
	} else if (c == '\r') {
		*out++ = 'r';
	} else {
		out = put(out, "u00", 3);
		*out++ = hex[c >> 4];
		*out++ = hex[c & 15];
	}
	return out;
}

/* Escapes `in` for a JSON string; `out` needs 6 bytes for each of `in` and 16 more. Returns the end. */
char *jsonlog_escape(char *out, const char *in, size_t size)
{
	const char *end = in + size;

	while (in < end) {
		size_t plain = copy_plain(out, in, (size_t)(end - in));
		in += plain;
		out += plain;
		if (in == end)
			break;
		const unsigned char *s = (const unsigned char *)in;
		if (*s < 0x80) {
			out = escape_ascii(out, *s);
			in++;
			continue;
		}
		size_t length = utf8_length(s, (size_t)(end - in));
		if (length == 0)
			out = put(out, "\\ufffd", 6);
		else if (length == 3 && s[0] == 0xe2 && s[1] == 0x80 && (s[2] & 0xfe) == 0xa8)
			out = put(out, s[2] == 0xa8 ? "\\u2028" : "\\u2029", 6);
		else
			out = put(out, in, length);
		in += length ? length : 1;
	}
	return out;
}

/* RFC 3339 with nanoseconds, trailing zeros cut as Go does; returns the length. */
size_t time_text(char out[40], const struct timespec *t)
{
	struct tm tm;

	gmtime_r(&t->tv_sec, &tm);
	size_t length = strftime(out, 40, "%Y-%m-%dT%H:%M:%S", &tm);
	if (t->tv_nsec) {
		length += (size_t)snprintf(out + length, 40 - length, ".%09ld", t->tv_nsec);
		while (out[length - 1] == '0')
			length--;
	}
	out[length++] = 'Z';
	out[length] = 0;
	return length;
}
