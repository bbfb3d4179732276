#pragma once
/*
 * The wire format: a message is one netstring that holds a list of netstrings (`12:5:start,1:7,,`). A field may again hold a
 * list. Lengths are decimal without leading zeros, at most MESSAGE_MAX; whatever does not parse ends the connection.
 */
#include <stdbool.h>
#include <stddef.h>

#define MESSAGE_MAX ((size_t)1 << 20)
#ifndef PROTOCOL_VERSION
#define PROTOCOL_VERSION 1
#endif

/* Bytes that somebody else owns. */
struct slice {
	const char *data;
	size_t size;
};

enum parsed { PARSED_OK, PARSED_PARTLY, PARSED_BADLY };

/* Takes the first netstring off `input`. PARSED_PARTLY: more bytes may complete it; `input` is then untouched. */
enum parsed netstring_take(struct slice *input, struct slice *field);

/* Takes the next field of a complete list; false when there is none or it is malformed. */
bool field_take(struct slice *list, struct slice *field);
/* The same as a new C string (malloc); false also for a field with a NUL inside. */
bool field_text(struct slice *list, char **text);
/* The same as a decimal number between 0 and `max`. */
bool field_number(struct slice *list, long long max, long long *number);
bool slice_is(struct slice slice, const char *text);

/* Bytes with room at the end, consumed from the front; frees its memory when it becomes empty. */
struct buffer {
	char *data;
	size_t start, end, capacity;
};

static inline size_t buffer_size(const struct buffer *b)
{
	return b->end - b->start;
}

/* False when there is no memory; the buffer is then unchanged. */
bool buffer_append(struct buffer *b, const void *data, size_t size);
void buffer_consume(struct buffer *b, size_t size);
void buffer_free(struct buffer *b);

/* Appends one field. */
bool put_bytes(struct buffer *list, const void *data, size_t size);
bool put_text(struct buffer *list, const char *text);
bool put_number(struct buffer *list, long long number);
/* Appends the list as one message (or field) and empties it. */
bool put_list(struct buffer *out, struct buffer *list);
