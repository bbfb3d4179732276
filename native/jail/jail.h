#ifndef GANTRY_JAIL_H
#define GANTRY_JAIL_H

/* Says on stderr what went wrong, with errno, and ends with 125. */
_Noreturn void fail(const char *what, const char *subject);

/* Takes a mount namespace of this process's own; a second call does nothing. */
void own_mounts(void);

/* PID START PATH TARGET FLAGS: what is mounted at PATH for that process, without what is mounted below it. */
void clone_tree(char **arguments);

/* SOURCE ROOT PATH FLAGS: binds SOURCE at PATH, which is resolved inside of ROOT and made when it is missing. */
void bind_inside(char **arguments);

#endif
