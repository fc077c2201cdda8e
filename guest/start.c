#include "start.h"

#include "join.h"
#include "memory.h"
#include "process_life.h"
#include "settle.h"

int container_start(struct container *container, const struct process_spec *spec, uint32_t request,
                    struct failure *failure) {
    if (container->first.is_started)
        return fail(failure, STATUS_CONFLICT, "cannot start the container: it was started already");
    struct stdio_pair pair __attribute__((cleanup(stdio_pair_close))) = STDIO_PAIR_NONE;
    const struct place *place = &container->place;
    struct process *process = process_make(spec, place->slot, place->root, request, &pair, failure);
    if (process == NULL)
        return -1;
    process->is_main = true;
    memory_watch(container);
    container_settles(container);
    pid_t pid = first_process_start(&container->first, spec, &pair.child, failure);
    return process_begin(process, pid);
}

int container_exec(struct container *container, const struct process_spec *spec, uint32_t request,
                   struct failure *failure) {
    if (container_state(container) != CONTAINER_STARTED)
        return fail(failure, STATUS_CONFLICT, "cannot exec: the container does not run");
    struct stdio_pair pair __attribute__((cleanup(stdio_pair_close))) = STDIO_PAIR_NONE;
    const struct place *place = &container->place;
    struct process *process = process_make(spec, place->slot, place->root, request, &pair, failure);
    if (process == NULL)
        return -1;
    const struct joined joined = {place, container->first.pid,
                                  network_descriptor(container->network), &container->filter};
    return process_begin(process, join_container(&joined, spec, &pair.child, failure));
}
