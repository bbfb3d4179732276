/* Published ports: sockets bound before the start (a conflict is the start's error) and relayed to the container. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "monitor.h"

#define PORTS 4096

bool parse_address(const char *ip, long long port, struct sockaddr_any *out)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };

	*out = (struct sockaddr_any){ 0 };
	if (inet_pton(AF_INET, ip, &v4.sin_addr) == 1) {
		out->size = sizeof v4;
		memcpy(out->bytes, &v4, sizeof v4);
	} else if (inet_pton(AF_INET6, ip, &v6.sin6_addr) == 1) {
		out->size = sizeof v6;
		memcpy(out->bytes, &v6, sizeof v6);
	}
	return out->size > 0;
}

int bind_socket(bool udp, const struct sockaddr_any *address)
{
	int yes = 1, family = address->family;
	cleanup_fd int fd = socket(family, (udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	if (family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes);
	if (udp) {
		/* answers leave from the address that was asked */
		setsockopt(fd, family == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IP, family == AF_INET6 ? IPV6_RECVPKTINFO : IP_PKTINFO,
			   &yes, sizeof yes);
	} else {
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
	}
	if (bind(fd, (const struct sockaddr *)address->bytes, address->size) < 0)
		return -1;
	if (!udp && listen(fd, 4096) < 0)
		return -1;
	int bound = fd;
	fd = -1;
	return bound;
}

/* One socket: `tcp|udp <ip> <port> <target ip> <target port>`. */
static bool open_one(struct monitor *m, struct slice fields, char which[96])
{
	cleanup_text char *ip = NULL;
	cleanup_text char *target = NULL;
	struct slice protocol;
	long long number, target_number;
	struct relay_port *port = calloc(1, sizeof *port);

	errno = EINVAL;
	if (!port)
		return false;
	bool good = field_take(&fields, &protocol) && field_text(&fields, &ip) && field_number(&fields, 65535, &number) &&
		    field_text(&fields, &target) && field_number(&fields, 65535, &target_number) &&
		    parse_address(ip, number, &port->address) && parse_address(target, target_number, &port->target);
	if (good) {
		snprintf(which, 96, "%.8s %s:%lld", slice_is(protocol, "udp") ? "udp" : "tcp", ip, number);
		port->udp = slice_is(protocol, "udp");
		port->watch.fd = bind_socket(port->udp, &port->address);
	}
	if (!good || port->watch.fd < 0) {
		int error = errno;
		free(port);
		errno = error;
		return false;
	}
	port->watch.started = true;
	port->next = m->ports;
	m->ports = port;
	return true;
}

bool ports_open(struct monitor *m, struct slice sockets, char which[96])
{
	struct slice one;
	int count = 0;

	snprintf(which, 96, "ports");
	while (sockets.size > 0) {
		errno = EINVAL;
		if (++count > PORTS || !field_take(&sockets, &one) || !open_one(m, one, which)) {
			int error = errno;
			ports_close(m);
			errno = error;
			return false;
		}
	}
	return true;
}

/* Connections that came since the binding have waited in the backlog. */
void ports_serve(struct monitor *m)
{
	for (struct relay_port *p = m->ports; p; p = p->next)
		watch_start(m, &p->watch, p->watch.fd, EPOLLIN, p->udp ? udp_receive : tcp_accept);
}

void ports_close(struct monitor *m)
{
	while (m->ports) {
		struct relay_port *p = m->ports;
		m->ports = p->next;
		udp_forget(m, p);
		watch_stop(m, &p->watch);
		free(p);
	}
}
