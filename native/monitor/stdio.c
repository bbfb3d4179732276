/* The stdio of a process: pipes or a pty, pumped to its log and its attached clients. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "monitor.h"

#define SLACK 64 /* the vectorised scan reads and writes a little further */
#define INPUT_SIZE (PIECE_SIZE + PIPE_SIZE + SLACK)
#define OUTPUT_SIZE (768 * 1024)
#define SCRATCH_SIZE (INPUT_SIZE + OUTPUT_SIZE)
#define STDIN_LIMIT (64 * 1024)

/* Memory for one event's bytes (at least PIPE_SIZE); NULL when there is none. */
char *scratch_get(struct monitor *m)
{
	if (!m->scratch) {
		void *p = mmap(NULL, SCRATCH_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (p == MAP_FAILED)
			return NULL;
		m->scratch = p;
	}
	m->idle_at = now_ms() + IDLE_MS;
	return m->scratch;
}

void scratch_release(struct monitor *m)
{
	if (m->scratch)
		munmap(m->scratch, SCRATCH_SIZE);
	m->scratch = NULL;
	m->idle_at = 0;
}

static void output_ready(struct monitor *m, struct watch *w, uint32_t events);
static void input_ready(struct monitor *m, struct watch *w, uint32_t events);

static int open_pipe(int ends[2])
{
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	fcntl(ends[1], F_SETPIPE_SZ, PIPE_SIZE); /* smaller is only slower */
	return 0;
}

static bool open_output(struct monitor *m, struct session *s, struct stream *stream, int *child)
{
	int ends[2];

	if (open_pipe(ends) < 0)
		return false;
	*child = ends[1];
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	stream->session = s;
	watch_start(m, &stream->watch, ends[0], 0, output_ready);
	watch_pause(m, &stream->watch);
	return true;
}

/* A pipe's write end is listed only while something is pending; a process may close its stdin and live on. */
static void input_open(struct monitor *m, struct session *s, int fd)
{
	fcntl(fd, F_SETFL, O_NONBLOCK);
	s->in.session = s;
	watch_start(m, &s->in.watch, fd, 0, input_ready);
	watch_pause(m, &s->in.watch);
}

/* Opens pipes (or the console's socket); `child` gets the process' ends, which the caller closes. */
bool stdio_open(struct monitor *m, struct session *s, int child[3])
{
	int ends[2];

	s->out.kind = STREAM_STDOUT;
	s->err.kind = STREAM_STDERR;
	if (s->tty) {
		for (int i = 0; i < 3; i++)
			child[i] = open("/dev/null", O_RDWR | O_CLOEXEC);
		return console_listen(m, s);
	}
	if (s->open_stdin) {
		if (open_pipe(ends) < 0)
			return false;
		child[0] = ends[0];
		input_open(m, s, ends[1]);
	} else {
		child[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	}
	return child[0] >= 0 && open_output(m, s, &s->out, &child[1]) && open_output(m, s, &s->err, &child[2]);
}

static void console_name(const struct session *s, char out[96])
{
	snprintf(out, 96, *s->id ? "exec-%.64s.tty" : "tty%s", s->id);
}

ssize_t receive_descriptor(int fd, int *descriptor)
{
	char byte;
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
	struct iovec part = { &byte, 1 };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control };

	*descriptor = -1;
	ssize_t n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
	struct cmsghdr *head = n < 0 ? NULL : CMSG_FIRSTHDR(&message);
	if (head && head->cmsg_type == SCM_RIGHTS && head->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(descriptor, CMSG_DATA(head), sizeof *descriptor);
	return n;
}

void console_arrived(struct monitor *m, struct watch *w, uint32_t events)
{
	struct session *s = (struct session *)((char *)w - offsetof(struct session, console));
	struct timeval limit = { .tv_sec = 2 };
	char name[96];
	int pty;

	(void)events;
	cleanup_fd int connection = accept4(w->fd, NULL, NULL, SOCK_CLOEXEC);
	if (connection < 0)
		return;
	setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	receive_descriptor(connection, &pty); /* the runtime's message holds the pty's master */
	if (pty < 0)
		return;
	watch_stop(m, w);
	console_name(s, name);
	unlinkat(m->directory, name, 0);
	s->out.session = s;
	fcntl(pty, F_SETFL, fcntl(pty, F_GETFL) | O_NONBLOCK);
	input_open(m, s, fcntl(pty, F_DUPFD_CLOEXEC, 3));
	watch_start(m, &s->out.watch, pty, 0, output_ready);
	watch_pause(m, &s->out.watch);
	stdio_unblock(m, s);
	if (s->rows)
		resize(s, s->rows, s->columns);
	if (buffer_size(&s->in.pending))
		watch_want(m, &s->in.watch, EPOLLOUT);
}

/* The runtime sends the pty to `tty` (or `exec-<id>.tty`) in the monitor's directory. */
bool console_listen(struct monitor *m, struct session *s)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char name[96];
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return false;
	console_name(s, name);
	unlinkat(m->directory, name, 0);
	snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%.80s", m->directory, name);
	if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 1) < 0) {
		close(fd);
		return false;
	}
	return watch_start(m, &s->console, fd, EPOLLIN, console_arrived);
}

static void log_output(struct monitor *m, struct stream *stream, size_t size, bool end)
{
	struct slice room = { m->scratch + INPUT_SIZE, OUTPUT_SIZE };
	size_t left = log_lines(stream->session->log, stream->kind, (struct slice){ m->scratch, size }, end, room);

	stream->carried = left;
	if (left == 0) {
		free(stream->carry);
		stream->carry = NULL;
		return;
	}
	if (!stream->carry)
		stream->carry = malloc(PIECE_SIZE);
	if (stream->carry)
		memcpy(stream->carry, m->scratch + size - left, left);
	else
		stream->carried = 0;
}

static void stream_end(struct monitor *m, struct stream *stream)
{
	struct session *s = stream->session;

	watch_stop(m, &stream->watch);
	if (s->log && stream->carried && scratch_get(m)) {
		memcpy(m->scratch, stream->carry, stream->carried);
		log_output(m, stream, stream->carried, true);
	}
	free(stream->carry);
	stream->carry = NULL;
	session_maybe_finish(m, s);
}

/* False: nothing to read now. */
static bool stream_read(struct monitor *m, struct stream *stream)
{
	struct session *s = stream->session;
	char *data = scratch_get(m);

	if (!data)
		return false;
	ssize_t n = read(stream->watch.fd, data + stream->carried, PIPE_SIZE);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) { /* a pty whose last slave is closed gives EIO */
		stream_end(m, stream);
		return true;
	}
	if (stream->carried)
		memcpy(data, stream->carry, stream->carried);
	attach_broadcast(m, s, stream->kind, data + stream->carried, (size_t)n);
	if (s->log)
		log_output(m, stream, stream->carried + (size_t)n, false);
	return true;
}

static void output_ready(struct monitor *m, struct watch *w, uint32_t events)
{
	(void)events;
	stream_read(m, (struct stream *)w);
}

/*
 * Reads on, unless a client is too far behind. Before the process runs nothing is read: what a failing runtime prints is
 * neither the container's output nor its log.
 */
void stdio_unblock(struct monitor *m, struct session *s)
{
	if (s->phase < PHASE_RUNNING)
		return;
	for (struct attacher *a = s->attachers; a; a = a->next)
		if (buffer_size(&a->queue) >= ATTACH_LIMIT) {
			s->blocked = true;
			watch_pause(m, &s->out.watch);
			watch_pause(m, &s->err.watch);
			return;
		}
	s->blocked = false;
	watch_want(m, &s->out.watch, EPOLLIN);
	watch_want(m, &s->err.watch, EPOLLIN);
}

bool stdio_ended(const struct session *s)
{
	return !s->out.watch.started && !s->err.watch.started;
}

/* The process is gone but somebody else holds its pipes: takes what is in them and lets go, unless a client blocks us. */
void stdio_give_up(struct monitor *m, struct session *s)
{
	struct stream *streams[] = { &s->out, &s->err };

	for (int i = 0; i < 2; i++) {
		for (int rounds = 0; streams[i]->watch.started && !s->blocked && rounds < 8; rounds++)
			if (!stream_read(m, streams[i]))
				break;
		if (streams[i]->watch.started && !s->blocked)
			stream_end(m, streams[i]);
	}
}

void stdio_close(struct monitor *m, struct session *s)
{
	watch_stop(m, &s->console);
	watch_stop(m, &s->out.watch);
	watch_stop(m, &s->err.watch);
	watch_stop(m, &s->in.watch);
	buffer_free(&s->in.pending);
	free(s->out.carry);
	free(s->err.carry);
}

/* Forgets what the process will never read. */
static void input_close(struct monitor *m, struct session *s)
{
	buffer_free(&s->in.pending);
	watch_stop(m, &s->in.watch);
	attach_resume_input(m, s);
}

static void input_ready(struct monitor *m, struct watch *w, uint32_t events)
{
	struct input *in = (struct input *)w;
	struct session *s = in->session;

	(void)events;
	ssize_t n = write(w->fd, in->pending.data + in->pending.start, buffer_size(&in->pending));
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0) {
		input_close(m, s);
		return;
	}
	buffer_consume(&in->pending, (size_t)n);
	if (buffer_size(&in->pending) > 0)
		return;
	watch_pause(m, w);
	if (in->ending)
		input_close(m, s);
	else
		attach_resume_input(m, s);
}

/* Writes what fits and keeps the rest; callers stop reading from clients while something is pending. */
void input_write(struct monitor *m, struct session *s, const char *data, size_t size)
{
	struct input *in = &s->in;

	if (!in->watch.started && !s->console.started)
		return;
	if (in->watch.started && buffer_size(&in->pending) == 0) {
		ssize_t n = write(in->watch.fd, data, size);
		if (n < 0 && errno != EAGAIN && errno != EINTR) {
			input_close(m, s);
			return;
		}
		if (n > 0) {
			data += n;
			size -= (size_t)n;
		}
	}
	if (size == 0)
		return;
	if (buffer_append(&in->pending, data, size))
		watch_want(m, &in->watch, EPOLLOUT);
}

/* End of input: a pipe is closed once everything is written. A terminal has no end that could be sent. */
void input_end(struct monitor *m, struct session *s)
{
	if (s->tty)
		return;
	s->in.ending = true;
	if (buffer_size(&s->in.pending) == 0)
		input_close(m, s);
}

bool resize(struct session *s, unsigned short rows, unsigned short columns)
{
	struct winsize size = { .ws_row = rows, .ws_col = columns };

	s->rows = rows;
	s->columns = columns;
	return !s->out.watch.started || ioctl(s->out.watch.fd, TIOCSWINSZ, &size) == 0;
}
