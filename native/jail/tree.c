/* Mounts whose places are in a tree that nobody trusts: found through descriptors, never by a path from outside. */
#define _GNU_SOURCE
#include "jail.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/securebits.h>
#include <signal.h>
#include <linux/openat2.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ATTRIBUTES (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

static int open_or_fail(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	if (fd < 0)
		fail("open", path);
	return fd;
}

static int users = -1;
static unsigned user, group;

void hold_users(char **a)
{
	users = (int)strtol(a[0], NULL, 10);
	user = (unsigned)strtoul(a[1], NULL, 10);
	group = (unsigned)strtoul(a[2], NULL, 10);
}

int become_user(void)
{
	if (users < 0)
		return 0;
	if (prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0) < 0 || setresgid(group, group, group) < 0 ||
	    setresuid(user, user, user) < 0)
		fail("become the user", NULL);
	/* It was forgotten with the old user. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		fail("prctl", NULL);
	return 1;
}

/* Without devices, programs and setuid, maybe read-only; and nothing that is mounted in it later reaches others. */
static void restrict_mount(int tree, unsigned long flags, const char *subject)
{
	struct mount_attr attributes = {.attr_set = ATTRIBUTES, .propagation = MS_PRIVATE};

	if (flags & MS_RDONLY)
		attributes.attr_set |= MOUNT_ATTR_RDONLY;
	if (flags & SHIFTED && users >= 0) {
		attributes.attr_set |= MOUNT_ATTR_IDMAP;
		attributes.userns_fd = (unsigned)users;
	}
	if (mount_setattr(tree, "", AT_EMPTY_PATH | (flags & MS_REC ? AT_RECURSIVE : 0), &attributes,
			  sizeof(attributes)) < 0)
		fail("restrict", subject);
}

void clone_tree(char **a)
{
	int there = (int)strtol(a[0], NULL, 10), home, here, tree;

	own_mounts();
	home = open_or_fail("/proc/self/ns/mnt", O_RDONLY);
	here = open_or_fail(".", O_PATH | O_DIRECTORY);
	if (setns(there, CLONE_NEWNS) < 0)
		fail("enter the mounts of", a[0]);
	tree = open_tree(AT_FDCWD, a[1], OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW);
	if (tree < 0)
		fail("clone", a[1]);
	if (setns(home, CLONE_NEWNS) < 0 || fchdir(here) < 0)
		fail("return", NULL);
	restrict_mount(tree, strtoul(a[3], NULL, 10), a[1]);
	if (move_mount(tree, "", AT_FDCWD, a[2], MOVE_MOUNT_F_EMPTY_PATH) < 0)
		fail("mount", a[2]);
	close(there);
	close(home);
	close(here);
	close(tree);
}

static int open_inside(int root, const char *path)
{
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};

	return (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
}

/* Makes an empty directory or file of this name and opens it; what came there meanwhile is opened as it is. */
static int make_place(int parent, const char *name, int is_directory)
{
	int fd = -1;

	if (is_directory)
		mkdirat(parent, name, 0755);
	else
		fd = openat(parent, name, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0755);
	if (fd >= 0)
		close(fd);
	return openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

/* Where PATH is inside of the root; what is missing of it is made, its last part as a file unless a directory is meant. */
static int place_inside(int root, const char *path, int is_directory)
{
	char prefix[PATH_MAX];
	int parent = dup(root), place;
	size_t length = strlen(path), end = 0;

	if (length >= sizeof(prefix)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	while (path[end] == '/')
		end++;
	while (parent >= 0 && end < length) {
		size_t start = end;

		end += strcspn(path + end, "/");
		memcpy(prefix, path, end);
		prefix[end] = '\0';
		place = open_inside(root, prefix);
		if (place < 0 && errno == ENOENT)
			place = make_place(parent, prefix + start, end < length || is_directory);
		close(parent);
		parent = place;
		end += strspn(path + end, "/");
	}
	return parent;
}

void bind_inside(char **a)
{
	unsigned long flags = strtoul(a[3], NULL, 10);
	int root, tree, place;
	struct stat stats;

	own_mounts();
	tree = open_tree(AT_FDCWD, a[0], OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (flags & MS_REC ? AT_RECURSIVE : 0));
	if (tree < 0 || fstat(tree, &stats) < 0)
		fail("clone", a[0]);
	restrict_mount(tree, flags, a[0]);
	root = open_or_fail(a[1], O_PATH | O_DIRECTORY);
	place = place_inside(root, a[2], S_ISDIR(stats.st_mode));
	if (place < 0)
		fail("find the mount point", a[2]);
	if (move_mount(tree, "", place, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		fail("mount at", a[2]);
	close(tree);
	close(root);
	close(place);
}
