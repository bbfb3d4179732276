/*
 * The spawner: a child of the daemon that forks monitors on request (0.3 ms; a spawn from Node costs 3). It speaks on
 * descriptor 3 and leaves when that closes; the monitors live on.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "monitor.h"

#define CHANNEL 3
#define RUNTIMES_KEPT 4

/* A runtime's binary, opened once through a read-only mount of its own: crun then need not copy itself for protection. */
struct binary {
	char *path;
	dev_t device;
	ino_t inode;
	struct timespec changed;
	int fd;
};

struct spawner {
	struct binary binaries[RUNTIMES_KEPT];
	unsigned next_binary;
	char *title; /* room for a monitor's id in the command line */
	char *mode;
	char boot_id[40];
};

static int open_read_only(const char *path)
{
	struct mount_attr attributes = { .attr_set = MOUNT_ATTR_RDONLY };
	int fd = (int)syscall(SYS_open_tree, AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	if (fd >= 0 && syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH, &attributes, sizeof attributes) < 0)
		close_fd(&fd);
	return fd;
}

/* A descriptor of the runtime for execveat, -1: use the path. */
static int runtime_open(struct spawner *sp, const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -1;
	for (unsigned i = 0; i < RUNTIMES_KEPT; i++) {
		struct binary *b = &sp->binaries[i];
		if (b->path && strcmp(b->path, path) == 0 && b->device == st.st_dev && b->inode == st.st_ino &&
		    b->changed.tv_sec == st.st_ctim.tv_sec && b->changed.tv_nsec == st.st_ctim.tv_nsec)
			return b->fd;
	}
	struct binary *b = &sp->binaries[sp->next_binary++ % RUNTIMES_KEPT];
	if (b->path) {
		free(b->path);
		close_fd(&b->fd);
	}
	*b = (struct binary){ strdup(path), st.st_dev, st.st_ino, st.st_ctim, open_read_only(path) };
	return b->fd;
}

/* Listens on `monitor.sock` in the directory, however long its path is. */
static int listen_in(int directory)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	cleanup_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/monitor.sock", directory);
	unlinkat(directory, "monitor.sock", 0);
	if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 128) < 0)
		return -1;
	int listener = fd;
	fd = -1;
	return listener;
}

static void answer(bool done, long long seq, long long number, const char *text)
{
	cleanup_buffer struct buffer list = { 0 }, out = { 0 };

	put_text(&list, done ? "ok" : "error");
	put_number(&list, seq);
	put_number(&list, number);
	put_text(&list, text);
	if (put_list(&out, &list) && write(CHANNEL, out.data + out.start, buffer_size(&out)) < 0)
		_exit(0);
}

static void show_title(struct spawner *sp, const char *directory)
{
	const char *id = strrchr(directory, '/');

	memcpy(sp->mode, "--monitor", 9);
	if (id)
		strncpy(sp->title, id + 1, strlen(sp->title));
}

/* In the child: becomes the monitor of this directory. */
static int become_monitor(struct spawner *sp, int directory, int listener, char *runtime, struct slice request)
{
	struct monitor m = { .directory = directory, .runtime_path = runtime, .runtime_fd = runtime_open(sp, runtime) };

	memcpy(m.boot_id, sp->boot_id, sizeof m.boot_id);
	for (unsigned i = 0; i < RUNTIMES_KEPT; i++)
		if (sp->binaries[i].fd != m.runtime_fd)
			close_fd(&sp->binaries[i].fd);
	close(CHANNEL);
	return monitor_run(&m, listener, request);
}

/* `spawn <seq> <directory> <runtime> …`; the rest is the monitor's. True in a child that has finished. */
static bool spawn(struct spawner *sp, struct slice fields)
{
	cleanup_text char *path = NULL;
	cleanup_text char *runtime = NULL;
	cleanup_fd int directory = -1;
	cleanup_fd int listener = -1;
	struct slice verb;
	long long seq;

	if (!field_take(&fields, &verb) || !slice_is(verb, "spawn") || !field_number(&fields, 1LL << 52, &seq) ||
	    !field_text(&fields, &path) || !field_text(&fields, &runtime))
		_exit(2);
	runtime_open(sp, runtime);
	directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0 || (listener = listen_in(directory)) < 0) {
		answer(false, seq, errno, path);
		return false;
	}
	pid_t pid = fork();
	if (pid < 0) {
		answer(false, seq, errno, "fork");
	} else if (pid > 0) {
		answer(true, seq, pid, "");
	} else {
		show_title(sp, path);
		int d = directory, l = listener;
		directory = listener = -1;
		become_monitor(sp, d, l, runtime, fields);
		return true;
	}
	return false;
}

static void read_boot_id(char out[40])
{
	cleanup_fd int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, out, 36);

	out[n > 0 ? n : 0] = 0;
}

static void score(const char *value)
{
	cleanup_fd int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd >= 0 && write(fd, value, strlen(value)) < 0)
		return; /* not permitted everywhere */
}

static void prepare_process(void)
{
	reset_signals();
	signal(SIGCHLD, SIG_IGN); /* monitors are not waited for */
	signal(SIGPIPE, SIG_IGN);
	setsid();
	umask(022);
	score("-999");
	if (chdir("/") < 0)
		_exit(1);
	int null = open("/dev/null", O_RDWR);
	for (int fd = 0; fd < 3; fd++)
		if (null >= 0)
			dup2(null, fd);
	syscall(SYS_close_range, CHANNEL + 1, ~0U, 0);
	fcntl(CHANNEL, F_SETFD, FD_CLOEXEC);
	fcntl(CHANNEL, F_SETFL, 0); /* blocking, whatever Node chose */
}

/* gantry-monitor --spawner <exec root, for people who read ps> <padding that makes room for an id> */
int spawner_run(int argc, char **argv)
{
	struct spawner sp = { .mode = argv[1], .title = argc > 3 ? argv[3] : argv[1] + 9 };
	cleanup_buffer struct buffer input = { 0 };
	bool child = false;

	for (unsigned i = 0; i < RUNTIMES_KEPT; i++)
		sp.binaries[i].fd = -1;
	read_boot_id(sp.boot_id);
	prepare_process();
	while (!child) {
		char bytes[16384];
		ssize_t n = read(CHANNEL, bytes, sizeof bytes);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0 || !buffer_append(&input, bytes, (size_t)n))
			break;
		for (struct slice rest = { input.data, buffer_size(&input) }, fields; !child && input.data;) {
			rest = (struct slice){ input.data + input.start, buffer_size(&input) };
			enum parsed parsed = netstring_take(&rest, &fields);
			if (parsed == PARSED_BADLY)
				_exit(2);
			if (parsed == PARSED_PARTLY)
				break;
			child = spawn(&sp, fields);
			buffer_consume(&input, buffer_size(&input) - rest.size);
		}
	}
	for (unsigned i = 0; i < RUNTIMES_KEPT; i++)
		free(sp.binaries[i].path);
	return 0;
}
