/*
 * gantry-mount: one mount or unmount in a process of its own, that may wait for a file server and can be killed.
 *
 *   gantry-mount < TYPE\0SOURCE\0TARGET\0FLAGS\0DATA\0     (options may hold passwords: never on a command line)
 *   gantry-mount --detach TARGET
 *   gantry-mount --image FILE TARGET     an ext4 in a file, by a loop device that goes with its last mount
 *
 * FLAGS are decimal, of mount(2), propagation included: what the kernel takes in a call of its own is made so. Prints the
 * number of the error, 0 for none. Nothing mounted at the target is no error of --detach. It dies with its parent.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <unistd.h>

#define FIELDS 5
#define TRIES 64
#define PROPAGATION ((unsigned long)(MS_SHARED | MS_PRIVATE | MS_SLAVE | MS_UNBINDABLE))

static int make(char **field)
{
	unsigned long flags = strtoul(field[3], NULL, 10), own = flags & ~PROPAGATION;
	char *source = field[1], *target = field[2];

	if (mount(source, target, field[0], own, *field[4] ? field[4] : NULL) < 0)
		return errno;
	/* A bind takes its restrictions only when it is mounted again; so far nobody has used it. */
	if ((flags & PROPAGATION && mount(NULL, target, NULL, flags & (PROPAGATION | MS_REC | MS_SILENT), NULL) < 0) ||
	    ((own & (MS_BIND | MS_RDONLY)) == (MS_BIND | MS_RDONLY) &&
	     mount(NULL, target, NULL, own | MS_REMOUNT, NULL) < 0)) {
		int error = errno;
		umount2(target, MNT_DETACH);
		return error;
	}
	return 0;
}

static int detach(const char *target)
{
	return umount2(target, MNT_DETACH | UMOUNT_NOFOLLOW) < 0 && errno != EINVAL && errno != ENOENT ? errno : 0;
}

/* A loop device with the file behind it; others may take the one that was free a moment ago. */
static int open_loop(int file)
{
	struct loop_config config = { .fd = (unsigned)file, .info = { .lo_flags = LO_FLAGS_AUTOCLEAR } };
	char path[32];
	int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC), loop = -1;

	for (int tries = 0; control >= 0 && loop < 0 && tries < TRIES; tries++) {
		int number = ioctl(control, LOOP_CTL_GET_FREE);
		if (number < 0)
			break;
		snprintf(path, sizeof path, "/dev/loop%d", number);
		loop = open(path, O_RDWR | O_CLOEXEC);
		if (loop < 0 || ioctl(loop, LOOP_CONFIGURE, &config) == 0)
			break;
		int error = errno;
		close(loop);
		loop = -1;
		errno = error;
		if (error != EBUSY)
			break;
	}
	if (control >= 0)
		close(control);
	return loop;
}

/* What is deleted in it is given back to the file system that the file is on. */
static int mount_image(const char *path, const char *target)
{
	char device[32];
	int file = open(path, O_RDWR | O_CLOEXEC), loop = file < 0 ? -1 : open_loop(file), error = 0;
	struct loop_info64 info;

	if (loop < 0 || ioctl(loop, LOOP_GET_STATUS64, &info) < 0)
		return errno;
	snprintf(device, sizeof device, "/dev/loop%u", info.lo_number);
	if (mount(device, target, "ext4", MS_NOATIME, "discard") < 0)
		error = errno;
	close(loop);
	close(file);
	return error;
}

/* The fields from standard input; what is longer than mount(2) takes is none. */
static int read_fields(char *bytes, size_t room, char **field)
{
	size_t used = 0;
	int count = 0;

	for (ssize_t n; used < room && (n = read(STDIN_FILENO, bytes + used, room - used)) > 0;)
		used += (size_t)n;
	for (size_t at = 0; at < used && count < FIELDS; at += strlen(bytes + at) + 1)
		if (memchr(bytes + at, 0, used - at))
			field[count++] = bytes + at;
		else
			break;
	return count;
}

int main(int argc, char **argv)
{
	static char bytes[5 * 4096];
	char *field[FIELDS];

	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (argc == 3 && strcmp(argv[1], "--detach") == 0)
		printf("%d\n", detach(argv[2]));
	else if (argc == 4 && strcmp(argv[1], "--image") == 0)
		printf("%d\n", mount_image(argv[2], argv[3]));
	else
		printf("%d\n", argc == 1 && read_fields(bytes, sizeof bytes, field) == FIELDS ? make(field) : E2BIG);
	return 0;
}
