/* Relays TCP connections both ways, with half-close; one small struct a connection, no thread. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "monitor.h"

#define CHUNK (64 * 1024)

struct link;

struct side {
	struct watch watch; /* first */
	struct link *link;
	struct side *other;
	struct buffer pending; /* to be written here; while there is some, the other side is not read */
	bool ended;	       /* nothing more comes from here */
	bool shut;	       /* nothing more goes there */
};

struct link {
	struct side client, target;
	bool connected;
};

static void close_link(struct monitor *m, struct link *link)
{
	watch_stop(m, &link->client.watch);
	watch_stop(m, &link->target.watch);
	buffer_free(&link->client.pending);
	buffer_free(&link->target.pending);
	free(link);
}

static void want(struct monitor *m, struct side *side)
{
	uint32_t events = 0;

	if (side->link->connected && !side->ended && buffer_size(&side->other->pending) == 0)
		events |= EPOLLIN;
	if (buffer_size(&side->pending) > 0 || (!side->link->connected && side == &side->link->target))
		events |= EPOLLOUT;
	if (events)
		watch_want(m, &side->watch, events);
	else
		watch_pause(m, &side->watch); /* or a hang-up would be reported again and again */
}

/* False when the link is gone. */
static bool settle(struct monitor *m, struct side *side)
{
	struct side *other = side->other;

	if (side->ended && !other->shut && buffer_size(&other->pending) == 0) {
		other->shut = true;
		shutdown(other->watch.fd, SHUT_WR);
	}
	if (side->ended && other->ended && side->shut && other->shut) {
		close_link(m, side->link);
		return false;
	}
	want(m, side);
	want(m, other);
	return true;
}

static bool write_pending(struct monitor *m, struct side *side)
{
	if (!buffer_send(&side->pending, side->watch.fd)) {
		close_link(m, side->link);
		return false;
	}
	return settle(m, side->other);
}

static void read_side(struct monitor *m, struct side *side)
{
	char *bytes = scratch_get(m);

	if (!bytes || buffer_size(&side->other->pending) > 0)
		return;
	ssize_t n = recv(side->watch.fd, bytes, CHUNK, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0 || (n > 0 && !buffer_append(&side->other->pending, bytes, (size_t)n))) {
		close_link(m, side->link);
		return;
	}
	if (n == 0)
		side->ended = true;
	if (n > 0)
		write_pending(m, side->other);
	else
		settle(m, side);
}

static bool finish_connect(struct monitor *m, struct link *link)
{
	int error = 0;
	socklen_t size = sizeof error;

	getsockopt(link->target.watch.fd, SOL_SOCKET, SO_ERROR, &error, &size);
	if (error) {
		struct linger reset = { .l_onoff = 1 };
		setsockopt(link->client.watch.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
		close_link(m, link);
		return false;
	}
	link->connected = true;
	return settle(m, &link->client);
}

static void side_ready(struct monitor *m, struct watch *w, uint32_t events)
{
	struct side *side = (struct side *)w;
	struct link *link = side->link;

	if (!link->connected && side == &link->target) {
		finish_connect(m, link);
		return;
	}
	if (!link->connected) { /* the client gave up */
		close_link(m, link);
		return;
	}
	if ((events & EPOLLOUT) && buffer_size(&side->pending) > 0) {
		write_pending(m, side);
		return;
	}
	if (events & EPOLLIN)
		read_side(m, side);
	else if (events & (EPOLLHUP | EPOLLERR))
		close_link(m, link);
}

void tcp_accept(struct monitor *m, struct watch *w, uint32_t events)
{
	struct relay_port *port = (struct relay_port *)w;
	int yes = 1;

	(void)events;
	int fd = accept4(w->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return;
	int target = socket(port->target.family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct link *link = target < 0 ? NULL : calloc(1, sizeof *link);
	if (!link) {
		close(fd);
		if (target >= 0)
			close(target);
		return;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
	setsockopt(target, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
	link->client = (struct side){ .link = link, .other = &link->target };
	link->target = (struct side){ .link = link, .other = &link->client };
	watch_start(m, &link->client.watch, fd, 0, side_ready);
	watch_pause(m, &link->client.watch);
	watch_start(m, &link->target.watch, target, 0, side_ready);
	watch_pause(m, &link->target.watch);
	int result = connect(target, (struct sockaddr *)port->target.bytes, port->target.size);
	if (result < 0 && errno != EINPROGRESS)
		close_link(m, link);
	else
		want(m, &link->target);
}
