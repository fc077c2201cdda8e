#include "special_mount.h"

#include <stdio.h>
#include <string.h>

#include "bind.h"
#include "connector.h"
#include "devices.h"
#include "inside.h"

static int bind_file(int root, const char *source, const struct guest_mount *mount,
                     struct failure *failure) {
    cleanup_close int target = make_file_in(root, mount->target, failure);
    return target < 0 ? -1 : bind_on(source, target, mount->read_only, failure);
}

int place_socket(int root, unsigned slot, const struct guest_mount *mount,
                 struct failure *failure) {
    struct socket_setup setup;
    char path[SOCKET_PATH_MAX];
    int used = 0;
    /* 64 is DVM_NAME_MAX */
    if (sscanf(mount->options, "%o,%u,%u,%64s%n", &setup.mode, &setup.uid, &setup.gid, setup.name,
               &used) != 4 ||
        mount->options[used] != 0)
        return fail(failure, STATUS_INVALID,
                    "cannot make the socket at %s: \"%.128s\" says nothing", mount->target,
                    mount->options);
    if (connector_add_socket(&setup, slot, path, failure) < 0)
        return -1;
    return bind_file(root, path, mount, failure);
}

int place_device(int root, const struct guest_mount *mount, struct failure *failure) {
    char path[32];
    if (!device_is_everyones(mount->options))
        return fail(failure, STATUS_INVALID,
                    "cannot mount device \"%.16s\" on %s: it is none that "
                    "every container has",
                    mount->options, mount->target);
    snprintf(path, sizeof path, "/dev/%s", mount->options);
    return bind_file(root, path, mount, failure);
}
