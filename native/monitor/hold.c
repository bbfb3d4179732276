/*
 * Sockets in the container's network namespace that live as long as the monitor. The daemon takes copies of them by their
 * numbers (pidfd_getfd) and serves them; what comes while no daemon runs waits in them.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "monitor.h"

#define HELD 16

struct held_socket {
	struct held_socket *next;
	int fd;
	bool udp;
	struct sockaddr_any address;
};

/* Binds in the namespace of a child of ours, whose pid is its own until we reap it. */
static int bind_there(pid_t pid, bool udp, const struct sockaddr_any *address)
{
	char path[64];
	cleanup_fd int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	snprintf(path, sizeof path, "/proc/%d/ns/net", (int)pid);
	cleanup_fd int there = open(path, O_RDONLY | O_CLOEXEC);
	if (home < 0 || there < 0 || setns(there, CLONE_NEWNET) < 0)
		return -1;
	int fd = bind_socket(udp, address), error = errno;
	if (setns(home, CLONE_NEWNET) < 0)
		abort(); /* ports of the host would be opened in the container */
	errno = error;
	return fd;
}

/* The socket for one `tcp|udp <ip> <port>`, the same as the last time. */
static struct held_socket *hold_one(struct monitor *m, pid_t pid, struct slice fields)
{
	cleanup_text char *ip = NULL;
	struct slice protocol;
	struct sockaddr_any address;
	long long number;
	int count = 0;

	errno = EINVAL;
	if (!field_take(&fields, &protocol) || !field_text(&fields, &ip) || !field_number(&fields, 65535, &number) ||
	    !parse_address(ip, number, &address))
		return NULL;
	bool udp = slice_is(protocol, "udp");
	for (struct held_socket *h = m->held; h; h = h->next, count++)
		if (h->udp == udp && memcmp(&h->address, &address, sizeof address) == 0)
			return h;
	struct held_socket *held = count < HELD ? calloc(1, sizeof *held) : NULL;
	if (!held)
		return NULL;
	held->udp = udp;
	held->address = address;
	held->fd = bind_there(pid, udp, &address);
	if (held->fd < 0) {
		int error = errno;
		free(held);
		errno = error;
		return NULL;
	}
	held->next = m->held;
	m->held = held;
	return held;
}

/* `hold 7 <sockets>`, answered by the numbers of the descriptors. What was opened before a failure stays held. */
void request_hold(struct monitor *m, struct client *c, long long seq, struct slice sockets)
{
	cleanup_buffer struct buffer answer = { 0 };
	struct slice one;
	const struct session *s = &m->container;
	pid_t pid = s->phase == PHASE_RUNNING ? s->pid : s->runtime;

	if (s->phase != PHASE_READY && s->phase != PHASE_RUNNING) {
		control_error(m, c, seq, "state", ESRCH, "not running");
		return;
	}
	put_text(&answer, "ok");
	put_number(&answer, seq);
	while (sockets.size > 0) {
		struct held_socket *held = field_take(&sockets, &one) ? hold_one(m, pid, one) : NULL;
		if (!held) {
			control_error(m, c, seq, "hold", errno, "socket");
			return;
		}
		put_number(&answer, held->fd);
	}
	control_send(m, c, &answer);
}
