/* User namespaces of containers: made or joined, shown to the runtime, and mounts whose owners are shifted into them. */
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/securebits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "monitor.h"

static int process_file(pid_t pid, const char *name, char path[static 64])
{
	return snprintf(path, 64, "/proc/%d/%s", (int)pid, name);
}

static int map_ids(pid_t pid, const char *file, const char *map)
{
	char path[64];

	process_file(pid, file, path);
	return write_file(path, map, strlen(map));
}

/* Holds the user namespace of a process that waits, once its ids are mapped, and enters its network namespace. */
static int adopt_users(int *users, pid_t pid, char *const *a, bool net)
{
	char path[64];

	if (map_ids(pid, "uid_map", a[0]) < 0 || map_ids(pid, "gid_map", a[1]) < 0)
		return -1;
	process_file(pid, "ns/user", path);
	*users = open(path, O_RDONLY | O_CLOEXEC);
	give_streams(pid);
	process_file(pid, "ns/net", path);
	return *users < 0 || (net && join_namespace(path) < 0) ? -1 : 0;
}

static bool root_of(pid_t pid, const char *file, unsigned *host)
{
	char path[64], text[64] = "";
	unsigned inside;

	process_file(pid, file, path);
	cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd >= 0 && read(fd, text, sizeof text - 1) > 0 && sscanf(text, "%u %u", &inside, host) == 2 && inside == 0;
}

/* Root in the user namespace of a process may open the pipes that are our streams by name (/dev/stdout). */
void give_streams(pid_t pid)
{
	unsigned uid, gid;
	struct stat st;

	if (!root_of(pid, "uid_map", &uid) || !root_of(pid, "gid_map", &gid) || uid == 0)
		return;
	for (int fd = 0; fd < 3; fd++)
		if (fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode) && fchown(fd, uid, gid) < 0)
			continue;
}

/* A user namespace with these ids, which is only held, and a network namespace that belongs to it, which is entered. */
int make_users(int *users, char *const *a)
{
	bool net = *a[2] == '1';
	int ready[2], over[2], failed = EPIPE;

	if (pipe2(ready, O_CLOEXEC) < 0 || pipe2(over, O_CLOEXEC) < 0)
		return -1;
	pid_t child = fork();
	if (child == 0) {
		close(over[1]);
		failed = unshare(CLONE_NEWUSER | (net ? CLONE_NEWNET : 0)) < 0 ? errno : 0;
		_exit(write(ready[1], &failed, sizeof failed) < 0 || read(over[0], &failed, 1) < 0);
	}
	close(ready[1]);
	close(over[0]);
	if (child > 0 && read(ready[0], &failed, sizeof failed) == (ssize_t)sizeof failed && failed == 0)
		failed = adopt_users(users, child, a, net) < 0 ? errno : 0;
	close(ready[0]);
	close(over[1]);
	if (child > 0)
		waitpid(child, NULL, 0);
	errno = failed;
	return failed ? -1 : 0;
}

int join_users(int *users, const char *pid)
{
	char path[64];

	process_file(atoi(pid), "ns/user", path);
	give_streams(atoi(pid));
	*users = open(path, O_RDONLY | O_CLOEXEC);
	return *users < 0 ? -1 : 0;
}

/* Where the runtime finds the namespace. */
int show_users(int users, const char *target)
{
	char path[64];

	process_file(getpid(), "fd/", path);
	snprintf(path + strlen(path), 16, "%d", users);
	if (mknod(target, S_IFREG | 0444, 0) < 0 && errno != EEXIST)
		return -1;
	return mount(path, target, NULL, MS_BIND, NULL);
}

/* What the file system has as its root's is the namespace's root's in this mount. */
int shift_ids(int users, int tree)
{
	struct mount_attr attributes = { .attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (unsigned)users };

	return (int)syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes, sizeof attributes);
}

int take_shifted(int users, const char *source, const char *target)
{
	unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE;
	cleanup_fd int tree = (int)syscall(SYS_open_tree, AT_FDCWD, source, flags);

	if (tree < 0 || shift_ids(users, tree) < 0 || (mkdir(target, 0711) < 0 && errno != EEXIST))
		return -1;
	return (int)syscall(SYS_move_mount, tree, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH);
}

/* An overlay keeps whose files it makes by itself: in shifted mounts they must be of an id that is there. */
int act_as(const char *user, const char *group)
{
	bool back = strcmp(user, "0") == 0;

	if (!back && prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0) < 0)
		return -1;
	setfsuid((uid_t)strtoul(user, NULL, 10));
	setfsgid((gid_t)strtoul(group, NULL, 10));
	return back ? prctl(PR_SET_SECUREBITS, 0, 0, 0, 0) : 0;
}
