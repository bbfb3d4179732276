#include "protocol.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum parsed netstring_take(struct slice *input, struct slice *field)
{
	size_t length = 0, i = 0;

	for (; i < input->size && input->data[i] >= '0' && input->data[i] <= '9'; i++) {
		if (i > 0 && length == 0)
			return PARSED_BADLY; /* a leading zero */
		length = length * 10 + (size_t)(input->data[i] - '0');
		if (length > MESSAGE_MAX)
			return PARSED_BADLY;
	}
	if (i == input->size)
		return PARSED_PARTLY;
	if (i == 0 || input->data[i] != ':')
		return PARSED_BADLY;
	i++;
	if (input->size - i <= length)
		return PARSED_PARTLY;
	if (input->data[i + length] != ',')
		return PARSED_BADLY;
	*field = (struct slice){ input->data + i, length };
	input->data += i + length + 1;
	input->size -= i + length + 1;
	return PARSED_OK;
}

bool field_take(struct slice *list, struct slice *field)
{
	return list->size > 0 && netstring_take(list, field) == PARSED_OK;
}

bool field_text(struct slice *list, char **text)
{
	struct slice field;

	*text = NULL;
	if (!field_take(list, &field) || memchr(field.data, 0, field.size))
		return false;
	*text = strndup(field.data, field.size);
	return *text != NULL;
}

bool field_number(struct slice *list, long long max, long long *number)
{
	struct slice field;
	long long value = 0;

	if (!field_take(list, &field) || field.size == 0 || field.size > 18)
		return false;
	for (size_t i = 0; i < field.size; i++) {
		if (field.data[i] < '0' || field.data[i] > '9')
			return false;
		value = value * 10 + (field.data[i] - '0');
	}
	*number = value;
	return value <= max;
}

bool slice_is(struct slice slice, const char *text)
{
	return slice.size == strlen(text) && memcmp(slice.data, text, slice.size) == 0;
}

bool buffer_append(struct buffer *b, const void *data, size_t size)
{
	if (size == 0)
		return true;
	if (b->start > 0 && b->end + size > b->capacity) {
		memmove(b->data, b->data + b->start, b->end - b->start);
		b->end -= b->start;
		b->start = 0;
	}
	if (b->end + size > b->capacity) {
		size_t capacity = b->capacity ? b->capacity : 256;
		while (capacity < b->end + size)
			capacity *= 2;
		char *grown = realloc(b->data, capacity);
		if (!grown)
			return false;
		b->data = grown;
		b->capacity = capacity;
	}
	memcpy(b->data + b->end, data, size);
	b->end += size;
	return true;
}

void buffer_consume(struct buffer *b, size_t size)
{
	b->start += size;
	if (b->start == b->end)
		buffer_free(b);
}

void buffer_free(struct buffer *b)
{
	free(b->data);
	*b = (struct buffer){ 0 };
}

bool put_bytes(struct buffer *list, const void *data, size_t size)
{
	char head[24];
	int length = snprintf(head, sizeof head, "%zu:", size);

	return buffer_append(list, head, (size_t)length) && buffer_append(list, data, size) && buffer_append(list, ",", 1);
}

bool put_text(struct buffer *list, const char *text)
{
	return put_bytes(list, text, strlen(text));
}

bool put_number(struct buffer *list, long long number)
{
	char text[24];
	int length = snprintf(text, sizeof text, "%lld", number);

	return put_bytes(list, text, (size_t)length);
}

bool put_list(struct buffer *out, struct buffer *list)
{
	bool done = put_bytes(out, list->data + list->start, buffer_size(list));

	buffer_free(list);
	return done;
}
