#include "share.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "port.h"
#include "share_relay.h"

/* the guest's kernel judges who may do what, by owners and modes as the host gives them */
#define OPTIONS "rootmode=40000,user_id=0,group_id=0,default_permissions,allow_other"

static bool is_mounted, is_used;

int shares_mount(struct failure *failure) {
    if (is_mounted)
        return 0;
    cleanup_close int port = port_open(DVM_FILES_PORT_NAME);
    if (port < 0)
        return fail_errno(failure, "cannot share files of the host: no port " DVM_FILES_PORT_NAME);
    cleanup_close int fuse = open("/dev/fuse", O_RDWR | O_CLOEXEC);
    if (fuse < 0)
        return fail_errno(failure, "cannot share files of the host: /dev/fuse");
    char options[128];
    snprintf(options, sizeof options, "fd=%d," OPTIONS, fuse);
    mkdir(SHARES_FOLDER, 0700);
    if (mount("dvm", SHARES_FOLDER, "fuse", 0, options) < 0)
        return fail_errno(failure, "cannot share files of the host");
    if (share_relay_start(fuse, port, failure) < 0) {
        umount2(SHARES_FOLDER, MNT_DETACH);
        return -1;
    }
    is_mounted = true;
    return 0;
}

void share_path(const char *name, char *path, size_t room) {
    snprintf(path, room, SHARES_FOLDER "/%s", name);
}

int share_open(const char *name, struct failure *failure) {
    char path[sizeof SHARES_FOLDER + DVM_SHARE_NAME_MAX + 2];
    if (strchr(name, '/') != NULL || name[0] == 0 || name[0] == '.' ||
        strlen(name) > DVM_SHARE_NAME_MAX)
        return fail(failure, STATUS_INVALID, "cannot use share \"%.64s\": it is no name", name);
    if (shares_mount(failure) < 0)
        return -1;
    is_used = true;
    share_path(name, path, sizeof path);
    int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    return fd < 0 ? fail_errno(failure, "cannot use share %s", name) : fd;
}

void shares_sync(void) {
    /* nobody may be there to answer before they are used */
    cleanup_close int folder =
        is_used ? open(SHARES_FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (folder >= 0)
        syncfs(folder);
}
