/* Ends: of the runtime's command, of the processes, and of the monitor itself. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "monitor.h"

static ssize_t read_file(int directory, const char *name, char *out, size_t size)
{
	cleanup_fd int fd = openat(directory, name, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, out, size - 1);

	out[n > 0 ? n : 0] = 0;
	return n;
}

/* Field 22 of /proc/<pid>/stat; 0 when the process is gone. */
static unsigned long long read_start_time(pid_t pid)
{
	char path[32], text[1024];

	snprintf(path, sizeof path, "/proc/%d/stat", pid);
	if (read_file(AT_FDCWD, path, text, sizeof text) <= 0)
		return 0;
	char *p = strrchr(text, ')');
	for (int i = 0; p && i < 20; i++)
		p = strchr(p + 1, ' ');
	return p ? strtoull(p, NULL, 10) : 0;
}

/* Temp and rename, without fsync: it must survive the daemon, not a power cut. */
bool write_record(struct monitor *m, const char *name, const char *text)
{
	char temporary[160];

	snprintf(temporary, sizeof temporary, "%s.tmp", name);
	int fd = openat(m->directory, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return false;
	ssize_t n = write(fd, text, strlen(text));
	close(fd);
	return n == (ssize_t)strlen(text) && renameat(m->directory, temporary, m->directory, name) == 0;
}

static int exit_code(const struct session *s)
{
	if (s->phase != PHASE_EXITED)
		return 0;
	return WIFSIGNALED(s->status) ? 128 + WTERMSIG(s->status) : WEXITSTATUS(s->status);
}

static int exit_signal(const struct session *s)
{
	return s->phase == PHASE_EXITED && WIFSIGNALED(s->status) ? WTERMSIG(s->status) : 0;
}

void put_started(struct buffer *fields, const struct session *s)
{
	char at[40] = "", ticks[24];

	if (s->started.tv_sec)
		time_text(at, &s->started);
	snprintf(ticks, sizeof ticks, "%llu", s->start_time);
	put_number(fields, s->pid);
	put_text(fields, ticks);
	put_text(fields, at);
}

void put_exit(struct buffer *fields, const struct monitor *m, const struct session *s)
{
	char at[40] = "";

	if (s->finished.tv_sec)
		time_text(at, &s->finished);
	put_number(fields, exit_code(s));
	put_number(fields, exit_signal(s));
	put_number(fields, s == &m->container && m->oom_kills > 0);
	put_text(fields, at);
}

static void record_started(struct monitor *m, struct session *s)
{
	char text[300], at[40];

	if (s != &m->container)
		return;
	time_text(at, &s->started);
	snprintf(text, sizeof text, "{\"pid\":%d,\"startTime\":%llu,\"bootId\":\"%s\",\"startedAt\":\"%s\"}\n", s->pid,
		 s->start_time, m->boot_id, at);
	write_record(m, "started.json", text);
}

static void record_exit(struct monitor *m, struct session *s)
{
	char text[500], started[40], finished[40], name[96];

	time_text(started, &s->started);
	time_text(finished, &s->finished);
	snprintf(name, sizeof name, *s->id ? "exec-%.64s.json" : "exit.json%s", s->id);
	snprintf(text, sizeof text,
		 "{\"exitCode\":%d,\"signal\":%d,\"oomKilled\":%s,\"startedAt\":\"%s\",\"finishedAt\":\"%s\",\"pid\":%d,"
		 "\"bootId\":\"%s\"}\n",
		 exit_code(s), exit_signal(s), s == &m->container && m->oom_kills ? "true" : "false", started, finished,
		 s->pid, m->boot_id);
	write_record(m, name, text);
}

/* Once the process is gone and its output has ended (or the grace is over): record first, then tell. */
void session_maybe_finish(struct monitor *m, struct session *s)
{
	if (s->phase != PHASE_EXITED)
		return;
	if (!stdio_ended(s) && s->grace_at && now_ms() >= s->grace_at)
		stdio_give_up(m, s);
	if (!s->recorded && (stdio_ended(s) || now_ms() >= s->grace_at)) {
		cleanup_buffer struct buffer event = { 0 };
		s->recorded = true;
		if (stdio_ended(s))
			clock_gettime(CLOCK_REALTIME, &s->finished); /* not before its last line */
		if (s == &m->container) {
			oom_read(m);
			ports_close(m); /* who hears of the end may take them at once */
		}
		record_exit(m, s);
		put_text(&event, "exit");
		put_text(&event, s->id);
		put_exit(&event, m, s);
		control_tell_all(m, &event);
	}
	if (!stdio_ended(s)) {
		/* a slow client blocks us, or more arrived: look again */
		s->grace_at = now_ms() >= s->grace_at ? now_ms() + GRACE_MS : s->grace_at;
		return;
	}
	s->grace_at = 0;
	attach_finish(m, s);
	monitor_maybe_leave(m);
}

/* When everything is recorded, told and delivered nobody needs the monitor. */
void monitor_maybe_leave(struct monitor *m)
{
	struct session *s = &m->container;

	if ((s->phase != PHASE_EXITED && s->phase != PHASE_FAILED) || (s->phase == PHASE_EXITED && !s->recorded))
		return;
	if (s->attachers || m->execs || !stdio_ended(s))
		return;
	for (struct client *c = m->clients; c; c = c->next)
		if (buffer_size(&c->output) > 0 || s->phase == PHASE_FAILED)
			return;
	m->quit = true;
}

static void process_done(struct monitor *m, struct session *s, int status, const struct timespec *at)
{
	s->phase = PHASE_EXITED;
	s->status = status;
	s->finished = *at;
	s->grace_at = now_ms() + GRACE_MS;
	session_maybe_finish(m, s);
}

/* The end of a log, where its errors are. */
static ssize_t read_end(int directory, const char *name, char *text, size_t size)
{
	cleanup_fd int fd = openat(directory, name, O_RDONLY | O_CLOEXEC);
	off_t length = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);

	if (length < 0)
		return -1;
	return pread(fd, text, size, length > (off_t)size ? length - (off_t)size : 0);
}

static void run_failed(struct monitor *m, struct session *s, int status)
{
	char text[4096];
	ssize_t n = read_end(m->directory, s->error_file, text, sizeof text - 1);

	if (n <= 0 && !s->tty) /* it may have died before it could open its log */
		n = s->err.watch.started ? read(s->err.watch.fd, text, sizeof text - 1) : 0;
	text[n > 0 ? n : 0] = 0;
	s->phase = PHASE_FAILED;
	s->recorded = true;
	free(s->failure);
	s->failure = strdup(text);
	if (s->starter)
		control_error(m, s->starter, s->starter_seq, "runtime", status, text);
	s->starter = NULL;
	watch_stop(m, &s->console);
	watch_stop(m, &s->out.watch);
	watch_stop(m, &s->err.watch);
	attach_finish(m, s);
	monitor_maybe_leave(m);
}

static struct reaped *find_reaped(struct monitor *m, pid_t pid)
{
	for (unsigned i = 0; i < REAPED_KEPT; i++)
		if (m->reaped[i].pid == pid)
			return &m->reaped[i];
	return NULL;
}

static void answer_started(struct monitor *m, struct session *s)
{
	cleanup_buffer struct buffer answer = { 0 };

	if (!s->starter)
		return;
	put_text(&answer, "ok");
	put_number(&answer, s->starter_seq);
	put_started(&answer, s);
	control_send(m, s->starter, &answer);
	s->starter = NULL;
}

/* The runtime's command has ended; the pid file is the fact that it succeeded. */
static void runtime_done(struct monitor *m, struct session *s, int status)
{
	char text[32];

	s->runtime = 0;
	if (s->phase == PHASE_READY && s != &m->container) {
		exec_withdraw(m, s);
		return;
	}
	if (s->phase == PHASE_READY)
		container_failed(m, 0, "the stub died");
	if (s->phase == PHASE_PREPARING || s->phase == PHASE_FAILED)
		return; /* the stub: its report tells */
	if (status != 0 || read_file(m->directory, s->pid_file, text, sizeof text) <= 0) {
		run_failed(m, s, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
		return;
	}
	s->pid = atoi(text);
	s->phase = PHASE_RUNNING;
	if (s->console.started) /* sent, but its event may come after that of the process' end */
		console_arrived(m, &s->console, EPOLLIN);
	struct reaped *early = find_reaped(m, s->pid);
	if (!early)
		s->start_time = read_start_time(s->pid);
	clock_gettime(CLOCK_REALTIME, &s->started);
	if (early)
		s->started = early->at;
	record_started(m, s); /* facts before tellings */
	answer_started(m, s);
	stdio_unblock(m, s);
	if (s == &m->container) {
		oom_watch(m);
		ports_serve(m);
	}
	if (early) {
		struct reaped copy = *early;
		early->pid = 0;
		process_done(m, s, copy.status, &copy.at);
	}
}

static void reaped_one(struct monitor *m, pid_t pid, int status)
{
	struct timespec at;
	struct session *s = &m->container, *next = m->execs;

	clock_gettime(CLOCK_REALTIME, &at);
	for (; s; s = next, next = s ? s->next : NULL) {
		if (s->runtime == pid) {
			runtime_done(m, s, status);
			return;
		}
		if (s->phase == PHASE_RUNNING && s->pid == pid) {
			process_done(m, s, status, &at);
			return;
		}
	}
	/* The container can exit before the runtime's command returns and says which pid was its. */
	m->reaped[m->reaped_next++ % REAPED_KEPT] = (struct reaped){ pid, status, at };
}

void reap(struct monitor *m, struct watch *w, uint32_t events)
{
	char ignored[1024];
	int status;
	pid_t pid;

	(void)events;
	while (read(w->fd, ignored, sizeof ignored) > 0)
		;
	while (!m->quit && (pid = waitpid(-1, &status, WNOHANG)) > 0)
		reaped_one(m, pid, status);
}
