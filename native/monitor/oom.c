/* Kernel kills for want of memory: a file with a line `oom_kill <count>`, watched and read once more at the exit. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "monitor.h"

void oom_read(struct monitor *m)
{
	char text[1024];
	ssize_t n = m->oom_counter < 0 ? -1 : pread(m->oom_counter, text, sizeof text - 1, 0);

	text[n > 0 ? n : 0] = 0;
	const char *line = strstr(text, "oom_kill ");
	if (line)
		m->oom_kills = strtoull(line + sizeof "oom_kill " - 1, NULL, 10);
}

static void oom_happened(struct monitor *m, struct watch *w, uint32_t events)
{
	unsigned long long before = m->oom_kills;
	uint64_t count;

	(void)events;
	if (w->fd != m->oom_counter && read(w->fd, &count, sizeof count) < 0)
		return;
	oom_read(m);
	if (m->oom_kills == before && w->fd == m->oom_counter)
		return;
	cleanup_buffer struct buffer event = { 0 };
	put_text(&event, "oom");
	put_number(&event, (long long)m->oom_kills);
	control_tell_all(m, &event);
}

/* v1: an eventfd that is registered in the cgroup's event_control. */
static int register_v1(struct monitor *m)
{
	cleanup_text char *path = strdup(m->oom_file);
	char control[4200], line[40];

	if (!path)
		return -1;
	snprintf(control, sizeof control, "%s/cgroup.event_control", dirname(path));
	cleanup_fd int file = open(control, O_WRONLY | O_CLOEXEC);
	if (file < 0)
		return -1;
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int length = snprintf(line, sizeof line, "%d %d", fd, m->oom_counter);
	if (write(file, line, (size_t)length) < 0)
		close_fd(&fd);
	return fd;
}

void oom_watch(struct monitor *m)
{
	if (!m->oom_file || !*m->oom_file)
		return;
	m->oom_counter = open(m->oom_file, O_RDONLY | O_CLOEXEC);
	if (m->oom_counter < 0)
		return;
	int fd = register_v1(m);
	if (fd >= 0)
		watch_start(m, &m->oom, fd, EPOLLIN, oom_happened);
	else
		watch_start(m, &m->oom, m->oom_counter, EPOLLPRI, oom_happened);
}
