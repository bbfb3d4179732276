/* Relays UDP: a session per client, each with a connected socket towards the container. */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "monitor.h"

#define SESSIONS 1024
#define SESSION_MS 90000
#define DATAGRAM 65536
#define CONTROL CMSG_SPACE(sizeof(struct in6_pktinfo))

struct udp_session {
	struct watch watch; /* first */
	struct udp_session *next;
	struct relay_port *port;
	struct sockaddr_any client;
	char control[CONTROL]; /* the address that the client asked, for the answers */
	size_t control_size;
	int64_t used_at;
};

static void session_free(struct monitor *m, struct udp_session *s)
{
	for (struct udp_session **p = &s->port->sessions; *p; p = &(*p)->next)
		if (*p == s) {
			*p = s->next;
			break;
		}
	s->port->sessions_count--;
	watch_stop(m, &s->watch);
	free(s);
}

void udp_forget(struct monitor *m, struct relay_port *port)
{
	while (port->sessions)
		session_free(m, port->sessions);
}

void udp_expire(struct monitor *m, int64_t now)
{
	for (struct relay_port *p = m->ports; p; p = p->next)
		for (struct udp_session *s = p->sessions, *next; s; s = next) {
			next = s->next;
			if (now - s->used_at >= SESSION_MS)
				session_free(m, s);
		}
}

/* An answer from the container. */
static void answer(struct monitor *m, struct watch *w, uint32_t events)
{
	struct udp_session *s = (struct udp_session *)w;
	char *bytes = scratch_get(m);

	(void)events;
	if (!bytes)
		return;
	ssize_t n = recv(w->fd, bytes, DATAGRAM, MSG_DONTWAIT);
	if (n < 0)
		return; /* also ECONNREFUSED: nobody listens yet */
	struct iovec part = { bytes, (size_t)n };
	struct msghdr message = { .msg_name = s->client.bytes, .msg_namelen = s->client.size, .msg_iov = &part, .msg_iovlen = 1,
				  .msg_control = s->control_size ? s->control : NULL, .msg_controllen = s->control_size };
	s->used_at = now_ms();
	if (sendmsg(s->port->watch.fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return; /* datagrams may be lost */
}

static void evict_oldest(struct monitor *m, struct relay_port *port)
{
	struct udp_session *oldest = port->sessions;

	for (struct udp_session *s = oldest; s; s = s->next)
		if (s->used_at < oldest->used_at)
			oldest = s;
	if (oldest)
		session_free(m, oldest);
}

static struct udp_session *open_session(struct monitor *m, struct relay_port *port, const struct sockaddr_any *client)
{
	if (port->sessions_count >= SESSIONS)
		evict_oldest(m, port);
	int fd = socket(port->target.family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct udp_session *s = fd < 0 ? NULL : calloc(1, sizeof *s);
	if (!s || connect(fd, (struct sockaddr *)port->target.bytes, port->target.size) < 0) {
		if (fd >= 0)
			close(fd);
		free(s);
		return NULL;
	}
	s->port = port;
	s->client = *client;
	s->next = port->sessions;
	port->sessions = s;
	port->sessions_count++;
	watch_start(m, &s->watch, fd, EPOLLIN, answer);
	return s;
}

/* The kernel's packet info as it came serves as the source of the answers, without the interface. */
static void keep_address(struct udp_session *s, struct msghdr *message)
{
	struct cmsghdr *head = CMSG_FIRSTHDR(message);

	if (!head)
		return;
	if (head->cmsg_level == IPPROTO_IP && head->cmsg_type == IP_PKTINFO)
		((struct in_pktinfo *)CMSG_DATA(head))->ipi_ifindex = 0;
	else if (head->cmsg_level != IPPROTO_IPV6 || head->cmsg_type != IPV6_PKTINFO)
		return;
	s->control_size = message->msg_controllen < CONTROL ? message->msg_controllen : CONTROL;
	memcpy(s->control, message->msg_control, s->control_size);
}

void udp_receive(struct monitor *m, struct watch *w, uint32_t events)
{
	struct relay_port *port = (struct relay_port *)w;
	struct sockaddr_any client = { 0 };
	char *bytes = scratch_get(m);
	_Alignas(struct cmsghdr) char control[CONTROL];
	struct iovec part = { bytes, DATAGRAM };
	struct msghdr message = { .msg_name = client.bytes, .msg_namelen = sizeof client.bytes, .msg_iov = &part,
				  .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control };
	struct udp_session *s = port->sessions;

	(void)events;
	ssize_t n = bytes ? recvmsg(w->fd, &message, MSG_DONTWAIT) : -1;
	if (n < 0)
		return;
	client.size = message.msg_namelen;
	while (s && (s->client.size != client.size || memcmp(s->client.bytes, client.bytes, client.size) != 0))
		s = s->next;
	if (!s)
		s = open_session(m, port, &client);
	if (!s)
		return;
	keep_address(s, &message);
	s->used_at = now_ms();
	if (send(s->watch.fd, bytes, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return;
}
