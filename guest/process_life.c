#include "process_life.h"

#include <sys/epoll.h>
#include <sys/wait.h>

#include "channel.h"

static void answer_started(struct process *process) {
    uint8_t first[64];
    struct writer result = {.bound = sizeof first, .first = first, .first_room = sizeof first};
    write_u32(&result, process->id);
    write_u32(&result, (uint32_t)process->pid);
    channel_reply(process->start_request, &result);
    process->attached = process->start_request != 0;
    process->start_request = 0;
    process->started = true;
    process->started_ms = uptime_ms();
}

/* May free the process. */
static void failure_ready(struct source *source, uint32_t events) {
    (void)events;
    struct process *process =
        (struct process *)((char *)source - offsetof(struct process, failure));
    struct failure failure;
    enum telling told = failure_take(source, &failure);
    if (told == TELLING_NOTHING)
        answer_started(process);
    if (told != TELLING_FAILURE)
        return;
    channel_reply_failure(process->start_request, &failure);
    process_free(process);
}

static int take_streams(struct process *process, struct stdio_pair *pair) {
    int broken = input_open(&process->input, pair->agent[0], process->tty);
    broken |= output_open(&process->output[0], pair->agent[1], process->tty);
    broken |= output_open(&process->output[1], pair->agent[2], process->tty);
    pair->agent[0] = pair->agent[1] = pair->agent[2] = -1;
    return broken;
}

struct process *process_make(const struct process_spec *spec, unsigned slot, const char *root,
                             uint32_t id, struct stdio_pair *pair, struct failure *failure) {
    if (stdio_pair_open(pair, spec, root, failure) < 0)
        return NULL;
    struct process *process = process_add(failure);
    if (process == NULL)
        return NULL;
    process->slot = slot;
    process->tty = spec->tty;
    process->wants_stdin = spec->wants_stdin;
    process->start_request = id;
    process->failure = (struct source){.fd = pair->failure_read, .ready = failure_ready};
    pair->failure_read = -1;
    if (take_streams(process, pair) < 0) {
        fail_errno(failure, "cannot start a process");
        process_free(process);
        return NULL;
    }
    return process;
}

int process_begin(struct process *process, pid_t pid) {
    if (pid < 0) {
        process_free(process);
        return -1;
    }
    process->pid = pid;
    loop_watch(&process->failure, EPOLLIN);
    return 0;
}

uint32_t process_exit_code(int status) {
    return WIFSIGNALED(status) ? 128u + (uint32_t)WTERMSIG(status) : (uint32_t)WEXITSTATUS(status);
}

void process_ended(struct process *process, uint32_t exit_code, bool out_of_memory) {
    process->exited = true;
    process->exit_code = exit_code;
    process->out_of_memory = out_of_memory;
    loop_close(&process->held_for);
    input_drop(&process->input);
    if (process->failure.fd >= 0)
        failure_ready(&process->failure, 0); /* all writers have gone: it says all there is */
}
