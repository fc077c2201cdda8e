#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>

#include "join.h"

/* What was not taken in time is not waited for: a child of the probe may keep the pipe for ever. */
#define READS_MAX 64

static void keep(struct probe *probe, const char *bytes, size_t count) {
    size_t room = sizeof probe->text - probe->used;
    size_t kept = count < room ? count : room;
    memcpy(probe->text + probe->used, bytes, kept);
    probe->used += kept;
    probe->is_cut |= kept < count;
}

static void output_ready(struct source *source, uint32_t events) {
    (void)events;
    struct probe *probe = (struct probe *)((char *)source - offsetof(struct probe, output));
    char bytes[4096];
    for (int reads = 0; reads < READS_MAX; reads++) {
        ssize_t count = read(source->fd, bytes, sizeof bytes);
        if (count > 0)
            keep(probe, bytes, (size_t)count);
        else if (count < 0 && errno == EINTR)
            continue;
        else if (count < 0 && errno == EAGAIN)
            return;
        else {
            loop_close(source);
            return;
        }
    }
}

static void failure_ready(struct source *source, uint32_t events) {
    (void)events;
    struct probe *probe = (struct probe *)((char *)source - offsetof(struct probe, failure));
    struct failure failure;
    enum telling told = failure_take(source, &failure);
    if (told == TELLING_NOTHING) {
        probe->is_started = true;
        probe->started(probe);
    }
    if (told != TELLING_FAILURE)
        return;
    probe->has_failed = true;
    probe->used = 0;
    keep(probe, failure.text, strlen(failure.text));
}

/* Both outputs go into one pipe, in the order in which they are written. */
static int join_outputs(struct stdio_pair *pair, struct failure *failure) {
    close_and_forget(&pair->agent[2]);
    close_and_forget(&pair->child.fds[2]);
    pair->child.fds[2] = fcntl(pair->child.fds[1], F_DUPFD_CLOEXEC, 3);
    return pair->child.fds[2] < 0 ? fail_errno(failure, "cannot join a probe's outputs") : 0;
}

int probe_begin(struct probe *probe, struct container *container, const struct process_spec *spec,
                struct failure *failure) {
    const struct place *place = &container->place;
    struct stdio_pair pair __attribute__((cleanup(stdio_pair_close))) = STDIO_PAIR_NONE;
    probe->is_started = probe->has_failed = probe->is_cut = false;
    probe->used = 0;
    if (stdio_pair_open(&pair, spec, place->root, failure) < 0 || join_outputs(&pair, failure) < 0)
        return -1;
    const struct joined joined = {place, container->first.pid,
                                  network_descriptor(container->network), &container->filter};
    pid_t pid = join_container(&joined, spec, &pair.child, failure);
    if (pid < 0)
        return -1;
    probe->pid = pid;
    probe->output = (struct source){.fd = pair.agent[1], .ready = output_ready};
    probe->failure = (struct source){.fd = pair.failure_read, .ready = failure_ready};
    pair.agent[1] = pair.failure_read = -1;
    loop_watch(&probe->output, EPOLLIN);
    loop_watch(&probe->failure, EPOLLIN);
    return 0;
}

void probe_kill(struct probe *probe) {
    if (probe->pid > 0)
        kill(probe->pid, SIGKILL);
}

void probe_ended(struct probe *probe) {
    probe->pid = 0;
    if (probe->failure.fd >= 0)
        failure_ready(&probe->failure, 0); /* all writers have gone: it says all there is */
    if (!probe->has_failed && probe->output.fd >= 0)
        output_ready(&probe->output, 0);
    loop_close(&probe->failure);
    loop_close(&probe->output);
}
