#include "process.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>

static struct process *processes;
static uint32_t process_count;
static uint32_t last_id;

struct process *processes_first(void) {
    return processes;
}

struct process *process_find(uint32_t id) {
    struct process *process = processes;
    while (process != NULL && process->id != id)
        process = process->next;
    return process;
}

struct process *process_of_pid(pid_t pid) {
    struct process *process = processes;
    while (process != NULL && (process->pid != pid || process->exited))
        process = process->next;
    return process;
}

void process_free(struct process *process) {
    struct process **link = &processes;
    while (*link != process)
        link = &(*link)->next;
    *link = process->next;
    process_count--;
    loop_close(&process->failure);
    loop_close(&process->held_for);
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

struct process *process_add(struct failure *failure) {
    if (!make_room()) {
        fail(failure, STATUS_UNAVAILABLE, "cannot start a process: %u run already", PROCESS_LIMIT);
        return NULL;
    }
    struct process *process = calloc(1, sizeof *process);
    if (process == NULL) {
        fail_errno(failure, "cannot start a process");
        return NULL;
    }
    process->id = ++last_id & 0x3fffffff;
    process->failure.fd = process->held_for.fd = -1;
    process->input.source.fd = -1;
    process->output[0].source.fd = process->output[1].source.fd = -1;
    process->next = processes;
    processes = process;
    process_count++;
    return process;
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

void processes_kill(unsigned slot) {
    for (struct process *process = processes; process != NULL; process = process->next)
        if (process->slot == slot && !process->exited)
            kill(process->pid, SIGKILL);
}

bool processes_run(unsigned slot) {
    for (struct process *process = processes; process != NULL; process = process->next)
        if (process->slot == slot && !process->exited)
            return true;
    return false;
}
