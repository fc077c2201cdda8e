#include "container.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "cgroup.h"
#include "connector.h"
#include "share.h"

static struct container containers[CONTAINERS_MAX];

struct container *container_at(unsigned slot) {
    return slot < CONTAINERS_MAX && containers[slot].is_used ? &containers[slot] : NULL;
}

struct container *container_find(const char *id, struct failure *failure) {
    for (unsigned slot = 0; slot < CONTAINERS_MAX; slot++)
        if (containers[slot].is_used && id[0] != 0 && strcmp(containers[slot].id, id) == 0)
            return &containers[slot];
    fail(failure, STATUS_NOT_FOUND, "there is no container \"%.64s\"", id);
    return NULL;
}

enum container_state container_state(const struct container *container) {
    if (container->first.pid == 0)
        return CONTAINER_ENDED;
    return container->first.is_started ? CONTAINER_STARTED : CONTAINER_CREATED;
}

/* /sys shows the network namespace of who mounts it, and a fork is in its parent's. */
static int make_in_network(struct container *container, const struct first_company *company,
                           struct failure *failure) {
    if (network_enter(container->network, failure) < 0)
        return -1;
    int result = root_prepare(&container->root, failure);
    if (result == 0)
        result = first_process_make(&container->first, &container->place, company, failure);
    network_leave(container->network);
    return result;
}

static int make(struct container *container, const char *network,
                const struct first_company *company, struct failure *failure) {
    if (cgroup_mount(failure) < 0 || cgroup_make(&container->place, failure) < 0)
        return -1;
    container->network = network_take(network, failure);
    return container->network == NULL ? -1 : make_in_network(container, company, failure);
}

/* An image is read only: others may have it mounted too. */
static bool shares_image(const struct container *container) {
    for (unsigned slot = 0; slot < CONTAINERS_MAX; slot++)
        if (containers[slot].is_used && &containers[slot] != container &&
            strcmp(containers[slot].root.image_disk, container->root.image_disk) == 0)
            return true;
    return false;
}

static void drop_filter(struct container *container) {
    free((void *)(uintptr_t)container->filter.bytes);
    container->filter = (struct system_call_filter){0};
}

int container_keep_filter(struct container *container, const struct system_call_filter *filter,
                          struct failure *failure) {
    drop_filter(container);
    if (filter->count == 0)
        return 0;
    uint8_t *bytes = malloc(filter->count);
    if (bytes == NULL)
        return fail_errno(failure, "cannot keep the container's filter of system calls");
    memcpy(bytes, filter->bytes, filter->count);
    container->filter = *filter;
    container->filter.bytes = bytes;
    return 0;
}

int container_free(struct container *container, struct failure *failure) {
    etc_close(&container->etc);
    loop_close(&container->memory);
    drop_filter(container);
    if (shares_image(container))
        container->root.image_disk[0] = 0;
    if (root_unmount(&container->root, failure) < 0)
        return -1;
    shares_sync();
    connector_release(container->place.slot);
    if (container->network != NULL)
        network_release(container->network, container->id[0] != 0);
    container->network = NULL;
    if (cgroup_remove(&container->place, failure) < 0)
        return -1;
    container->is_used = false;
    return 0;
}

void container_discard(struct container *container) {
    struct failure failure;
    pid_t pid = container->first.pid;
    first_process_kill(&container->first);
    if (pid > 0)
        waitpid(pid, NULL, 0);
    first_process_ended(&container->first);
    if (container_free(container, &failure) < 0)
        complain("cannot give a container up: %s", failure.text);
}

/* One that the host doesn't know, and that could not be taken away when it was given up. */
static bool is_left_over(const struct container *container) {
    return container->id[0] == 0 && !container->is_prepared;
}

static struct container *find_slot(void) {
    struct failure failure;
    for (unsigned slot = 0; slot < CONTAINERS_MAX; slot++)
        if (!containers[slot].is_used)
            return &containers[slot];
    for (unsigned slot = 0; slot < CONTAINERS_MAX; slot++)
        if (is_left_over(&containers[slot]) && container_free(&containers[slot], &failure) == 0)
            return &containers[slot];
    return NULL;
}

static struct container *take_slot(struct failure *failure) {
    struct container *container = find_slot();
    if (container == NULL) {
        fail(failure, STATUS_UNAVAILABLE, "cannot make a container: there are %u already",
             CONTAINERS_MAX);
        return NULL;
    }
    *container = (struct container){
        .is_used = true, .deadline = {.fd = -1}, .memory = {.fd = -1}, .first = {.socket = -1}};
    place_of((unsigned)(container - containers), &container->place);
    container->root.place = &container->place;
    etc_init(&container->etc, &container->place);
    return container;
}

struct container *container_make(const char *network, const struct first_company *company,
                                 struct failure *failure) {
    struct container *container = take_slot(failure);
    if (container == NULL || make(container, network, company, failure) == 0)
        return container;
    container_discard(container);
    return NULL;
}

bool container_ran_out_of_memory(struct container *container) {
    unsigned long kills = cgroup_memory_kills(&container->place);
    bool news = kills > container->memory_kills;
    container->memory_kills = kills;
    return news;
}
