/* Sends netlink messages that the daemon computed (netlink(7)); what they say is none of our business. */
#include <errno.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "monitor.h"

/* A socket of the network namespace in which we are now; it stays there. */
int netlink_open(void)
{
	const struct timeval patience = { .tv_sec = 10 };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) < 0)
		close_fd(&fd);
	return fd;
}

static int count(struct slice messages)
{
	struct nlmsghdr header;
	int n = 0;

	for (; messages.size >= sizeof header; n++) {
		memcpy(&header, messages.data, sizeof header);
		size_t length = NLMSG_ALIGN((size_t)header.nlmsg_len);
		if (header.nlmsg_len < sizeof header || length > messages.size)
			break;
		messages = (struct slice){ messages.data + length, messages.size - length };
	}
	return n;
}

/* Takes the answers of one datagram off the count; false with errno when one of them is an error. */
static bool take_answers(char *bytes, size_t size, int *missing)
{
	for (struct nlmsghdr *h = (struct nlmsghdr *)bytes; NLMSG_OK(h, size); h = NLMSG_NEXT(h, size)) {
		if (h->nlmsg_type != NLMSG_ERROR)
			continue;
		int error = ((struct nlmsgerr *)NLMSG_DATA(h))->error;
		if (error) {
			errno = -error;
			return false;
		}
		--*missing;
	}
	return true;
}

/* Sends messages that all ask for an answer; -1 with errno when the kernel says no to one. */
int netlink_request(int fd, struct slice messages)
{
	_Alignas(struct nlmsghdr) char bytes[8192];
	int missing = count(messages);

	if (send(fd, messages.data, messages.size, 0) != (ssize_t)messages.size)
		return -1;
	while (missing > 0) {
		ssize_t n = recv(fd, bytes, sizeof bytes, 0);
		if (n < 0 || !take_answers(bytes, (size_t)n, &missing))
			return -1;
	}
	return 0;
}
