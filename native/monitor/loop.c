/* The event loop: epoll, one event at a time, and the few timers. */
#include <elf.h>
#include <errno.h>
#include <link.h>
#include <malloc.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "monitor.h"

void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

bool watch_start(struct monitor *m, struct watch *w, int fd, uint32_t events, watch_fn *ready)
{
	*w = (struct watch){ .fd = fd, .started = true, .ready = ready };
	watch_want(m, w, events);
	return w->listed;
}

/* EPOLLHUP and EPOLLERR are always reported while listed. */
void watch_want(struct monitor *m, struct watch *w, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = w };

	if (!w->started || (w->listed && w->events == events))
		return;
	w->events = events;
	if (epoll_ctl(m->epoll, w->listed ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, w->fd, &event) == 0)
		w->listed = true;
}

void watch_pause(struct monitor *m, struct watch *w)
{
	if (!w->listed)
		return;
	epoll_ctl(m->epoll, EPOLL_CTL_DEL, w->fd, NULL);
	w->listed = false;
}

void watch_stop(struct monitor *m, struct watch *w)
{
	if (!w->started)
		return;
	watch_pause(m, w);
	close(w->fd);
	*w = (struct watch){ .fd = -1 };
}

bool buffer_send(struct buffer *b, int fd)
{
	while (buffer_size(b) > 0) {
		ssize_t n = send(fd, b->data + b->start, buffer_size(b), MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN;
		buffer_consume(b, (size_t)n);
	}
	return true;
}

int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

#if !defined __SANITIZE_ADDRESS__ && !defined __PIE__
/* The program's read-only pages stay in the page cache and come back at the next event. */
static void forget_program(void)
{
	const ElfW(Phdr) *header = (const void *)getauxval(AT_PHDR);
	const uintptr_t page = 4096;

	for (unsigned long i = 0; i < getauxval(AT_PHNUM); i++) {
		uintptr_t start = header[i].p_vaddr & ~(page - 1), end = header[i].p_vaddr + header[i].p_memsz;
		if (header[i].p_type == PT_LOAD && !(header[i].p_flags & PF_W))
			madvise((void *)start, ((end + page - 1) & ~(page - 1)) - start, MADV_DONTNEED);
	}
}
#endif

/* Gives back what an idle monitor does not need: buffers, freed memory, the stack of deep calls, its program. */
static void shrink(struct monitor *m)
{
	scratch_release(m);
#ifndef __SANITIZE_ADDRESS__
	const uintptr_t page = 4096;
	uintptr_t at = ((uintptr_t)__builtin_frame_address(0) & ~(page - 1)) - 2 * page;

	malloc_trim(0);
	for (int i = 0; i < 16 && madvise((void *)at, page, MADV_DONTNEED) == 0; i++)
		at -= page;
#ifndef __PIE__
	forget_program();
#endif
#endif
}

static void sooner(int64_t *next, int64_t at)
{
	if (at && (!*next || at < *next))
		*next = at;
}

/* Runs what is due; returns the milliseconds until the next timer, -1 without one. */
static int run_timers(struct monitor *m)
{
	int64_t now = now_ms(), next = 0;

	if (m->idle_at && now >= m->idle_at)
		shrink(m);
	if (m->orphan_at && now >= m->orphan_at && !m->visited)
		quit(m);
	if (m->container.grace_at && now >= m->container.grace_at)
		session_maybe_finish(m, &m->container);
	for (struct session *s = m->execs, *following; s; s = following) {
		following = s->next;
		if (s->grace_at && now >= s->grace_at)
			session_maybe_finish(m, s);
	}
	udp_expire(m, now);
	sooner(&next, m->idle_at);
	if (!m->visited)
		sooner(&next, m->orphan_at);
	sooner(&next, m->container.grace_at);
	for (struct session *s = m->execs; s; s = s->next)
		sooner(&next, s->grace_at);
	for (struct relay_port *p = m->ports; p; p = p->next)
		if (p->sessions)
			sooner(&next, now + 10000);
	if (!next)
		return -1;
	return next <= now ? 0 : (int)(next - now);
}

void loop_run(struct monitor *m)
{
	while (!m->quit) {
		struct epoll_event event;
		int timeout = run_timers(m);
		if (m->quit)
			break;
		int n = epoll_wait(m->epoll, &event, 1, timeout);
		if (n < 0 && errno != EINTR)
			return;
		if (n == 1) {
			struct watch *w = event.data.ptr;
			w->ready(m, w, event.events);
			if (!m->idle_at)
				m->idle_at = now_ms() + IDLE_MS;
		}
		if (m->execs) {
			exec_sweep(m);
			monitor_maybe_leave(m);
		}
	}
}

/* Node ignores SIGPIPE and blocks others; what we start must see none of that. */
void reset_signals(void)
{
	const unsigned long action[4] = { 0 }; /* the kernel's struct: SIG_DFL, no flags; glibc's call leaves 32 and 33 alone */
	sigset_t none;

	for (int signo = 1; signo <= 64; signo++)
		syscall(SYS_rt_sigaction, signo, action, NULL, 8);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}
