/*
 * The stub: prepares the container's surroundings by a list of instructions that the daemon computed, waits for the go
 * byte, and becomes the OCI runtime; one that becomes it early leaves the waiting to the runtime, whose spec is a FIFO.
 * It knows mechanism only. An instruction is a list: a verb and its arguments.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "monitor.h"

#define ARGUMENTS 5
#define TREES 64
#define SOCKETS 2

struct instruction {
	char *verb, *argument[ARGUMENTS];
	struct slice bytes; /* of the last argument of `netlink`, which is no text */
	int count;
};

struct work {
	int trees[TREES];
	int taken, grafted;
	int netlink[SOCKETS];
	int sockets;
	int users; /* the user namespace whose ids mounts are given; 0: none */
};

int write_file(const char *path, const char *data, size_t size)
{
	cleanup_fd int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return -1;
	return write(fd, data, size) < 0 ? -1 : 0;
}

/* A single-threaded process that writes 0 to v1's `tasks` moves itself without waiting for a grace period. */
bool join_cgroup(const char *tasks)
{
	return write_file(tasks, "0", 1) == 0;
}

static int loopback_up(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	cleanup_fd int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	return fd < 0 ? -1 : ioctl(fd, SIOCSIFFLAGS, &request);
}

static int open_netlink(struct work *work)
{
	if (work->sockets == SOCKETS) {
		errno = E2BIG;
		return -1;
	}
	return work->netlink[work->sockets++] = netlink_open();
}

/* Messages name our network namespace by this descriptor. */
static int hold_namespace(int descriptor)
{
	cleanup_fd int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -1 : dup3(fd, descriptor, O_CLOEXEC);
}

/* Only this namespace knows the index of an interface that was born in it: it is put into the message at the offset. */
static int send_netlink(struct work *work, const struct instruction *i)
{
	long socket = strtol(i->argument[0], NULL, 10);
	size_t offset = strtoul(i->argument[2], NULL, 10);
	uint32_t index = *i->argument[1] ? if_nametoindex(i->argument[1]) : 0;

	if (socket < 0 || socket >= work->sockets || (*i->argument[1] && !index))
		return -1;
	if (index && offset + sizeof index <= i->bytes.size)
		memcpy((char *)i->bytes.data + offset, &index, sizeof index);
	return netlink_request(work->netlink[socket], i->bytes);
}

int join_namespace(const char *path)
{
	cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -1 : setns(fd, 0);
}

/* Remembers a mount as the host sees it (with its propagation), to be attached after the namespace is private. */
static int take_tree(struct work *work, int directory, const char *path)
{
	if (work->taken == TREES) {
		errno = E2BIG;
		return -1;
	}
	unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE | (*path ? 0 : AT_EMPTY_PATH);
	int fd = (int)syscall(SYS_open_tree, directory, path, flags);
	if (fd < 0)
		return -1;
	work->trees[work->taken++] = fd;
	return 0;
}

/* Remembers what a hostile path below a folder leads to; neither links nor `..` lead out, whoever moves them meanwhile. */
static int take_beneath(struct work *work, const char *folder, const char *path)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS };
	cleanup_fd int root = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	cleanup_fd int found = -1;

	if (root < 0)
		return -1;
	for (int tries = 0; tries < 16; tries++) {
		found = (int)syscall(SYS_openat2, root, path, &how, sizeof how);
		if (found >= 0 || errno != EAGAIN)
			break;
	}
	return found < 0 ? -1 : take_tree(work, found, "");
}

static int graft_tree(struct work *work, const char *target)
{
	if (work->grafted == work->taken) {
		errno = EINVAL;
		return -1;
	}
	int fd = work->trees[work->grafted++];
	return (int)syscall(SYS_move_mount, fd, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH);
}

static int make_directory(const char *path, unsigned mode)
{
	return mkdir(path, mode) < 0 && errno != EEXIST ? -1 : 0;
}

/* As graft, onto a new place of the kind that the tree is. */
static int place_tree(struct work *work, const char *target)
{
	struct stat st;

	if (work->grafted == work->taken) {
		errno = EINVAL;
		return -1;
	}
	if (fstat(work->trees[work->grafted], &st) < 0)
		return -1;
	if (S_ISDIR(st.st_mode) ? make_directory(target, 0755) : mknod(target, S_IFREG | 0644, 0) < 0 && errno != EEXIST)
		return -1;
	return graft_tree(work, target);
}

static bool has(const struct instruction *i, const char *verb, int arguments)
{
	return i->count == arguments && strcmp(i->verb, verb) == 0;
}

static int execute(struct work *work, const struct instruction *i)
{
	char *const *a = i->argument;

	if (has(i, "mkdir", 2))
		return make_directory(a[0], (unsigned)strtoul(a[1], NULL, 8));
	if (has(i, "write", 2))
		return write_file(a[0], a[1], strlen(a[1]));
	if (has(i, "try-write", 2)) {
		write_file(a[0], a[1], strlen(a[1]));
		return 0;
	}
	if (has(i, "join", 1))
		return join_cgroup(a[0]) ? 0 : -1;
	if (has(i, "unshare", 1))
		return unshare((int)strtoul(a[0], NULL, 16));
	if (has(i, "setns", 1))
		return join_namespace(a[0]);
	if (has(i, "loopback", 0))
		return loopback_up();
	if (has(i, "netlink-open", 0))
		return open_netlink(work);
	if (has(i, "netns-fd", 1))
		return hold_namespace(atoi(a[0]));
	if (has(i, "netlink", 3))
		return send_netlink(work, i);
	if (has(i, "propagation", 2))
		return mount(NULL, a[0], NULL, strtoul(a[1], NULL, 16), NULL);
	if (has(i, "take", 1))
		return take_tree(work, AT_FDCWD, a[0]);
	if (has(i, "take-beneath", 2))
		return take_beneath(work, a[0], a[1]);
	if (has(i, "graft", 1))
		return graft_tree(work, a[0]);
	if (has(i, "place", 1))
		return place_tree(work, a[0]);
	if (has(i, "userns", 3))
		return make_users(&work->users, a);
	if (has(i, "userns-of", 1))
		return join_users(&work->users, a[0]);
	if (has(i, "userns-place", 1))
		return show_users(work->users, a[0]);
	if (has(i, "shift", 0))
		return work->taken ? shift_ids(work->users, work->trees[work->taken - 1]) : -1;
	if (has(i, "take-shifted", 2))
		return take_shifted(work->users, a[0], a[1]);
	if (has(i, "act-as", 2))
		return act_as(a[0], a[1]);
	if (has(i, "chdir", 1))
		return chdir(a[0]);
	if (has(i, "mount", 5))
		return mount(a[0], a[1], a[2], strtoul(a[3], NULL, 16), *a[4] ? a[4] : NULL);
	errno = ENOSYS;
	return -1;
}

static bool parse(struct slice list, struct instruction *i)
{
	*i = (struct instruction){ 0 };
	if (!field_text(&list, &i->verb))
		return false;
	for (; list.size > 0; i->count++) {
		if (i->count == 3 && strcmp(i->verb, "netlink") == 0)
			return field_take(&list, &i->bytes) && list.size == 0;
		if (i->count == ARGUMENTS || !field_text(&list, &i->argument[i->count]))
			return false;
	}
	return true;
}

/* What the monitor reads: `ok`, or `error <errno> <the instruction's words>`. */
static void report(int fd, const struct instruction *failed, int error)
{
	cleanup_buffer struct buffer list = { 0 }, out = { 0 };

	put_text(&list, failed ? "error" : "ok");
	if (failed) {
		put_number(&list, error);
		put_text(&list, failed->verb ? failed->verb : "instruction");
		for (int i = 0; i < failed->count && i < 2; i++)
			put_text(&list, failed->argument[i]);
	}
	if (put_list(&out, &list) && write(fd, out.data + out.start, buffer_size(&out)) < 0)
		_exit(1);
}

/* Gives the list of arguments to execve; the process ends when the runtime cannot be executed. */
_Noreturn void become_runtime(const char *path, int fd, struct slice list)
{
	char *argv[64] = { 0 };
	char *const environment[] = { "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", NULL };

	for (int i = 0; list.size > 0; i++)
		if (i == 63 || !field_text(&list, &argv[i]))
			_exit(126);
	if (fd >= 0)
		execveat(fd, "", argv, environment, AT_EMPTY_PATH);
	execve(path, argv, environment);
	dprintf(STDERR_FILENO, "%s: %s\n", path, strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

/* Moves the descriptors to 0 … 5 and closes every other one: held pipe ends would keep the monitor's death from us. */
static void arrange(struct stub *stub)
{
	int from[6] = { stub->stdio[0], stub->stdio[1], stub->stdio[2], stub->go, stub->report, stub->runtime_fd };

	for (int i = 0; i < 6; i++)
		if (from[i] >= 0 && from[i] < 6)
			from[i] = fcntl(from[i], F_DUPFD_CLOEXEC, 16);
	for (int i = 0; i < 6; i++)
		if (from[i] >= 0)
			dup3(from[i], i, i < 3 ? 0 : O_CLOEXEC) < 0 ? _exit(126) : (void)0;
	if (from[3] < 0)
		close(3);
	if (from[5] < 0)
		close(5);
	stub->go = from[3] < 0 ? -1 : 3;
	stub->report = 4;
	stub->runtime_fd = from[5] < 0 ? -1 : 5;
	syscall(SYS_close_range, 6U, ~0U, 0);
}

_Noreturn void stub_run(struct stub *stub)
{
	struct work work = { 0 };
	struct slice list = stub->instructions, field;
	char go;

	reset_signals();
	arrange(stub);
	write_file("/proc/self/oom_score_adj", "0", 1);
	while (list.size > 0) {
		struct instruction i = { 0 };
		errno = EINVAL;
		if (!field_take(&list, &field) || !parse(field, &i) || execute(&work, &i) < 0) {
			report(stub->report, &i, errno);
			_exit(125);
		}
		free(i.verb);
		for (int n = 0; n < i.count; n++)
			free(i.argument[n]);
	}
	report(stub->report, NULL, 0);
	close(stub->report);
	if (!stub->early && read(stub->go, &go, 1) != 1)
		_exit(0); /* the monitor is gone */
	close_fd(&stub->go);
	become_runtime(stub->runtime_path, stub->runtime_fd, stub->argv);
}
