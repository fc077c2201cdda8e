#ifndef DVM_PROCESS_H
#define DVM_PROCESS_H

#include <sys/types.h>

#include "agent.h"
#include "frame.h"
#include "stream.h"
#include "wire.h"

#define PROCESS_LIMIT 512u
#define RLIMIT_COUNT 16u

struct limit {
    uint32_t resource;
    uint64_t soft;
    uint64_t hard;
};

/* What to run. Strings live in the request. */
struct process_spec {
    const uint8_t *bytes; /* as the host sent it */
    size_t byte_count;
    char **arguments;
    char **environment;
    const char *folder;
    const char *user;
    char **groups;
    size_t group_count;
    bool tty;
    uint32_t rows;
    uint32_t columns;
    bool wants_stdin;
    uint64_t capabilities;
    bool privileged;
    bool no_new_privileges;
    bool reaper;
    bool rehearsal; /* changes nothing, and runs a program of the agent's in the end */
    struct limit *limits;
    size_t limit_count;
};

/* The ends of a process's stdio that the process itself gets. */
struct stdio {
    int fds[3];
    int failure_fd; /* takes one struct failure, or is closed by a successful exec */
    int terminal_number;
};

struct process {
    struct process *next;
    uint32_t id;
    pid_t pid;
    bool is_main;
    bool tty;
    bool wants_stdin;
    bool attached; /* the host of this conversation knows it */
    bool exited;
    bool exit_sent;
    bool out_of_memory;
    uint32_t exit_code;
    uint32_t start_request; /* to be answered when exec has worked or failed; 0: nobody waits */
    struct source failure;
    bool started;
    struct input input;
    struct output output[2];
};

/*
 * Forks into the container's cgroup and into the pid namespace open at `*theirs`, or a new one. As
 * fork(): 0 in the child, -1 with errno.
 */
pid_t fork_into_pid_namespace(const int *theirs);

int process_read_spec(struct reader *reader, struct process_spec *spec, struct failure *failure);
/* Starts it; request `id` is answered when the program runs, or could not be run. */
int process_start(const struct process_spec *spec, bool is_main, uint32_t id,
                  struct failure *failure);
/* The same for a child of the agent's own, outside of the container, whose life is `run`. */
int process_start_own(void (*run)(const void *what, struct stdio *stdio), const void *what,
                      uint32_t id, struct failure *failure);
struct process *process_find(uint32_t id);
int process_resize(struct process *process, uint32_t rows, uint32_t columns,
                   struct failure *failure);
int process_signal(struct process *process, int number, struct failure *failure);
void process_release(struct process *process);
void process_take_frame(const struct frame *frame);

void processes_reaped(pid_t pid, int status);
void processes_detach(void);
void processes_pump(void);
/* Attaches all and tells about them. */
void processes_resume(struct writer *result);
/* Kills the container; its processes are reaped by the event loop later. */
void processes_kill(void);
/* The container's first process, or 0. */
pid_t main_process_pid(void);

#endif
