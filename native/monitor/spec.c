/*
 * A runtime that is executed before it is told what to do: what it reads is a FIFO. As long as we hold that open for writing
 * the runtime waits for its content, with all its code loaded; our end of it is the end of both.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "monitor.h"

#define FIFO_SIZE 65536
#define FEED_SECONDS 30

bool spec_hold(struct monitor *m, struct session *s, const char *name)
{
	s->go = mkfifoat(m->directory, name, 0600) < 0 ? -1 : openat(m->directory, name, O_RDWR | O_CLOEXEC);
	return s->go >= 0;
}

static bool copy_all(int from, int to)
{
	char bytes[4096];
	ssize_t n;

	while ((n = read(from, bytes, sizeof bytes)) > 0)
		if (write(to, bytes, (size_t)n) != n)
			return false;
	return n == 0;
}

/* What the FIFO can't hold is written by a child: the runtime might be slow to read. */
static bool feed(int spec, int fifo)
{
	struct stat st;

	if (fstat(spec, &st) < 0)
		return false;
	if (st.st_size <= FIFO_SIZE)
		return copy_all(spec, fifo);
	pid_t pid = fork();
	if (pid == 0) {
		alarm(FEED_SECONDS);
		_exit(!copy_all(spec, fifo));
	}
	return pid > 0;
}

/* The file gets its name first: a runtime may open it a second time. */
bool spec_give(struct monitor *m, struct session *s, const char *given, const char *name)
{
	if (renameat(m->directory, given, m->directory, name) < 0)
		return false;
	cleanup_fd int spec = openat(m->directory, name, O_RDONLY | O_CLOEXEC);
	if (spec < 0 || !feed(spec, s->go))
		return false;
	close_fd(&s->go);
	return true;
}

/* The runtime, or the stub before it, goes without having been told. */
void spec_withdraw(struct session *s)
{
	if (s->runtime > 0 && kill(s->runtime, SIGKILL) == 0)
		for (int tries = 0; tries < 200 && waitpid(s->runtime, NULL, WNOHANG) == 0; tries++)
			usleep(500);
	s->runtime = 0;
	close_fd(&s->go);
}
