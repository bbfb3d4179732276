/* Further processes in the container: each with streams of its own, started through the runtime's exec. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "monitor.h"

#define EXECS 1024
#define ID_LENGTH 64

struct session *exec_find(struct monitor *m, struct slice id)
{
	for (struct session *s = m->execs; s; s = s->next)
		if (slice_is(id, s->id))
			return s;
	return NULL;
}

static bool is_id(struct slice id)
{
	if (id.size == 0 || id.size > ID_LENGTH)
		return false;
	for (size_t i = 0; i < id.size; i++)
		if (!((id.data[i] >= '0' && id.data[i] <= '9') || (id.data[i] >= 'a' && id.data[i] <= 'z')))
			return false;
	return true;
}

/* An exec that somebody attaches to before it is started; NULL for a bad id or too many. */
struct session *exec_new(struct monitor *m, struct slice id)
{
	int count = 0;

	for (struct session *s = m->execs; s; s = s->next)
		count++;
	if (!is_id(id) || count >= EXECS)
		return NULL;
	struct session *s = calloc(1, sizeof *s);
	if (!s)
		return NULL;
	s->id = strndup(id.data, id.size);
	s->stdin_once = true;
	s->go = -1;
	s->next = m->execs;
	m->execs = s;
	return s;
}

void exec_free(struct monitor *m, struct session *s)
{
	for (struct session **p = &m->execs; *p; p = &(*p)->next)
		if (*p == s) {
			*p = s->next;
			break;
		}
	while (s->attachers)
		attach_free(m, s->attachers);
	stdio_close(m, s);
	log_close(s->log);
	free(s->id);
	free(s->pid_file);
	free(s->error_file);
	free(s->failure);
	if (s != &m->container)
		free(s);
}

/* In the child: joins the container's cgroups (an unmanaged runtime does not) and becomes the runtime. */
static _Noreturn void run(struct monitor *m, int child[3], struct slice joins, struct slice argv)
{
	struct slice path;

	reset_signals();
	for (int i = 0; i < 3; i++)
		if (dup2(child[i], i) < 0)
			_exit(125);
	give_streams(m->container.pid);
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	if (fd >= 0 && write(fd, "0", 1) == 1)
		close(fd);
	while (field_take(&joins, &path)) {
		cleanup_text char *tasks = strndup(path.data, path.size);
		if (!tasks || !join_cgroup(tasks)) {
			dprintf(STDERR_FILENO, "join %s: %s\n", tasks ? tasks : "", strerror(errno));
			_exit(125);
		}
	}
	if (fchdir(m->directory) < 0)
		_exit(125);
	become_runtime(m->runtime_path, m->runtime_fd, argv);
}

static bool name_file(char **name, const struct session *s, const char *kind)
{
	free(*name);
	return asprintf(name, "exec-%s.%s", s->id, kind) > 0 || (*name = NULL);
}

static bool launch(struct monitor *m, struct session *s, struct slice joins, struct slice argv)
{
	int child[3] = { -1, -1, -1 };
	pid_t pid = -1;

	if (name_file(&s->pid_file, s, "pid") && name_file(&s->error_file, s, "log") && stdio_open(m, s, child))
		pid = fork();
	if (pid == 0)
		run(m, child, joins, argv);
	for (int i = 0; i < 3; i++)
		close_fd(&child[i]);
	s->runtime = pid;
	return pid > 0;
}

/* The exec of `<id> <flags>`, flags as in `spawn`. NULL: not now, which has been answered. */
static struct session *take(struct monitor *m, struct client *c, long long seq, struct slice *fields)
{
	struct slice id, flags;

	if (!field_take(fields, &id) || !field_take(fields, &flags) || m->container.phase != PHASE_RUNNING) {
		control_error(m, c, seq, "state", EINVAL, "the container does not run");
		return NULL;
	}
	struct session *s = exec_find(m, id);
	if (!s)
		s = exec_new(m, id);
	if (!s || (s->phase != PHASE_CREATED && s->phase != PHASE_READY)) {
		control_error(m, c, seq, "state", EEXIST, s ? "already started" : "bad id or too many");
		return NULL;
	}
	if (s->phase == PHASE_CREATED) {
		s->tty = memchr(flags.data, 't', flags.size);
		s->open_stdin = memchr(flags.data, 'i', flags.size);
	}
	return s;
}

void exec_withdraw(struct monitor *m, struct session *s)
{
	cleanup_text char *fifo = NULL;

	spec_withdraw(s);
	stdio_close(m, s);
	if (name_file(&fifo, s, "process"))
		unlinkat(m->directory, fifo, 0);
	if (s->error_file)
		unlinkat(m->directory, s->error_file, 0);
	s->phase = PHASE_CREATED;
}

void exec_sweep(struct monitor *m)
{
	for (struct session *s = m->execs, *next; s; s = next) {
		if (s->phase == PHASE_READY && m->container.phase != PHASE_RUNNING)
			exec_withdraw(m, s);
		bool over = s->phase == PHASE_CREATED || (s->recorded && stdio_ended(s));
		next = s->next;
		if (over && !s->attachers)
			exec_free(m, s);
	}
}

/* `prepare <seq> <id> <flags> <cgroup files to join> <argv>`: the runtime is executed and waits. */
void exec_prepare(struct monitor *m, struct client *c, long long seq, struct slice fields)
{
	struct slice joins, argv;
	cleanup_text char *fifo = NULL;
	struct session *s = take(m, c, seq, &fields);

	if (!s)
		return;
	if (s->phase != PHASE_CREATED || !field_take(&fields, &joins) || !field_take(&fields, &argv)) {
		control_error(m, c, seq, "state", EINVAL, "prepared already");
		return;
	}
	s->phase = PHASE_READY;
	if (name_file(&fifo, s, "process") && spec_hold(m, s, fifo) && launch(m, s, joins, argv)) {
		control_ok(m, c, seq);
	} else {
		control_error(m, c, seq, "prepare", errno, "exec");
		exec_withdraw(m, s);
	}
}

/* `exec`, with the same fields: what was prepared goes on; if that has died meanwhile it is begun anew. */
void exec_start(struct monitor *m, struct client *c, long long seq, struct slice fields)
{
	struct slice joins = { 0 }, argv = { 0 };
	cleanup_text char *given = NULL, *name = NULL;
	struct session *s = take(m, c, seq, &fields);

	if (!s)
		return;
	if (!name_file(&given, s, "given") || !name_file(&name, s, "process"))
		return;
	field_take(&fields, &joins);
	field_take(&fields, &argv);
	bool waits = s->phase == PHASE_READY;
	if (!waits)
		renameat(m->directory, given, m->directory, name);
	s->phase = PHASE_STARTING;
	if (waits ? !spec_give(m, s, given, name) : !launch(m, s, joins, argv)) {
		control_error(m, c, seq, "prepare", errno, "exec");
		s->phase = PHASE_FAILED;
		s->recorded = true;
		attach_finish(m, s);
		return;
	}
	s->starter = c;
	s->starter_seq = seq;
}
