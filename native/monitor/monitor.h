#pragma once
/*
 * gantry-monitor: parent and reaper of one container, owner of its stdio, log, exit record and port sockets.
 * See PROTOCOL.md for what it speaks. Everything hangs on one `struct monitor`; one event is handled at a time, so an
 * object may be freed by its own handler.
 */
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <time.h>

#include "protocol.h"

#define PIPE_SIZE (256 * 1024)   /* of the container's stdio, and the most that one read takes */
#define PIECE_SIZE (16 * 1024)   /* Docker: longer lines are logged in pieces of this size */
#define ATTACH_LIMIT (1024 * 1024) /* an attached client further behind than this blocks the container */
#define GRACE_MS 1000            /* how long after the exit a surviving child may keep the pipes open */
#define IDLE_MS 1000             /* then memory is given back */
#define ORPHAN_MS 10000          /* a container that nobody starts or asks for is dropped after this time */

struct monitor;
struct watch;
typedef void watch_fn(struct monitor *m, struct watch *w, uint32_t events);

/* A descriptor in the event loop. Zeroed (with fd 0 unused) means: never started. */
struct watch {
	int fd;
	bool started, listed;
	uint32_t events;
	watch_fn *ready;
};

enum stream_kind { STREAM_STDIN = 0, STREAM_STDOUT = 1, STREAM_STDERR = 2 };

/* One output of a process. `carry` is the line that has no end yet (less than PIECE_SIZE). */
struct stream {
	struct watch watch; /* first: the handler casts */
	struct session *session;
	enum stream_kind kind;
	char *carry;
	size_t carried;
};

/* Its standard input: bytes that the pipe had no room for wait in `pending`. */
struct input {
	struct watch watch; /* first */
	struct session *session;
	struct buffer pending;
	bool ending; /* close when `pending` is written */
};

/* A client that gets the output and may send input. */
struct attacher {
	struct watch watch; /* first */
	struct watch socket; /* the client's own, when the daemon has handed it over: the output goes there */
	struct attacher *next;
	struct session *session;
	bool in, out, err, in_ended, closing;
	bool held; /* the output waits until the daemon has said where to */
	bool deaf; /* the client's own socket is closed */
	struct buffer queue;
};

/* A connection that has not said `attach`: it says hello and asks for things. */
struct client {
	struct watch watch; /* first */
	struct client *next;
	bool greeted, closing;
	struct buffer input, output;
};

struct logfile {
	int directory, fd;
	char *name, *attributes;
	off_t size, max_size;
	int max_files;
	unsigned long long dropped;
	int dropped_for; /* errno */
};

enum phase { PHASE_CREATED, PHASE_PREPARING, PHASE_READY, PHASE_STARTING, PHASE_RUNNING, PHASE_EXITED, PHASE_FAILED };

/* A process with its stdio: the container's own (id "") or an exec's. */
struct session {
	struct session *next;
	char *id;
	enum phase phase;
	bool tty, open_stdin, stdin_once, blocked, recorded;
	pid_t runtime, pid;
	int go; /* what lets the waiting runtime go on: its FIFO, or the stub's pipe */
	unsigned long long start_time;
	struct timespec started, finished;
	int status;
	int64_t grace_at;
	unsigned short rows, columns;
	struct watch console; /* listens for the runtime's pty */
	struct stream out, err;
	struct input in;
	struct attacher *attachers;
	struct logfile *log;
	char *pid_file, *error_file;
	struct client *starter; /* waits for the answer to its start */
	long long starter_seq;
	char *failure;
	int failure_number; /* errno, 0 when it is none */
};

struct reaped {
	pid_t pid;
	int status;
	struct timespec at;
};

#define REAPED_KEPT 64

struct monitor {
	int epoll, directory, runtime_fd;
	char *runtime_path;
	char boot_id[40];
	struct watch listener, signals, report, oom;
	struct session container;
	struct session *execs;
	struct client *clients;
	struct relay_port *ports;
	struct held_socket *held;
	int clients_count;
	bool visited, quit;
	bool early; /* the stub becomes the runtime at once, which waits for its spec in a FIFO */
	char *oom_file;
	unsigned long long oom_kills;
	int oom_counter;
	int64_t orphan_at, idle_at;
	char *scratch; /* read buffer, then the log's output buffer; the memory is given back when idle */
	struct reaped reaped[REAPED_KEPT];
	unsigned reaped_next;
};

static inline void free_text(char **text)
{
	__builtin_free(*text);
}
void close_fd(int *fd);
#define cleanup_text __attribute__((cleanup(free_text)))
#define cleanup_fd __attribute__((cleanup(close_fd)))
#define cleanup_buffer __attribute__((cleanup(buffer_free)))

/* loop.c */
bool watch_start(struct monitor *m, struct watch *w, int fd, uint32_t events, watch_fn *ready);
void watch_want(struct monitor *m, struct watch *w, uint32_t events);
void watch_pause(struct monitor *m, struct watch *w);
void watch_stop(struct monitor *m, struct watch *w);
int64_t now_ms(void);
/* Sends what there is room for; false when the other side is gone. */
bool buffer_send(struct buffer *b, int fd);
void loop_run(struct monitor *m);
void reset_signals(void);

/* spawner.c */
int spawner_run(int argc, char **argv);

/* spec.c: runtimes that wait for what they are to do */
bool spec_hold(struct monitor *m, struct session *s, const char *name);
bool spec_give(struct monitor *m, struct session *s, const char *given, const char *name);
void spec_withdraw(struct session *s);

/* start.c: the life of the monitor's own container up to its start */
int monitor_run(struct monitor *m, int listener, struct slice request);
void container_start(struct monitor *m, struct client *starter, long long seq, struct slice sockets);
void container_failed(struct monitor *m, int error, const char *text);
void quit(struct monitor *m);

/* netlink.c */
int netlink_open(void);
int netlink_request(int fd, struct slice messages);

/* stub.c */
struct stub {
	struct slice instructions, argv;
	const char *runtime_path;
	int stdio[3], go, report, runtime_fd;
	bool early;
};
_Noreturn void stub_run(struct stub *stub);
_Noreturn void become_runtime(const char *path, int fd, struct slice argv);
bool join_cgroup(const char *tasks);
int write_file(const char *path, const char *data, size_t size);
int join_namespace(const char *path);

/* users.c */
void give_streams(pid_t pid);
int make_users(int *users, char *const *arguments);
int join_users(int *users, const char *pid);
int show_users(int users, const char *target);
int shift_ids(int users, int tree);
int take_shifted(int users, const char *source, const char *target);
int act_as(const char *user, const char *group);

/* stdio.c */
bool stdio_open(struct monitor *m, struct session *s, int child[3]);
bool console_listen(struct monitor *m, struct session *s);
watch_fn console_arrived;
void stdio_close(struct monitor *m, struct session *s);
bool stdio_ended(const struct session *s);
void stdio_unblock(struct monitor *m, struct session *s);
void stdio_give_up(struct monitor *m, struct session *s);
void input_write(struct monitor *m, struct session *s, const char *data, size_t size);
void input_end(struct monitor *m, struct session *s);
bool resize(struct session *s, unsigned short rows, unsigned short columns);
/* Receives one byte; `descriptor` is what came with it, or −1. Returns as read(2). */
ssize_t receive_descriptor(int fd, int *descriptor);
char *scratch_get(struct monitor *m);
void scratch_release(struct monitor *m);

/* jsonlog.c: pure */
char *put(char *out, const char *text, size_t size);
char *jsonlog_escape(char *out, const char *in, size_t size);
size_t time_text(char out[40], const struct timespec *t);

/* logfile.c */
struct logfile *log_open(const char *path, off_t max_size, int max_files, const char *attributes);
void log_close(struct logfile *log);
/* Logs the whole lines of `data` (which begins with the carry); returns how many bytes are left without an end. */
size_t log_lines(struct logfile *log, enum stream_kind kind, struct slice data, bool end, struct slice room);

/* attach.c */
void attach_accept(struct monitor *m, struct client *c, struct session *s, struct slice flags);
void attach_broadcast(struct monitor *m, struct session *s, enum stream_kind kind, const char *data, size_t size);
void attach_resume_input(struct monitor *m, struct session *s);
void attach_finish(struct monitor *m, struct session *s);
void attach_free(struct monitor *m, struct attacher *a);

/* control.c */
void control_accept(struct monitor *m, struct watch *w, uint32_t events);
void control_close(struct monitor *m);
void control_send(struct monitor *m, struct client *c, struct buffer *fields);
void control_tell_all(struct monitor *m, struct buffer *fields);
void control_ok(struct monitor *m, struct client *c, long long seq);
void control_error(struct monitor *m, struct client *c, long long seq, const char *kind, int error, const char *text);

/* exec.c */
struct session *exec_find(struct monitor *m, struct slice id);
struct session *exec_new(struct monitor *m, struct slice id);
void exec_prepare(struct monitor *m, struct client *c, long long seq, struct slice request);
void exec_start(struct monitor *m, struct client *c, long long seq, struct slice request);
/* Back to one that nothing was done for; it may be started yet. */
void exec_withdraw(struct monitor *m, struct session *s);
void exec_free(struct monitor *m, struct session *s);
/* Frees execs that are over and delivered; called between events, so nobody holds one. */
void exec_sweep(struct monitor *m);

/* exit.c */
void reap(struct monitor *m, struct watch *w, uint32_t events);
void session_maybe_finish(struct monitor *m, struct session *s);
void put_started(struct buffer *fields, const struct session *s);
void put_exit(struct buffer *fields, const struct monitor *m, const struct session *s);
void monitor_maybe_leave(struct monitor *m);
bool write_record(struct monitor *m, const char *name, const char *text);

/* oom.c */
void oom_watch(struct monitor *m);
void oom_read(struct monitor *m);

struct sockaddr_any {
	socklen_t size;
	union {
		uint16_t family;
		char bytes[28];
	};
};

/* hold.c: sockets in the container's network namespace that live as long as the monitor */
void request_hold(struct monitor *m, struct client *c, long long seq, struct slice sockets);

/* ports.c, tcp.c, udp.c */
struct relay_port {
	struct watch watch; /* first */
	struct relay_port *next;
	bool udp;
	struct sockaddr_any address, target;
	struct udp_session *sessions;
	int sessions_count;
};
/* Binds all; on failure nothing is held, errno is set and `which` names the socket as `tcp 0.0.0.0:80`. */
bool ports_open(struct monitor *m, struct slice sockets, char which[96]);
bool parse_address(const char *ip, long long port, struct sockaddr_any *out);
/* A socket that listens; -1 with errno. */
int bind_socket(bool udp, const struct sockaddr_any *address);
void ports_serve(struct monitor *m);
void ports_close(struct monitor *m);
watch_fn tcp_accept, udp_receive;
void udp_forget(struct monitor *m, struct relay_port *port);
void udp_expire(struct monitor *m, int64_t now);
