/* The json-file log: one write per read, rotation, and no waiting for a full disk. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "monitor.h"

static int open_file(struct logfile *log, int flags)
{
	log->fd = openat(log->directory, log->name, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | flags, 0640);
	struct stat st;
	log->size = log->fd >= 0 && fstat(log->fd, &st) == 0 ? st.st_size : 0;
	return log->fd;
}

/* `max_size` 0: unlimited. `attributes`: rendered JSON with a comma behind it, or "". NULL with errno on failure. */
struct logfile *log_open(const char *path, off_t max_size, int max_files, const char *attributes)
{
	const char *slash = strrchr(path, '/');
	cleanup_text char *directory = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	struct logfile *log = calloc(1, sizeof *log);

	if (!log || !directory || strlen(attributes) > 65536) {
		free(log);
		errno = EINVAL;
		return NULL;
	}
	log->directory = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	log->name = strdup(slash ? slash + 1 : path);
	log->attributes = strdup(attributes);
	log->max_size = max_size;
	log->max_files = max_files;
	log->fd = -1;
	if (log->directory >= 0 && open_file(log, 0) >= 0)
		return log;
	int error = errno;
	log_close(log);
	errno = error;
	return NULL;
}

void log_close(struct logfile *log)
{
	if (!log)
		return;
	close_fd(&log->fd);
	close_fd(&log->directory);
	free(log->name);
	free(log->attributes);
	free(log);
}

/* `x-json.log.1` becomes `.2` and so on; the daemon may have compressed some. */
static void shift(struct logfile *log, int from, const char *suffix)
{
	char old[300], new[300];

	if (from == 0)
		snprintf(old, sizeof old, "%s%s", log->name, suffix);
	else
		snprintf(old, sizeof old, "%s.%d%s", log->name, from, suffix);
	snprintf(new, sizeof new, "%s.%d%s", log->name, from + 1, suffix);
	renameat(log->directory, old, log->directory, new);
}

static void rotate(struct logfile *log)
{
	char oldest[300];

	close_fd(&log->fd);
	if (log->max_files < 2) {
		open_file(log, O_TRUNC);
		return;
	}
	for (int gz = 0; gz < 2; gz++) {
		snprintf(oldest, sizeof oldest, "%s.%d%s", log->name, log->max_files - 1, gz ? ".gz" : "");
		unlinkat(log->directory, oldest, 0);
		for (int i = log->max_files - 2; i >= 1; i--)
			shift(log, i, gz ? ".gz" : "");
	}
	shift(log, 0, "");
	open_file(log, O_TRUNC);
}

static unsigned long long count_lines(const char *data, size_t size)
{
	unsigned long long lines = 0;

	for (const char *end = data + size; data < end; lines++) {
		const char *newline = memchr(data, '\n', (size_t)(end - data));
		if (!newline)
			break;
		data = newline + 1;
	}
	return lines;
}

/* Appends whole lines, or none of those that did not fit: a cut one is taken back. Returns how much is in the file. */
static size_t append(struct logfile *log, const char *data, size_t size)
{
	size_t done = 0;

	while (done < size && log->fd >= 0) {
		ssize_t n = write(log->fd, data + done, size - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	if (done < size) {
		log->dropped_for = log->fd < 0 ? ENOENT : errno;
		const char *newline = memrchr(data, '\n', done);
		size_t whole = newline ? (size_t)(newline - data) + 1 : 0;
		if (whole < done && ftruncate(log->fd, log->size + (off_t)whole) < 0)
			whole = done;
		done = whole;
	}
	log->size += (off_t)done;
	return done;
}

/* Tells readers of the log how many lines a full disk has swallowed. */
static void write_marker(struct logfile *log)
{
	char line[400], at[40];
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	time_text(at, &now);
	int length = snprintf(line, sizeof line,
			      "{\"log\":\"gantry: %llu log lines were dropped: %s\\n\",\"stream\":\"stderr\",\"time\":\"%s\"}\n",
			      log->dropped, strerror(log->dropped_for), at);
	if (append(log, line, (size_t)length) == (size_t)length)
		log->dropped = 0;
}

static void write_lines(struct logfile *log, const char *data, size_t size)
{
	if (log->fd < 0)
		open_file(log, 0);
	if (log->dropped)
		write_marker(log);
	size_t done = log->dropped ? 0 : append(log, data, size);
	if (done < size)
		log->dropped += count_lines(data + done, size - done);
}

/* Docker rotates before the first line that finds the file at its size or above. */
static void log_write(struct logfile *log, const char *data, size_t size)
{
	while (size > 0) {
		size_t now = size;
		if (log->max_size > 0 && log->size >= log->max_size && !log->dropped)
			rotate(log);
		if (log->max_size > 0 && log->size + (off_t)size > log->max_size) {
			off_t room = log->max_size > log->size ? log->max_size - log->size : 1;
			const char *newline = memchr(data + room - 1, '\n', size - (size_t)room + 1);
			now = newline ? (size_t)(newline - data) + 1 : size;
		}
		write_lines(log, data, now);
		data += now;
		size -= now;
	}
}

struct line_ends {
	char text[400];
	size_t size;
};

static void prepare_end(struct line_ends *end, enum stream_kind kind)
{
	char at[40];
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	time_text(at, &now);
	end->size = (size_t)snprintf(end->text, sizeof end->text, "\",\"stream\":\"%s\",\"time\":\"%s\"}\n",
				     kind == STREAM_STDOUT ? "stdout" : "stderr", at);
}

size_t log_lines(struct logfile *log, enum stream_kind kind, struct slice data, bool end, struct slice room)
{
	const size_t attributes = strlen(log->attributes);
	char *const first = (char *)room.data, *out = first;
	char *const full = first + room.size - (PIECE_SIZE * 6 + 1024 + attributes);
	const char *in = data.data, *const stop = in + data.size;
	struct line_ends tail;

	prepare_end(&tail, kind);
	while (in < stop) {
		size_t most = (size_t)(stop - in) < PIECE_SIZE ? (size_t)(stop - in) : PIECE_SIZE;
		const char *newline = memchr(in, '\n', most);
		if (!newline && most < PIECE_SIZE && !end)
			break;
		size_t length = newline ? (size_t)(newline - in) : most;
		out = put(out, "{\"log\":\"", 8);
		out = jsonlog_escape(out, in, length);
		if (newline)
			out = put(out, "\\n", 2);
		if (attributes) {
			/* `","stream":"stdout",` then the attributes, then the time */
			size_t head = sizeof "\",\"stream\":\"stdout\"," - 1;
			out = put(out, tail.text, head);
			out = put(out, log->attributes, attributes);
			out = put(out, tail.text + head, tail.size - head);
		} else {
			out = put(out, tail.text, tail.size);
		}
		in += length + (newline ? 1 : 0);
		if (out > full) {
			log_write(log, first, (size_t)(out - first));
			out = first;
		}
	}
	log_write(log, first, (size_t)(out - first));
	return (size_t)(stop - in);
}
