#include "create.h"

#include <stdio.h>
#include <string.h>

#include "added_device.h"
#include "cgroup.h"
#include "device_rules.h"
#include "disk.h"
#include "limits.h"
#include "machine.h"
#include "mount.h"
#include "relay_door.h"
#include "share.h"

static bool is_any(void) {
    for (unsigned slot = 0; slot < CONTAINERS_MAX; slot++)
        if (container_at(slot) != NULL)
            return true;
    return false;
}

struct container *container_prepared(void) {
    for (unsigned slot = 0; slot < CONTAINERS_MAX; slot++) {
        struct container *container = container_at(slot);
        if (container != NULL && container->is_prepared)
            return container;
    }
    return NULL;
}

static int prepare_image(struct container *container, const struct preparation *preparation,
                         struct failure *failure) {
    if (root_join(&container->root, preparation->image_disk, preparation->scratch_disk, failure) <
        0)
        return -1;
    cleanup_close int root = root_open(&container->root, failure);
    if (root < 0 || etc_prepare(&container->etc, root, failure) < 0 ||
        first_process_enter(&container->first, failure) < 0)
        return -1;
    sync();
    return 0;
}

static int prepare(struct container *container, const struct preparation *preparation,
                   struct failure *failure) {
    char disk[DISK_PATH_MAX]; /* is remembered: the container's start needs not look for it */
    if (preparation->scratch_disk[0] != 0 &&
        disk_find(preparation->scratch_disk, disk, failure) < 0)
        return -1;
    if ((preparation->flags & PREPARE_SCRATCH) != 0 &&
        root_take_new_scratch(&container->root, preparation->scratch_disk, failure) < 0)
        return -1;
    if ((preparation->flags & PREPARE_IMAGE) != 0 &&
        prepare_image(container, preparation, failure) < 0)
        return -1;
    return network_add_cards(container->network, preparation->cards, preparation->card_count,
                             failure);
}

int container_prepare(const struct preparation *preparation, struct failure *failure) {
    if (is_any())
        return fail(failure, STATUS_CONFLICT, "cannot prepare the machine: it was done already");
    struct failure ignored; /* a kernel without FUSE serves who shares nothing */
    shares_mount(&ignored);
    struct container *container = container_make("", &(struct first_company){0}, failure);
    if (container == NULL)
        return -1;
    if (prepare(container, preparation, failure) < 0) {
        container_discard(container);
        return -1;
    }
    container->is_prepared = true;
    return 0;
}

static bool is_on_systems_folder(const struct guest_mount *mount) {
    static const char *const folders[] = {"/dev", "/proc", "/sys"};
    for (size_t index = 0; index < sizeof folders / sizeof *folders; index++) {
        size_t length = strlen(folders[index]);
        if (strncmp(mount->target, folders[index], length) == 0 &&
            (mount->target[length] == 0 || mount->target[length] == '/'))
            return true;
    }
    return false;
}

/* What a first process that is in its root can't be given any more. */
static bool needs_root_of_its_own(const struct container_setup *setup) {
    for (size_t index = 0; index < setup->mount_count; index++)
        if (is_on_systems_folder(&setup->mounts[index]))
            return true;
    return setup->privileged || setup->sysctls[0] != NULL || setup->confinement.has_own_paths ||
           setup->confinement.has_writable_cgroups;
}

static bool fits(const struct container *prepared, const struct container_setup *setup) {
    const struct root *root = &prepared->root;
    return setup->network[0] == 0 && setup->ipc[0] == 0 && setup->pid[0] == 0 &&
           (root->scratch_disk[0] == 0 || strcmp(root->scratch_disk, setup->scratch_disk) == 0) &&
           (root->image_disk[0] == 0 || strcmp(root->image_disk, setup->image_disk) == 0) &&
           (!root->joined || !needs_root_of_its_own(setup));
}

static struct container *take_prepared(const struct container_setup *setup) {
    struct container *prepared = container_prepared();
    if (prepared == NULL)
        return NULL;
    prepared->is_prepared = false;
    if (fits(prepared, setup))
        return prepared;
    container_discard(prepared);
    return NULL;
}

/* A rehearsal leaves no program behind: all that a cgroup has must agree. */
static int add_devices(const struct container *container, int root,
                       const struct confinement *confinement, bool is_rehearsal,
                       struct failure *failure) {
    struct device_rules rules = {.count = confinement->rule_count};
    if (rules.count > 0)
        memcpy(rules.list, confinement->rules, rules.count * sizeof *rules.list);
    for (size_t index = 0; index < confinement->device_count; index++)
        if (device_add(root, &confinement->devices[index], &rules, failure) < 0)
            return -1;
    if (is_rehearsal || confinement->has_all_devices)
        return 0;
    return device_rules_set(&container->place, &rules, failure);
}

static int make_root(struct container *container, const struct container_setup *setup,
                     bool is_rehearsal, struct failure *failure) {
    struct failure unused;
    const struct container *donor = setup->ipc[0] == 0 ? NULL : container_find(setup->ipc, &unused);
    cleanup_close int root =
        root_make(&container->root, setup, donor == NULL ? NULL : &donor->place, failure);
    if (root < 0)
        return -1;
    for (size_t index = 0; index < setup->mount_count; index++) {
        const struct guest_mount *mount = &setup->mounts[index];
        if (place_mount(root, container->place.slot, mount, failure) < 0)
            return -1;
        if (mount->kind == MOUNT_DISK &&
            root_keep_volume(&container->root, mount->share, failure) < 0)
            return -1;
    }
    if (add_devices(container, root, &setup->confinement, is_rehearsal, failure) < 0)
        return -1;
    return etc_make(&container->etc, root, setup, failure);
}

int container_configure(struct container *container, const struct creation *creation,
                        bool is_rehearsal, struct failure *failure) {
    const struct container_setup *setup = &creation->setup;
    if (strlen(setup->hostname) > HOST_NAME_MAX_BYTES ||
        strlen(setup->domainname) > HOST_NAME_MAX_BYTES)
        return fail(failure, STATUS_INVALID, "cannot set a host name longer than %u bytes",
                    HOST_NAME_MAX_BYTES);
    if (limits_set(&container->place, &setup->limits, failure) < 0 ||
        network_add_cards(container->network, setup->cards, setup->card_count, failure) < 0 ||
        (setup->relay[0] != 0 && !is_rehearsal &&
         relay_door_open(container->network, &container->place, setup->relay, failure) < 0) ||
        make_root(container, setup, is_rehearsal, failure) < 0 ||
        container_keep_filter(container, &setup->confinement.filter, failure) < 0)
        return -1;
    return first_process_set_up(&container->first, creation->bytes, creation->count, is_rehearsal,
                                failure);
}

void creation_read(struct reader *reader, struct creation *creation) {
    creation->bytes = reader->at;
    setup_read_container(reader, &creation->setup);
    creation->count = (size_t)(reader->at - creation->bytes);
}

static int check(const struct container_setup *setup, struct failure *failure) {
    if (!setup_name_is_legal(setup->id))
        return fail(failure, STATUS_INVALID, "cannot make container \"%.64s\": it is no name",
                    setup->id);
    if (!machine_is_set_up())
        return fail(failure, STATUS_CONFLICT, "cannot make a container: its machine is not set up");
    for (unsigned slot = 0; slot < CONTAINERS_MAX; slot++) {
        const struct container *other = container_at(slot);
        if (other != NULL && strcmp(other->id, setup->id) == 0)
            return fail(failure, STATUS_CONFLICT, "there is a container %s already", setup->id);
        if (other != NULL && !other->is_prepared &&
            strcmp(other->root.scratch_disk, setup->scratch_disk) == 0)
            return fail(failure, STATUS_CONFLICT, "cannot use disk %s: it is container %s's",
                        setup->scratch_disk, other->id);
    }
    return 0;
}

/* The first process of the container of this name, which is there; "": 0. */
static int find_first(const char *id, pid_t *first, struct failure *failure) {
    if (id[0] == 0)
        return 0;
    const struct container *container = container_find(id, failure);
    if (container == NULL)
        return -1;
    *first = container->first.pid;
    return *first > 0 ? 0
                      : fail(failure, STATUS_CONFLICT,
                             "cannot share a namespace of container %s: it has ended", id);
}

int container_create(const struct creation *creation, struct failure *failure) {
    const struct container_setup *setup = &creation->setup;
    struct first_company company = {0};
    if (check(setup, failure) < 0 || find_first(setup->ipc, &company.ipc, failure) < 0 ||
        find_first(setup->pid, &company.pid, failure) < 0)
        return -1;
    struct container *container = take_prepared(setup);
    if (container == NULL)
        container = container_make(setup->network, &company, failure);
    if (container == NULL)
        return -1;
    if (container_configure(container, creation, false, failure) < 0) {
        container_discard(container);
        return -1;
    }
    snprintf(container->id, sizeof container->id, "%s", setup->id);
    return 0;
}
