/*
 * gantry-jail: turns itself into a program that may touch a hostile tree.
 *
 *   gantry-jail [--cache DIR] [--chdir DIR] [MOUNT]... -- [PROGRAM [ARG]...]
 *
 *   --mount TYPE SOURCE TARGET FLAGS DATA   as mount(2)
 *   --tree FD PATH TARGET FLAGS             what is mounted at PATH in the mount namespace that FD is open on appears
 *                                           at TARGET too
 *   --users FD UID GID                      owners are those of the user namespace that FD is open on, whose root is UID
 *                                           and GID: the program is run as it, and binds can be shifted
 *   --bind SOURCE ROOT PATH FLAGS           SOURCE at PATH inside of ROOT: links are followed as if ROOT were `/`
 *
 * With a mount it takes a mount namespace of its own, which ends with it; sources and options may be relative to DIR.
 * Then it closes all descriptors but 0 to 3, keeps seven capabilities for good, sets no_new_privs, empties the
 * environment (but for Node's compile cache in --cache) and executes PROGRAM; without one it only tries all of this.
 * It dies with its parent. Exit status 125: it could not; the reason is on stderr.
 */
#define _GNU_SOURCE
#include "jail.h"
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FIRST_CLOSED 4 /* 0 in, 1 out, 2 messages, 3 result */
#define OPEN_FILES 1024

static const int kept[] = {CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_FSETID, CAP_MKNOD, CAP_SETFCAP, CAP_SYS_CHROOT};

_Noreturn void fail(const char *what, const char *subject)
{
	fprintf(stderr, "gantry-jail: %s%s%s: %s\n", what, subject ? " " : "", subject ? subject : "", strerror(errno));
	_exit(125);
}

static _Noreturn void usage(void)
{
	fprintf(stderr, "usage: gantry-jail [--cache DIR] [--chdir DIR] [--mount TYPE SOURCE TARGET FLAGS DATA | "
		"--tree FD PATH TARGET FLAGS | --bind SOURCE ROOT PATH FLAGS]... -- [PROGRAM [ARG]...]\n");
	_exit(125);
}

/* A namespace whose mounts nobody else sees, but which lets go of what the host unmounts. */
void own_mounts(void)
{
	static int done;

	if (done)
		return;
	done = 1;
	if (unshare(CLONE_NEWNS) < 0)
		fail("unshare", NULL);
	if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		fail("make mounts private", NULL);
}

/* A bind mount takes its other flags only when it is mounted again. */
static void make_mount(char **a)
{
	unsigned long flags = strtoul(a[3], NULL, 10);

	own_mounts();
	if (mount(a[1], a[2], a[0], flags, a[4]) < 0)
		fail("mount", a[2]);
	if ((flags & MS_BIND) && (flags & ~(unsigned long)(MS_BIND | MS_REC)) &&
	    mount(NULL, a[2], NULL, flags | MS_REMOUNT, NULL) < 0)
		fail("remount", a[2]);
}

static int has_kept(int capability)
{
	for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++)
		if (kept[i] == capability)
			return 1;
	return 0;
}

static void drop_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {{0}};

	for (int c = 0; prctl(PR_CAPBSET_READ, c, 0, 0, 0) >= 0; c++)
		if (!has_kept(c) && prctl(PR_CAPBSET_DROP, c, 0, 0, 0) < 0)
			fail("drop a capability", NULL);
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 && errno != EINVAL)
		fail("clear ambient capabilities", NULL);
	/* The host may lack some of the seven: keep those that are here. */
	if (syscall(SYS_capget, &header, data) < 0)
		fail("capget", NULL);
	for (int word = 0; word < 2; word++) {
		__u32 mask = 0;
		for (int bit = 0; bit < 32; bit++)
			if (has_kept(word * 32 + bit))
				mask |= 1U << bit;
		data[word].permitted &= mask;
		data[word].effective = data[word].permitted;
		data[word].inheritable = 0;
	}
	if (syscall(SYS_capset, &header, data) < 0)
		fail("capset", NULL);
}

/* Kept over the exec of a user who is not root. */
static void hand_on_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {{0}};

	if (syscall(SYS_capget, &header, data) < 0)
		fail("capget", NULL);
	for (int word = 0; word < 2; word++)
		data[word].inheritable = data[word].permitted;
	if (syscall(SYS_capset, &header, data) < 0)
		fail("capset", NULL);
	for (int c = 0; c < 64; c++)
		if (data[c / 32].permitted & (1U << (c % 32)) && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, c, 0, 0) < 0)
			fail("hand on a capability", NULL);
}

static void limit(int resource, rlim_t value)
{
	struct rlimit l = {.rlim_cur = value, .rlim_max = value};

	if (setrlimit(resource, &l) < 0)
		fail("setrlimit", NULL);
}

static void reset_signals(void)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (int s = 1; s < NSIG; s++)
		signal(s, SIG_DFL);
}

/*
 * No io_uring from the start: the event loop of Node would set one up, and its calls would go round the filter that
 * the jailed program adds later.
 */
static void forbid_io_uring(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_io_uring_setup, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {.len = sizeof(code) / sizeof(*code), .filter = code};

	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) < 0)
		fail("seccomp", NULL);
}

int main(int argc, char **argv)
{
	char *environment[] = {"TZ=UTC", "LC_ALL=C", "UV_THREADPOOL_SIZE=2", NULL, NULL};
	static char cache[4096 + 32];
	pid_t parent = getppid();
	int i = 1, is_user;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		fail("prctl", NULL);
	if (getppid() != parent)
		return 125; /* it died before it could be watched */
	for (; i < argc && strcmp(argv[i], "--") != 0;) {
		if (strcmp(argv[i], "--chdir") == 0 && i + 1 < argc) {
			if (chdir(argv[i + 1]) < 0)
				fail("chdir", argv[i + 1]);
			i += 2;
		} else if (strcmp(argv[i], "--cache") == 0 && i + 1 < argc) {
			snprintf(cache, sizeof(cache), "NODE_COMPILE_CACHE=%s", argv[i + 1]);
			environment[3] = cache;
			i += 2;
		} else if (strcmp(argv[i], "--mount") == 0 && i + 5 < argc) {
			make_mount(argv + i + 1);
			i += 6;
		} else if (strcmp(argv[i], "--tree") == 0 && i + 4 < argc) {
			clone_tree(argv + i + 1);
			i += 5;
		} else if (strcmp(argv[i], "--users") == 0 && i + 3 < argc) {
			hold_users(argv + i + 1);
			i += 4;
		} else if (strcmp(argv[i], "--bind") == 0 && i + 4 < argc) {
			bind_inside(argv + i + 1);
			i += 5;
		} else {
			usage();
		}
	}
	if (i >= argc)
		usage();
	if (close_range(FIRST_CLOSED, ~0U, 0) < 0)
		fail("close_range", NULL);
	reset_signals();
	umask(0);
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_NOFILE, OPEN_FILES);
	if (setgroups(0, NULL) < 0)
		fail("setgroups", NULL);
	is_user = become_user();
	if (is_user && getppid() != parent)
		return 125;
	drop_capabilities();
	if (is_user)
		hand_on_capabilities();
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		fail("no_new_privs", NULL);
	forbid_io_uring();
	if (i + 1 == argc)
		return 0;
	execve(argv[i + 1], argv + i + 1, environment);
	fail("exec", argv[i + 1]);
}
