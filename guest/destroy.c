#include "destroy.h"

#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <sys/wait.h>

#include "cgroup.h"
#include "channel.h"
#include "health.h"
#include "process_io.h"
#include "process_life.h"

#define END_DEADLINE_S 10
#define SHUT_DOWN_DEADLINE_MS 5000

static bool has_processes(const struct container *container) {
    return container->first.pid > 0 || processes_run(container->place.slot) ||
           health_runs(container);
}

static void answer(struct container *container, const struct failure *failure) {
    struct writer nothing = {.bound = 8};
    if (failure != NULL)
        channel_reply_failure(container->destroy_request, failure);
    else
        channel_reply(container->destroy_request, &nothing);
    container->destroy_request = 0;
    container->is_ending = false;
    loop_close(&container->deadline);
}

static void finish_if_gone(struct container *container) {
    struct failure failure;
    if (has_processes(container))
        return;
    processes_forget(container->place.slot);
    answer(container, container_free(container, &failure) < 0 ? &failure : NULL);
}

static void deadline_ready(struct source *source, uint32_t events) {
    (void)events;
    struct failure failure;
    struct container *container =
        (struct container *)((char *)source - offsetof(struct container, deadline));
    fail(&failure, STATUS_UNAVAILABLE, "cannot end container %s: a process of it doesn't end",
         container->id);
    answer(container, &failure);
}

static void watch_deadline(struct container *container) {
    const struct itimerspec due = {.it_value = {.tv_sec = END_DEADLINE_S}};
    container->deadline = (struct source){
        .fd = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC), .ready = deadline_ready};
    if (container->deadline.fd < 0 || timerfd_settime(container->deadline.fd, 0, &due, NULL) < 0)
        complain("cannot watch how long a container takes to end");
    else
        loop_watch(&container->deadline, EPOLLIN);
}

static void kill_all(struct container *container) {
    struct failure ignored; /* one that can't be thawed dies all the same */
    cgroup_freeze(&container->place, false, &ignored);
    processes_kill(container->place.slot);
    health_end(container);
    first_process_kill(&container->first);
}

void container_destroy(struct container *container, uint32_t request) {
    container->destroy_request = request;
    if (!container->is_ending) {
        container->is_ending = true;
        kill_all(container);
        watch_deadline(container);
    }
    finish_if_gone(container);
}

static struct container *container_of_first(pid_t pid) {
    for (unsigned slot = 0; slot < CONTAINERS_MAX; slot++) {
        struct container *container = container_at(slot);
        if (container != NULL && container->first.pid == pid)
            return container;
    }
    return NULL;
}

static void take_exit(struct process *process, int status) {
    uint32_t code = process_exit_code(status);
    struct container *container = container_at(process->slot);
    process_ended(process, code,
                  code == 128 + SIGKILL && container != NULL &&
                      container_ran_out_of_memory(container));
}

static void take_end(pid_t pid, int status) {
    struct container *container = container_of_first(pid);
    struct process *process = process_of_pid(pid);
    if (container != NULL) {
        first_process_ended(&container->first);
        health_end(container);
    }
    if (process != NULL)
        take_exit(process, status);
    else
        health_take_exit(pid, status);
}

void children_reap(void) {
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        take_end(pid, status);
    for (unsigned slot = 0; slot < CONTAINERS_MAX; slot++) {
        struct container *container = container_at(slot);
        if (container != NULL && container->is_ending)
            finish_if_gone(container);
    }
}

static bool are_gone(const void *unused) {
    (void)unused;
    children_reap();
    for (unsigned slot = 0; slot < CONTAINERS_MAX; slot++)
        if (container_at(slot) != NULL && has_processes(container_at(slot)))
            return false;
    return true;
}

void containers_end(void) {
    struct failure failure;
    for (unsigned slot = 0; slot < CONTAINERS_MAX; slot++)
        if (container_at(slot) != NULL)
            kill_all(container_at(slot));
    bool gone = wait_until(are_gone, NULL, SHUT_DOWN_DEADLINE_MS);
    sync();
    for (unsigned slot = 0; slot < CONTAINERS_MAX; slot++) {
        struct container *container = container_at(slot);
        if (container != NULL && (!gone || root_unmount(&container->root, &failure) < 0))
            root_abandon(&container->root);
    }
    sync();
}

void containers_detach(void) {
    for (unsigned slot = 0; slot < CONTAINERS_MAX; slot++)
        if (container_at(slot) != NULL)
            container_at(slot)->destroy_request = 0;
}
