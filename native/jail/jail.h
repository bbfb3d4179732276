#ifndef GANTRY_JAIL_H
#define GANTRY_JAIL_H

/* A flag of a bind that mount(2) does not have. */
#define SHIFTED (1UL << 29)

/* Says on stderr what went wrong, with errno, and ends with 125. */
_Noreturn void fail(const char *what, const char *subject);

/* Takes a mount namespace of this process's own; a second call does nothing. */
void own_mounts(void);

/* FD PATH TARGET FLAGS: what is mounted at PATH in that mount namespace, without what is mounted below it. */
void clone_tree(char **arguments);

/* SOURCE ROOT PATH FLAGS: binds SOURCE at PATH, which is resolved inside of ROOT and made when it is missing. */
void bind_inside(char **arguments);

/*
 * FD UID GID: trees show owners of the user namespace that FD is open on. Binds with SHIFTED do so too from now on,
 * and the program is run as this user.
 */
void hold_users(char **arguments);

/* Becomes the user of hold_users, with all capabilities; nothing without one. Says whether it did. */
int become_user(void);

#endif
