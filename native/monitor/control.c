/* Connections to monitor.sock: hello, requests, answers and tellings. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "monitor.h"

#define CLIENTS 64
#define OUTPUT_LIMIT ((size_t)1 << 20)

static void client_free(struct monitor *m, struct client *c)
{
	for (struct client **p = &m->clients; *p; p = &(*p)->next)
		if (*p == c) {
			*p = c->next;
			break;
		}
	m->clients_count--;
	if (m->container.starter == c)
		m->container.starter = NULL;
	for (struct session *s = m->execs; s; s = s->next)
		if (s->starter == c)
			s->starter = NULL;
	bool greeted = c->greeted;
	watch_stop(m, &c->watch);
	buffer_free(&c->input);
	buffer_free(&c->output);
	free(c);
	for (c = m->clients; c; c = c->next)
		greeted = greeted && !c->greeted;
	/* What was never started is nobody's once its daemon is gone. */
	for (struct session *s = m->execs; greeted && s; s = s->next)
		if (s->phase == PHASE_READY)
			exec_withdraw(m, s);
	if (greeted && m->container.phase <= PHASE_READY)
		quit(m);
	monitor_maybe_leave(m);
}

void control_close(struct monitor *m)
{
	while (m->clients)
		client_free(m, m->clients);
}

static void flush(struct monitor *m, struct client *c)
{
	(void)buffer_send(&c->output, c->watch.fd); /* the hang-up event follows */
	watch_want(m, &c->watch, buffer_size(&c->output) > 0 ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

/* Sends one message; a client that never reads loses its connection at the next event. */
void control_send(struct monitor *m, struct client *c, struct buffer *fields)
{
	if (buffer_size(&c->output) > OUTPUT_LIMIT || !put_list(&c->output, fields))
		shutdown(c->watch.fd, SHUT_RDWR);
	flush(m, c);
}

void control_tell_all(struct monitor *m, struct buffer *fields)
{
	for (struct client *c = m->clients; c; c = c->next) {
		cleanup_buffer struct buffer copy = { 0 };
		if (c->greeted && buffer_append(&copy, fields->data + fields->start, buffer_size(fields)))
			control_send(m, c, &copy);
	}
}

void control_error(struct monitor *m, struct client *c, long long seq, const char *kind, int error, const char *text)
{
	cleanup_buffer struct buffer fields = { 0 };

	put_text(&fields, "error");
	put_number(&fields, seq);
	put_text(&fields, kind);
	put_number(&fields, error);
	put_text(&fields, text);
	control_send(m, c, &fields);
}

void control_ok(struct monitor *m, struct client *c, long long seq)
{
	cleanup_buffer struct buffer fields = { 0 };

	put_text(&fields, "ok");
	put_number(&fields, seq);
	control_send(m, c, &fields);
}

static const char *phase_name(enum phase phase)
{
	static const char *const names[] = { "created", "preparing", "ready", "starting", "running", "exited", "failed" };

	return names[phase];
}

static void put_session(struct buffer *out, const struct monitor *m, const struct session *s)
{
	cleanup_buffer struct buffer fields = { 0 };

	put_text(&fields, s->id);
	put_text(&fields, phase_name(s->phase));
	put_number(&fields, s->phase < PHASE_RUNNING ? s->runtime : 0);
	put_started(&fields, s);
	put_exit(&fields, m, s);
	put_text(&fields, s->failure ? s->failure : "");
	put_number(&fields, s->failure_number);
	put_list(out, &fields);
}

/* `hello <version>`, answered by everything that is known: recovery needs no other question. */
static bool hello(struct monitor *m, struct client *c, struct slice fields)
{
	cleanup_buffer struct buffer answer = { 0 };
	cleanup_buffer struct buffer sessions = { 0 };
	long long version;

	if (!field_number(&fields, 1000, &version))
		return false;
	put_text(&answer, "hello");
	put_number(&answer, PROTOCOL_VERSION);
	put_session(&sessions, m, &m->container);
	for (struct session *s = m->execs; s; s = s->next)
		put_session(&sessions, m, s);
	put_list(&answer, &sessions);
	c->greeted = m->visited = true;
	control_send(m, c, &answer);
	return true;
}

static struct session *find(struct monitor *m, struct slice id)
{
	return id.size == 0 ? &m->container : exec_find(m, id);
}

static bool request_resize(struct monitor *m, struct client *c, long long seq, struct slice fields)
{
	struct slice id;
	long long rows, columns;

	if (!field_take(&fields, &id) || !field_number(&fields, 65535, &rows) || !field_number(&fields, 65535, &columns))
		return false;
	struct session *s = find(m, id);
	if (!s || !s->tty)
		control_error(m, c, seq, "state", 0, s ? "no terminal" : "no such process");
	else if (!resize(s, (unsigned short)rows, (unsigned short)columns))
		control_error(m, c, seq, "state", errno, "resize");
	else
		control_ok(m, c, seq);
	return true;
}

/* Safe without a pidfd: the process is our child, so its pid stays its own until we reap it. */
static bool request_signal(struct monitor *m, struct client *c, long long seq, struct slice fields)
{
	struct slice id;
	long long signo;

	if (!field_take(&fields, &id) || !field_number(&fields, 64, &signo))
		return false;
	struct session *s = find(m, id);
	if (!s || s->phase != PHASE_RUNNING)
		control_error(m, c, seq, "state", ESRCH, "not running");
	else if (kill(s->pid, (int)signo) < 0)
		control_error(m, c, seq, "state", errno, "kill");
	else
		control_ok(m, c, seq);
	return true;
}

/* `quit <seq>` or `quit <seq> <exec>`: what was not started ends. */
static void request_quit(struct monitor *m, struct client *c, long long seq, struct slice fields)
{
	struct slice id = { 0 };

	field_take(&fields, &id);
	struct session *s = find(m, id);
	if (s && s->phase >= PHASE_STARTING && s->phase <= PHASE_RUNNING) {
		control_error(m, c, seq, "state", EBUSY, s == &m->container ? "the container runs" : "it runs");
		return;
	}
	control_ok(m, c, seq);
	if (s == &m->container)
		quit(m);
	else if (s && s->phase == PHASE_READY)
		exec_withdraw(m, s);
}

static bool request(struct monitor *m, struct client *c, struct slice verb, struct slice fields)
{
	struct slice sockets;
	long long seq;

	if (!field_number(&fields, 1LL << 52, &seq))
		return false;
	if (slice_is(verb, "start")) {
		if (!field_take(&fields, &sockets))
			return false;
		container_start(m, c, seq, sockets);
	} else if (slice_is(verb, "hold")) {
		if (!field_take(&fields, &sockets))
			return false;
		request_hold(m, c, seq, sockets);
	} else if (slice_is(verb, "prepare")) {
		exec_prepare(m, c, seq, fields);
	} else if (slice_is(verb, "exec")) {
		exec_start(m, c, seq, fields);
	} else if (slice_is(verb, "resize")) {
		return request_resize(m, c, seq, fields);
	} else if (slice_is(verb, "signal")) {
		return request_signal(m, c, seq, fields);
	} else if (slice_is(verb, "quit")) {
		request_quit(m, c, seq, fields);
	} else {
		control_error(m, c, seq, "unknown", ENOSYS, "unknown request");
	}
	return true;
}

static void become_attacher(struct monitor *m, struct client *c, struct slice fields, size_t consumed)
{
	struct slice id, flags;

	if (!field_take(&fields, &id) || !field_take(&fields, &flags)) {
		client_free(m, c);
		return;
	}
	struct session *s = find(m, id);
	if (!s)
		s = exec_new(m, id);
	if (s) {
		/* the fields lie in the buffer that is cut here */
		char letters[4] = { 0 };
		struct slice kept = { letters, flags.size < sizeof letters ? flags.size : sizeof letters };
		memcpy(letters, flags.data, kept.size);
		m->visited = true;
		buffer_consume(&c->input, consumed);
		attach_accept(m, c, s, kept);
	}
	client_free(m, c);
}

/* Handles the complete messages that have arrived; false when the client is gone. */
static bool handle_input(struct monitor *m, struct client *c)
{
	while (buffer_size(&c->input) > 0 && !m->quit) {
		struct slice rest = { c->input.data + c->input.start, buffer_size(&c->input) }, fields, verb;
		enum parsed parsed = netstring_take(&rest, &fields);
		size_t consumed = buffer_size(&c->input) - rest.size;
		bool good = parsed == PARSED_OK && field_take(&fields, &verb);
		if (parsed == PARSED_PARTLY)
			return true;
		if (good && slice_is(verb, "attach") && !c->greeted) {
			become_attacher(m, c, fields, consumed);
			return false;
		}
		if (good)
			good = slice_is(verb, "hello") ? hello(m, c, fields) : c->greeted && request(m, c, verb, fields);
		if (!good) {
			client_free(m, c);
			return false;
		}
		buffer_consume(&c->input, consumed);
	}
	return true;
}

static void client_ready(struct monitor *m, struct watch *w, uint32_t events)
{
	struct client *c = (struct client *)w;
	char *bytes = scratch_get(m);

	if (events & EPOLLOUT)
		flush(m, c);
	if ((events & EPOLLIN) && bytes) {
		ssize_t n = recv(w->fd, bytes, 65536, MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0 || !buffer_append(&c->input, bytes, (size_t)n)) {
			client_free(m, c);
			return;
		}
		if (handle_input(m, c))
			monitor_maybe_leave(m);
		return;
	}
	if (events & (EPOLLHUP | EPOLLERR))
		client_free(m, c);
}

static bool permitted(int fd)
{
	struct ucred peer;
	socklen_t size = sizeof peer;

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && (peer.uid == 0 || peer.uid == geteuid());
}

void control_accept(struct monitor *m, struct watch *w, uint32_t events)
{
	(void)events;
	int fd = accept4(w->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct client *c = fd >= 0 && m->clients_count < CLIENTS && permitted(fd) ? calloc(1, sizeof *c) : NULL;

	if (!c) {
		if (fd >= 0)
			close(fd);
		return;
	}
	c->next = m->clients;
	m->clients = c;
	m->clients_count++;
	watch_start(m, &c->watch, fd, EPOLLIN, client_ready);
}
