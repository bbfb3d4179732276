/*
 * Attached clients: output in Docker's frames (raw for a terminal), lossless; one that is ATTACH_LIMIT behind stops the
 * reading of the container's pipes, one that is closed is dropped at once.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "monitor.h"

#define CHUNK (64 * 1024)
#define SEND_BUFFER (512 * 1024)

static void attach_ready(struct monitor *m, struct watch *w, uint32_t events);

static void socket_ready(struct monitor *m, struct watch *w, uint32_t events);

/* Where the output goes. */
static struct watch *sink(struct attacher *a)
{
	return a->socket.started ? &a->socket : &a->watch;
}

static void want(struct monitor *m, struct attacher *a)
{
	bool input_full = buffer_size(&a->session->in.pending) > 0 && a->in;
	uint32_t in = a->held || (!a->in_ended && !input_full) ? EPOLLIN : 0;
	uint32_t out = buffer_size(&a->queue) > 0 && !a->held ? EPOLLOUT : 0;

	watch_want(m, &a->watch, a->socket.started ? in : in | out);
	watch_want(m, &a->socket, out);
}

/* The client's half of the input is over: Docker closes stdin for good when it was asked to be open once only. */
static void end_input(struct monitor *m, struct attacher *a)
{
	if (a->in_ended)
		return;
	a->in_ended = true;
	if (a->in && a->session->stdin_once)
		input_end(m, a->session);
}

void attach_free(struct monitor *m, struct attacher *a)
{
	for (struct attacher **p = &a->session->attachers; *p; p = &(*p)->next)
		if (*p == a) {
			*p = a->next;
			break;
		}
	watch_stop(m, &a->socket);
	watch_stop(m, &a->watch);
	buffer_free(&a->queue);
	free(a);
}

static void drop(struct monitor *m, struct attacher *a)
{
	struct session *s = a->session;

	end_input(m, a);
	attach_free(m, a);
	if (s->blocked)
		stdio_unblock(m, s);
	monitor_maybe_leave(m);
}

/* Sends what is queued; false when the client was dropped. */
static bool flush(struct monitor *m, struct attacher *a)
{
	if (!a->held && !buffer_send(&a->queue, sink(a)->fd)) {
		drop(m, a);
		return false;
	}
	if (a->session->blocked)
		stdio_unblock(m, a->session);
	if (a->closing && buffer_size(&a->queue) == 0) {
		watch_stop(m, &a->socket);
		shutdown(a->watch.fd, SHUT_WR); /* then the client's close ends it */
	}
	want(m, a);
	return true;
}

/* False when there is no memory: the client's stream would have a hole, so it ends. */
static bool send_or_queue(struct attacher *a, struct iovec *parts, size_t count)
{
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = count };
	ssize_t sent = 0;

	if (buffer_size(&a->queue) == 0 && !a->held) {
		sent = sendmsg(sink(a)->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (sent < 0 && errno != EAGAIN && errno != EINTR)
			return true; /* the hang-up event follows and drops it */
		if (sent < 0)
			sent = 0;
	}
	for (size_t i = 0; i < count; i++) {
		size_t skip = (size_t)sent < parts[i].iov_len ? (size_t)sent : parts[i].iov_len;
		sent -= (ssize_t)skip;
		if (!buffer_append(&a->queue, (char *)parts[i].iov_base + skip, parts[i].iov_len - skip))
			return false;
	}
	return true;
}

void attach_broadcast(struct monitor *m, struct session *s, enum stream_kind kind, const char *data, size_t size)
{
	unsigned char head[8] = { (unsigned char)kind,	     0, 0, 0, (unsigned char)(size >> 24),
				  (unsigned char)(size >> 16), (unsigned char)(size >> 8), (unsigned char)size };

	for (struct attacher *a = s->attachers, *next; a; a = next) {
		struct iovec parts[2] = { { head, sizeof head }, { (char *)data, size } };
		next = a->next;
		if (a->closing || !(s->tty ? a->out || a->err : kind == STREAM_STDOUT ? a->out : a->err))
			continue;
		if (!send_or_queue(a, s->tty ? parts + 1 : parts, s->tty ? 1 : 2)) {
			drop(m, a);
			continue;
		}
		want(m, a);
		if (!s->blocked && buffer_size(&a->queue) >= ATTACH_LIMIT)
			stdio_unblock(m, s);
	}
}

/* The client will read nothing any more, but what it has sent may still be waiting for room. */
static void hang_up(struct monitor *m, struct attacher *a)
{
	if (!a->in || a->in_ended || buffer_size(&a->session->in.pending) == 0) {
		drop(m, a);
		return;
	}
	a->out = a->err = false;
	buffer_free(&a->queue);
	watch_stop(m, &a->socket);
	watch_pause(m, &a->watch);
	if (a->session->blocked)
		stdio_unblock(m, a->session);
}

/*
 * The client's own socket. One that is closed gets no more output, but what it had sent may still be on its way through
 * the daemon, whose end of it ends us.
 */
static void socket_ready(struct monitor *m, struct watch *w, uint32_t events)
{
	struct attacher *a = (struct attacher *)((char *)w - offsetof(struct attacher, socket));

	if ((events & EPOLLOUT) && !(events & EPOLLERR)) {
		flush(m, a);
		return;
	}
	if (a->in_ended) {
		drop(m, a);
		return;
	}
	a->deaf = true;
	a->out = a->err = false;
	buffer_free(&a->queue);
	watch_stop(m, w);
	flush(m, a);
}

/* The byte before the input: a socket that comes with it gets the output from here on. */
static void take_mark(struct monitor *m, struct attacher *a)
{
	int fd, size = SEND_BUFFER, domain = 0;
	socklen_t length = sizeof domain;
	ssize_t n = receive_descriptor(a->watch.fd, &fd);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		drop(m, a);
		return;
	}
	a->held = false;
	if (fd >= 0) {
		if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length) == 0 && domain == AF_UNIX)
			setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
		watch_start(m, &a->socket, fd, 0, socket_ready);
	}
	flush(m, a);
}

static void attach_ready(struct monitor *m, struct watch *w, uint32_t events)
{
	struct attacher *a = (struct attacher *)w;
	char *bytes = scratch_get(m);

	if (a->held) {
		take_mark(m, a);
		return;
	}
	if ((events & EPOLLOUT) && !flush(m, a))
		return;
	if ((events & EPOLLIN) && bytes) {
		ssize_t n = recv(w->fd, bytes, CHUNK, MSG_DONTWAIT);
		if (n > 0) {
			if (a->in)
				input_write(m, a->session, bytes, (size_t)n);
			want(m, a);
			return;
		}
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n == 0 && !(events & EPOLLHUP) && !a->deaf) {
			end_input(m, a);
			want(m, a);
			return;
		}
		drop(m, a);
		return;
	}
	if (events & (EPOLLHUP | EPOLLERR))
		hang_up(m, a);
}

void attach_resume_input(struct monitor *m, struct session *s)
{
	for (struct attacher *a = s->attachers; a; a = a->next)
		if (a->in && !a->in_ended)
			want(m, a);
}

/* The output has ended: each client gets what is queued and then the end. */
void attach_finish(struct monitor *m, struct session *s)
{
	for (struct attacher *a = s->attachers, *next; a; a = next) {
		next = a->next;
		if (a->closing)
			continue;
		a->closing = true;
		flush(m, a);
	}
}

/* Turns a client into a stream of the session. `flags`: i, o, e for the streams it wants, h when a mark will come. */
void attach_accept(struct monitor *m, struct client *c, struct session *s, struct slice flags)
{
	struct attacher *a = calloc(1, sizeof *a);
	cleanup_buffer struct buffer answer = { 0 };
	int size = SEND_BUFFER, fd = c->watch.fd;
	bool held = memchr(flags.data, 'h', flags.size);

	if (!a)
		return;
	watch_pause(m, &c->watch);
	c->watch.started = false;
	a->session = s;
	a->in = memchr(flags.data, 'i', flags.size);
	a->out = memchr(flags.data, 'o', flags.size);
	a->err = memchr(flags.data, 'e', flags.size);
	a->next = s->attachers;
	s->attachers = a;
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
	watch_start(m, &a->watch, fd, 0, attach_ready);
	put_text(&answer, "ok");
	if (held)
		put_text(&answer, "h");
	put_list(&a->queue, &answer);
	if (!flush(m, a))
		return;
	a->held = held;
	want(m, a);
	if (a->in && !held && buffer_size(&c->input) > 0)
		input_write(m, s, c->input.data + c->input.start, buffer_size(&c->input));
	a->closing = s->phase >= PHASE_EXITED && stdio_ended(s);
	flush(m, a);
}
