/*
 * gantry-nft: runs the nft commands on its standard input (nft(8)) as one transaction through libnftables.
 *
 * The library leaks and may abort, so each transaction has a process of its own. Exit status 0 when it was done, else 1
 * with libnftables' complaint on standard error.
 *
 * The kernel lets go of the library's socket only after a grace period of 10 to 20 ms, and a process with it: a child
 * calls the library, and nobody waits for its end once it has said how it went.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define LIBRARY "libnftables.so.1"
#define CHUNK (64 * 1024)
/* A table of tens of thousands of published ports has a few megabytes. */
#define MOST_BYTES (256 * 1024 * 1024)

struct nft_ctx;

static int fail(const char *what, const char *why)
{
	fprintf(stderr, "%s: %s\n", what, why);
	return EXIT_FAILURE;
}

/* All of standard input as a string; NULL with errno set. */
static char *read_commands(void)
{
	size_t size = 0, used = 0;
	char *text = NULL;
	for (;;) {
		if (size - used < CHUNK) {
			size = size == 0 ? 4 * CHUNK : size * 2;
			char *larger = size > MOST_BYTES ? NULL : realloc(text, size);
			if (larger == NULL)
				break;
			text = larger;
		}
		ssize_t n = read(STDIN_FILENO, text + used, size - used - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		if (n == 0) {
			text[used] = '\0';
			return text;
		}
		used += (size_t)n;
	}
	int error = size > MOST_BYTES ? EFBIG : errno;
	free(text);
	errno = error;
	return NULL;
}

static int run(void *library, const char *commands)
{
	struct nft_ctx *(*create)(uint32_t) = (struct nft_ctx * (*)(uint32_t)) dlsym(library, "nft_ctx_new");
	int (*buffer_output)(struct nft_ctx *) = (int (*)(struct nft_ctx *))dlsym(library, "nft_ctx_buffer_output");
	int (*buffer_error)(struct nft_ctx *) = (int (*)(struct nft_ctx *))dlsym(library, "nft_ctx_buffer_error");
	int (*execute)(struct nft_ctx *, const char *) =
		(int (*)(struct nft_ctx *, const char *))dlsym(library, "nft_run_cmd_from_buffer");
	const char *(*complaint)(struct nft_ctx *) =
		(const char *(*)(struct nft_ctx *))dlsym(library, "nft_ctx_get_error_buffer");
	if (!create || !buffer_output || !buffer_error || !execute || !complaint)
		return fail(LIBRARY, "lacks a function");
	struct nft_ctx *context = create(0);
	if (context == NULL)
		return fail(LIBRARY, "gave no context");
	if (buffer_output(context) != 0 || buffer_error(context) != 0)
		return fail(LIBRARY, "gave no buffers");
	if (execute(context, commands) == 0)
		return EXIT_SUCCESS;
	const char *words = complaint(context);
	fputs(words && *words ? words : LIBRARY " failed without a word", stderr);
	return EXIT_FAILURE;
}

static int work(void)
{
	char *commands = read_commands();
	if (commands == NULL)
		return fail("standard input", strerror(errno));
	void *library = dlopen(LIBRARY, RTLD_NOW);
	if (library == NULL)
		return fail("dlopen", dlerror());
	return run(library, commands);
}

/* In the child. The caller reads standard error to its end: it is closed before the answer. */
static void answer(int channel)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	uint8_t status = (uint8_t)work();
	close(STDIN_FILENO);
	close(STDOUT_FILENO);
	close(STDERR_FILENO);
	_exit(write(channel, &status, 1) == 1 ? EXIT_SUCCESS : EXIT_FAILURE);
}

int main(void)
{
	int channel[2];
	if (pipe2(channel, O_CLOEXEC) < 0)
		return fail("pipe2", strerror(errno));
	pid_t child = fork();
	if (child < 0)
		return fail("fork", strerror(errno));
	if (child == 0)
		answer(channel[1]);
	close(channel[1]);
	uint8_t status;
	ssize_t n;
	do
		n = read(channel[0], &status, 1);
	while (n < 0 && errno == EINTR);
	return n == 1 ? status : fail(LIBRARY, "ended without an answer");
}
