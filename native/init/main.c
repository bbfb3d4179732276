/*
 * gantry-init: process 1 of a container started with --init.
 *
 * It starts the command, hands on every signal it gets, reaps whatever is orphaned to it, and ends with the command's
 * exit status (128 + signal when it was killed). Usage as docker-init's: gantry-init [--version] -- COMMAND [ARG...]
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXIT_NOT_EXECUTABLE 126
#define EXIT_NOT_FOUND 127

static int fail(const char *what, int status)
{
	fprintf(stderr, "[gantry-init] %s: %s\n", what, strerror(errno));
	return status;
}

/* In the child: its own process group in the foreground, the signal mask it was born with, then the command. */
static void run_command(char **argv, const sigset_t *mask)
{
	setpgid(0, 0);
	if (isatty(STDIN_FILENO)) {
		/* A background group that takes the terminal would be stopped by SIGTTOU. */
		signal(SIGTTOU, SIG_IGN);
		if (tcsetpgrp(STDIN_FILENO, getpgrp()) < 0 && errno != ENOTTY && errno != ENXIO)
			_exit(fail("tcsetpgrp", EXIT_FAILURE));
		signal(SIGTTOU, SIG_DFL);
	}
	sigprocmask(SIG_SETMASK, mask, NULL);
	execvp(argv[0], argv);
	int status = errno == ENOENT || errno == ENOTDIR ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
	_exit(fail(argv[0], status));
}

/* Reaps all that has ended. Returns true, with the status, when the command is among it. */
static int reap(pid_t command, int *status)
{
	int ended = 0;
	for (;;) {
		int wait_status;
		pid_t pid = waitpid(-1, &wait_status, WNOHANG);
		if (pid <= 0)
			return ended;
		if (pid != command)
			continue;
		ended = 1;
		*status = WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
	}
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		puts("gantry-init version 1.0.0");
		return 0;
	}
	char **command = argv + 1;
	if (argc > 1 && strcmp(*command, "--") == 0)
		command++;
	if (argc < 2 || *command == NULL) {
		fputs("usage: gantry-init [--version] -- COMMAND [ARG...]\n", stderr);
		return EXIT_FAILURE;
	}
	/* In a shared pid namespace orphans come to us only if we ask for them. */
	if (getpid() != 1)
		prctl(PR_SET_CHILD_SUBREAPER, 1);

	sigset_t all, inherited;
	sigfillset(&all);
	/* Errors of this program itself must still end it. */
	const int synchronous[] = { SIGFPE, SIGILL, SIGSEGV, SIGBUS, SIGABRT, SIGTRAP, SIGSYS };
	for (size_t i = 0; i < sizeof synchronous / sizeof *synchronous; i++)
		sigdelset(&all, synchronous[i]);
	/* Reaping must not stop for the terminal's job control. */
	sigdelset(&all, SIGTTIN);
	sigdelset(&all, SIGTTOU);
	sigprocmask(SIG_SETMASK, &all, &inherited);
	signal(SIGTTIN, SIG_IGN);
	signal(SIGTTOU, SIG_IGN);

	pid_t child = fork();
	if (child < 0)
		return fail("fork", EXIT_FAILURE);
	if (child == 0) {
		signal(SIGTTIN, SIG_DFL);
		signal(SIGTTOU, SIG_DFL);
		run_command(command, &inherited);
	}
	for (;;) {
		siginfo_t info;
		int status;
		int number = sigwaitinfo(&all, &info);
		if (number < 0 && errno == EINTR)
			continue;
		if (number < 0)
			return fail("sigwaitinfo", EXIT_FAILURE);
		if (number != SIGCHLD)
			kill(child, number);
		/* SIGCHLD may be merged with others or ignored by the parent: look after every signal. */
		if (reap(child, &status))
			return status;
	}
}
