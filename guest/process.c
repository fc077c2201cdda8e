#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "channel.h"
#include "container.h"
#include "stand_by.h"
#include "stdio_pair.h"

static struct process *processes;
static uint32_t process_count;
static uint32_t last_id;

struct process *process_find(uint32_t id) {
    struct process *process = processes;
    while (process != NULL && process->id != id)
        process = process->next;
    return process;
}

static struct process *find_main(void) {
    struct process *process = processes;
    while (process != NULL && (!process->is_main || process->exited))
        process = process->next;
    return process;
}

pid_t main_process_pid(void) {
    struct process *process = find_main();
    return process == NULL ? 0 : process->pid;
}

static void process_free(struct process *process) {
    struct process **link = &processes;
    while (*link != process)
        link = &(*link)->next;
    *link = process->next;
    process_count--;
    loop_close(&process->failure);
    input_close(&process->input);
    output_close(&process->output[0]);
    output_close(&process->output[1]);
    free(process);
}

void process_release(struct process *process) {
    if (process->exited)
        process_free(process);
}

/* The host should release what has ended; when it doesn't, the oldest is forgotten. */
static bool make_room(void) {
    if (process_count < PROCESS_LIMIT)
        return true;
    struct process *oldest = NULL;
    for (struct process *process = processes; process != NULL; process = process->next)
        if (process->exited && !process->is_main)
            oldest = process;
    if (oldest != NULL)
        process_free(oldest);
    return oldest != NULL;
}

static void answer_started(struct process *process) {
    uint8_t first[64];
    struct writer result = {.bound = sizeof first, .first = first, .first_room = sizeof first};
    write_u32(&result, process->id);
    write_u32(&result, (uint32_t)process->pid);
    channel_reply(process->start_request, &result);
    process->attached = process->start_request != 0;
    process->start_request = 0;
    process->started = true;
}

/* Reads what the child says: nothing means that its program runs. May free the process. */
static void failure_ready(struct source *source, uint32_t events) {
    (void)events;
    struct process *process =
        (struct process *)((char *)source - offsetof(struct process, failure));
    struct failure failure;
    ssize_t count = read(source->fd, &failure, sizeof failure);
    if (count < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    loop_close(source);
    if (count != (ssize_t)sizeof failure) {
        answer_started(process);
        return;
    }
    failure.text[sizeof failure.text - 1] = 0;
    channel_reply_failure(process->start_request, &failure);
    process_free(process);
}

static int take_streams(struct process *process, struct stdio_pair *pair) {
    int broken = input_open(&process->input, pair->agent[0], process->tty);
    broken |= output_open(&process->output[0], pair->agent[1]);
    broken |= output_open(&process->output[1], pair->agent[2]);
    pair->agent[0] = pair->agent[1] = pair->agent[2] = -1;
    return broken;
}

static struct process *process_add(const struct process_spec *spec, bool is_main, uint32_t id) {
    struct process *process = calloc(1, sizeof *process);
    if (process == NULL)
        return NULL;
    process->id = ++last_id & 0x3fffffff;
    process->is_main = is_main;
    process->tty = spec->tty;
    process->wants_stdin = spec->wants_stdin;
    process->start_request = id;
    process->failure.fd = -1;
    process->input.source.fd = -1;
    process->output[0].source.fd = process->output[1].source.fd = -1;
    process->next = processes;
    processes = process;
    process_count++;
    return process;
}

/* Moving into a cgroup later waits for a grace period: by emulation ten milliseconds. */
static pid_t fork_into_cgroup(const char *path) {
    cleanup_close int cgroup = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct clone_args arguments = {
        .flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = (uint64_t)cgroup};
    return cgroup < 0 ? -1 : (pid_t)syscall(SYS_clone3, &arguments, sizeof arguments);
}

/* The cgroup of the main process, which may have moved into one that it made below its own. */
static int find_main_cgroup(char *path, size_t room) {
    char name[64], text[4096];
    snprintf(name, sizeof name, "/proc/%d/cgroup", main_process_pid());
    if (read_file(name, text, sizeof text) <= 0)
        return -1;
    static const char own[] = "0::/container/";
    char *end = strchr(text, '\n');
    if (end == NULL || strncmp(text, own, sizeof own - 1) != 0)
        return -1;
    *end = 0;
    return (size_t)snprintf(path, room, "/sys/fs/cgroup%s", text + strlen("0::")) < room ? 0 : -1;
}

/* A cgroup whose children have controllers may hold no process itself: then it's the main one's. */
static pid_t fork_into_container_cgroup(void) {
    char path[4096];
    pid_t pid = fork_into_cgroup(CONTAINER_CGROUP);
    if (pid >= 0 || (errno != EBUSY && errno != EOPNOTSUPP))
        return pid;
    int number = errno;
    if (find_main_cgroup(path, sizeof path) == 0)
        return fork_into_cgroup(path);
    errno = number;
    return -1;
}

pid_t fork_into_pid_namespace(const int *theirs) {
    cleanup_close int own = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
    if (own < 0 || (theirs == NULL ? unshare(CLONE_NEWPID) : setns(*theirs, CLONE_NEWPID)) < 0)
        return -1;
    pid_t pid = fork_into_container_cgroup();
    int number = errno;
    if (pid != 0 && setns(own, CLONE_NEWPID) < 0)
        give_up("cannot return to the agent's pid namespace: %s", strerror(errno));
    errno = number;
    return pid;
}

/* Forks a further process into the container. */
static pid_t fork_into_container(const struct process_spec *spec, struct stdio *stdio,
                                 struct failure *failure) {
    cleanup_close int theirs = container_open_namespace("pid");
    pid_t pid = theirs < 0 ? -1 : fork_into_pid_namespace(&theirs);
    if (pid == 0)
        container_child(spec, stdio, false);
    return pid < 0 ? fail_errno(failure, "cannot start a process") : pid;
}

/* With its streams open; `pair->child` is for the one who will be it. */
static struct process *process_make(const struct process_spec *spec, bool is_main, uint32_t id,
                                    struct stdio_pair *pair, struct failure *failure) {
    if (!make_room()) {
        fail(failure, STATUS_UNAVAILABLE, "cannot start a process: %u run already", PROCESS_LIMIT);
        return NULL;
    }
    if (stdio_pair_open(pair, spec, failure) < 0)
        return NULL;
    struct process *process = process_add(spec, is_main, id);
    if (process == NULL) {
        fail_errno(failure, "cannot start a process");
        return NULL;
    }
    process->failure = (struct source){.fd = pair->failure_read, .ready = failure_ready};
    pair->failure_read = -1;
    if (take_streams(process, pair) < 0) {
        fail_errno(failure, "cannot start a process");
        process_free(process);
        return NULL;
    }
    return process;
}

/* After the fork, or what went wrong in place of it. */
static int process_begin(struct process *process, pid_t pid) {
    if (pid < 0) {
        process_free(process);
        return -1;
    }
    process->pid = pid;
    loop_watch(&process->failure, EPOLLIN);
    return 0;
}

int process_start(const struct process_spec *spec, bool is_main, uint32_t id,
                  struct failure *failure) {
    if (is_main && find_main() != NULL)
        return fail(failure, STATUS_CONFLICT, "cannot start the container: it runs already");
    if (!is_main && find_main() == NULL)
        return fail(failure, STATUS_CONFLICT, "cannot exec: the container does not run");
    struct stdio_pair pair __attribute__((cleanup(stdio_pair_close))) = STDIO_PAIR_NONE;
    struct process *process = process_make(spec, is_main, id, &pair, failure);
    if (process == NULL)
        return -1;
    return process_begin(process, is_main ? stand_by_start(spec, &pair.child, failure)
                                          : fork_into_container(spec, &pair.child, failure));
}

int process_start_own(void (*run)(const void *what, struct stdio *stdio), const void *what,
                      uint32_t id, struct failure *failure) {
    const struct process_spec spec = {.wants_stdin = true};
    struct stdio_pair pair __attribute__((cleanup(stdio_pair_close))) = STDIO_PAIR_NONE;
    struct process *process = process_make(&spec, false, id, &pair, failure);
    if (process == NULL)
        return -1;
    pid_t pid = fork();
    if (pid == 0) {
        run(what, &pair.child);
        _exit(126);
    }
    return process_begin(process, pid < 0 ? fail_errno(failure, "cannot start a process") : pid);
}

int process_resize(struct process *process, uint32_t rows, uint32_t columns,
                   struct failure *failure) {
    struct winsize size = {.ws_row = (uint16_t)rows, .ws_col = (uint16_t)columns};
    if (!process->tty)
        return fail(failure, STATUS_INVALID, "cannot resize: the process has no terminal");
    int fd = process->output[0].source.fd;
    if (fd >= 0 && ioctl(fd, TIOCSWINSZ, &size) < 0)
        return fail_errno(failure, "cannot resize the terminal");
    return 0;
}

int process_signal(struct process *process, int number, struct failure *failure) {
    if (process->exited)
        return fail(failure, STATUS_CONFLICT, "cannot signal: the process has ended");
    if (kill(process->pid, number) < 0)
        return fail_errno(failure, "cannot send signal %d", number);
    return 0;
}

void processes_kill(void) {
    for (struct process *process = processes; process != NULL; process = process->next)
        if (!process->exited)
            kill(process->pid, SIGKILL);
}

void processes_reaped(pid_t pid, int status) {
    struct process *process = processes;
    while (process != NULL && (process->pid != pid || process->exited))
        process = process->next;
    if (process == NULL)
        return;
    process->exited = true;
    process->exit_code =
        WIFSIGNALED(status) ? 128u + (uint32_t)WTERMSIG(status) : (uint32_t)WEXITSTATUS(status);
    process->out_of_memory = process->exit_code == 128 + SIGKILL && container_ran_out_of_memory();
    input_drop(&process->input);
    if (process->failure.fd >= 0)
        failure_ready(&process->failure, 0); /* all writers have gone: it says all there is */
}

void processes_detach(void) {
    for (struct process *process = processes; process != NULL; process = process->next) {
        process->attached = false;
        process->start_request = 0;
    }
}

static void send_exit(struct process *process) {
    uint8_t payload[5];
    put_u32(payload, process->exit_code);
    payload[4] = process->out_of_memory;
    channel_send(FRAME_EXIT, process->id << 2, payload, sizeof payload, NULL, 0);
    process->exit_sent = true;
}

static bool process_pump(struct process *process) {
    if (!process->attached)
        return false;
    uint32_t id = process->id << 2;
    bool sent = input_pump(&process->input, id | CHANNEL_STDIN);
    sent |= output_pump(&process->output[0], id | CHANNEL_STDOUT);
    sent |= output_pump(&process->output[1], id | CHANNEL_STDERR);
    if (process->exited && !process->exit_sent) {
        send_exit(process);
        sent = true;
    }
    return sent;
}

void processes_pump(void) {
    bool sent = true;
    while (sent) {
        sent = false;
        for (struct process *process = processes; process != NULL; process = process->next) {
            if (!channel_has_room())
                return;
            sent |= process_pump(process);
        }
    }
}

void process_take_frame(const struct frame *frame) {
    struct process *process = process_find(frame->id >> 2);
    uint32_t channel = frame->id & 3;
    if (process == NULL || !process->attached || frame->length < 8 || channel > CHANNEL_STDERR)
        return; /* it has ended meanwhile */
    uint64_t offset = get_u64(frame->payload);
    if (frame->type == FRAME_ACK && channel != CHANNEL_STDIN && frame->length == 12)
        output_take_ack(&process->output[channel - 1], offset, get_u32(frame->payload + 8));
    else if (frame->type == FRAME_DATA && channel == CHANNEL_STDIN)
        input_take_data(&process->input, offset, frame->payload + 8, frame->length - 8);
    else if (frame->type == FRAME_END && channel == CHANNEL_STDIN)
        input_take_end(&process->input);
}

void processes_resume(struct writer *result) {
    uint32_t count = 0;
    for (struct process *process = processes; process != NULL; process = process->next)
        count += process->started;
    write_u32(result, count);
    for (struct process *process = processes; process != NULL; process = process->next) {
        if (!process->started)
            continue;
        write_u32(result, process->id);
        write_u32(result, (uint32_t)process->pid);
        write_u8(result, (uint8_t)((process->is_main ? PROCESS_MAIN : 0) |
                                   (process->tty ? PROCESS_TTY : 0) |
                                   (process->wants_stdin ? PROCESS_STDIN : 0)));
        write_u64(result, process->input.ring.end);
        write_u64(result, process->output[0].ring.start);
        write_u64(result, process->output[1].ring.start);
        process->attached = true;
        process->exit_sent = false;
        input_rewind(&process->input);
        output_rewind(&process->output[0]);
        output_rewind(&process->output[1]);
    }
}
