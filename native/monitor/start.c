/* The monitor's container from its preparation to the go byte. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "monitor.h"

#define SPEC "config.json"
#define SPEC_GIVEN "spec.json" /* where the daemon puts it */

struct request {
	struct slice instructions, argv, flags;
	char *log_path, *log_attributes, *oom_file;
	long long log_size, log_files;
};

static bool parse(struct slice fields, struct request *r)
{
	return field_take(&fields, &r->instructions) && field_take(&fields, &r->argv) && field_take(&fields, &r->flags) &&
	       field_text(&fields, &r->log_path) && field_number(&fields, 1LL << 50, &r->log_size) &&
	       field_number(&fields, 1000, &r->log_files) && field_text(&fields, &r->log_attributes) &&
	       field_text(&fields, &r->oom_file);
}

static void request_free(struct request *r)
{
	free(r->log_path);
	free(r->log_attributes);
	free(r->oom_file);
}

/* Before the start there is nobody but the clients to tell; the stub goes with us. */
void quit(struct monitor *m)
{
	struct session *s = &m->container;

	if (s->phase < PHASE_RUNNING)
		spec_withdraw(s);
	m->quit = true;
}

void container_failed(struct monitor *m, int error, const char *text)
{
	struct session *s = &m->container;

	s->phase = PHASE_FAILED;
	free(s->failure);
	s->failure = strdup(text);
	s->failure_number = error;
	if (s->starter)
		control_error(m, s->starter, s->starter_seq, "prepare", error, text);
	s->starter = NULL;
	cleanup_buffer struct buffer event = { 0 };
	put_text(&event, "failed");
	put_number(&event, error);
	put_text(&event, text);
	control_tell_all(m, &event);
	attach_finish(m, s);
}

/* `error <errno> <word>…` becomes one text. */
static void stub_failed(struct monitor *m, struct slice fields)
{
	char text[512] = "";
	size_t used = 0;
	struct slice word;
	long long error = 0;

	field_number(&fields, 4095, &error);
	while (field_take(&fields, &word) && used < sizeof text - 1)
		used += (size_t)snprintf(text + used, sizeof text - used, "%s%.*s", used ? " " : "", (int)word.size, word.data);
	container_failed(m, (int)error, text);
}

static void stub_reported(struct monitor *m, struct watch *w, uint32_t events)
{
	char bytes[1024];
	struct session *s = &m->container;
	struct slice fields, verb;

	(void)events;
	ssize_t n = read(w->fd, bytes, sizeof bytes);
	watch_stop(m, w);
	struct slice input = { bytes, n > 0 ? (size_t)n : 0 };
	if (netstring_take(&input, &fields) != PARSED_OK || !field_take(&fields, &verb)) {
		container_failed(m, 0, "the stub died");
	} else if (!slice_is(verb, "ok")) {
		stub_failed(m, fields);
	} else {
		if (s->phase == PHASE_PREPARING)
			s->phase = PHASE_READY;
		cleanup_buffer struct buffer event = { 0 };
		put_text(&event, "ready");
		put_number(&event, s->runtime);
		control_tell_all(m, &event);
	}
}

/* What holds the stub back until the start: a pipe, or the runtime's spec as a FIFO. */
static bool open_go(struct monitor *m, int *read_end)
{
	struct session *s = &m->container;
	int go[2];

	*read_end = -1;
	if (m->early)
		return spec_hold(m, s, SPEC);
	if (pipe2(go, O_CLOEXEC) < 0)
		return false;
	*read_end = go[0];
	s->go = go[1];
	return true;
}

static bool fork_stub(struct monitor *m, struct request *r)
{
	cleanup_fd int go_read = -1;
	cleanup_fd int report_write = -1;
	int report[2], child[3] = { -1, -1, -1 };

	if (!open_go(m, &go_read) || pipe2(report, O_CLOEXEC) < 0 || !stdio_open(m, &m->container, child))
		return false;
	report_write = report[1];
	pid_t pid = fork();
	if (pid == 0) {
		struct stub stub = { r->instructions, r->argv, m->runtime_path, { child[0], child[1], child[2] }, go_read,
				     report_write, m->runtime_fd, m->early };
		stub_run(&stub);
	}
	for (int i = 0; i < 3; i++)
		close_fd(&child[i]);
	if (pid < 0) {
		close(report[0]);
		return false;
	}
	m->container.runtime = pid;
	return watch_start(m, &m->report, report[0], EPOLLIN, stub_reported);
}

static bool prepare(struct monitor *m, struct request *r)
{
	struct session *s = &m->container;

	*s = (struct session){ .id = strdup(""), .phase = PHASE_PREPARING, .pid_file = strdup("pid"),
			       .error_file = strdup("runtime.log"), .go = -1 };
	s->tty = memchr(r->flags.data, 't', r->flags.size);
	s->open_stdin = memchr(r->flags.data, 'i', r->flags.size);
	s->stdin_once = memchr(r->flags.data, 'o', r->flags.size);
	m->early = memchr(r->flags.data, 'e', r->flags.size);
	m->oom_file = strdup(r->oom_file);
	if (*r->log_path && !(s->log = log_open(r->log_path, r->log_size, (int)r->log_files, r->log_attributes))) {
		char text[300];
		snprintf(text, sizeof text, "open %s", r->log_path);
		container_failed(m, errno, text);
		return true;
	}
	return fork_stub(m, r);
}

static bool open_loop(struct monitor *m, int listener)
{
	sigset_t child;

	reset_signals();
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, NULL);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	setsid();
	m->epoll = epoll_create1(EPOLL_CLOEXEC);
	return m->epoll >= 0 && watch_start(m, &m->listener, listener, EPOLLIN, control_accept) &&
	       watch_start(m, &m->signals, signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK), EPOLLIN, reap);
}

static void release(struct monitor *m)
{
	ports_close(m);
	control_close(m);
	while (m->execs)
		exec_free(m, m->execs);
	exec_free(m, &m->container);
	scratch_release(m);
	free(m->oom_file);
}

int monitor_run(struct monitor *m, int listener, struct slice fields)
{
	struct request r = { 0 };

	m->oom_counter = -1;
	m->orphan_at = now_ms() + ORPHAN_MS;
	if (open_loop(m, listener) && parse(fields, &r) && prepare(m, &r)) {
		request_free(&r);
		loop_run(m);
	}
	release(m);
	return 0;
}

static bool go(struct monitor *m)
{
	struct session *s = &m->container;

	if (m->early)
		return spec_give(m, s, SPEC_GIVEN, SPEC);
	if (renameat(m->directory, SPEC_GIVEN, m->directory, SPEC) < 0 || write(s->go, "", 1) != 1)
		return false;
	close_fd(&s->go);
	return true;
}

void container_start(struct monitor *m, struct client *starter, long long seq, struct slice sockets)
{
	struct session *s = &m->container;
	char which[96];

	if (s->phase != PHASE_READY && s->phase != PHASE_PREPARING) {
		control_error(m, starter, seq, s->phase == PHASE_FAILED ? "prepare" : "state", s->failure_number,
			      s->failure ? s->failure : "already started");
		return;
	}
	if (!ports_open(m, sockets, which)) {
		control_error(m, starter, seq, "port", errno, which);
		return;
	}
	if (!go(m)) {
		control_error(m, starter, seq, "prepare", errno, "the stub is gone");
		return;
	}
	s->phase = PHASE_STARTING;
	s->starter = starter;
	s->starter_seq = seq;
}
