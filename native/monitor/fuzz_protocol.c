/*
 * libFuzzer target for what the monitor reads from others: the protocol's parser, and the escaping of log lines.
 * `make -C native fuzz SECONDS=20`
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "monitor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Walks the fields as lists, as numbers and as texts; whatever is taken lies inside the input. */
static void walk(struct slice list, int depth)
{
	struct slice field, numbers = list, texts = list;
	const char *start = list.data, *end = list.data + list.size;
	long long number;
	char *text;

	while (field_take(&list, &field)) {
		assert(field.data >= start && field.data + field.size < end);
		if (depth < 8)
			walk(field, depth + 1);
	}
	while (field_number(&numbers, 1 << 20, &number))
		assert(number >= 0 && number <= 1 << 20);
	while (field_text(&texts, &text))
		free(text);
	free(text);
}

/* What is taken apart and put together again is the same. */
static void round_trip(struct slice list)
{
	struct buffer again = { 0 };
	struct slice field, rest = list;

	while (field_take(&rest, &field))
		assert(put_bytes(&again, field.data, field.size));
	assert(buffer_size(&again) == list.size - rest.size);
	assert(buffer_size(&again) == 0 || memcmp(again.data + again.start, list.data, buffer_size(&again)) == 0);
	buffer_free(&again);
}

static void escape(const uint8_t *data, size_t size)
{
	char *in = malloc(size + 16), *out = malloc(size * 6 + 16);

	assert(in && out);
	memcpy(in, data, size);
	memset(in + size, 'x', 16);
	char *end = jsonlog_escape(out, in, size);
	assert(end >= out + size && end <= out + size * 6);
	for (char *c = out; c < end; c++)
		assert((unsigned char)*c >= 0x20 && *c != '<' && *c != '>' && *c != '&');
	free(in);
	free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice input = { (const char *)data, size }, message;

	while (input.size > 0 && netstring_take(&input, &message) == PARSED_OK) {
		walk(message, 0);
		round_trip(message);
	}
	escape(data, size);
	return 0;
}
