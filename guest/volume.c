#include "volume.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "disk.h"
#include "empty.h"

/* As of scratch disks: what nobody uses of it is a hole on the host. */
#define OPTIONS "noinit_itable,no_prefetch_block_bitmaps,discard"
/* Its journal is empty, or others read it too: nothing is to be written. */
#define OPTIONS_OF_READERS "noload"

static void path_of(const struct place *place, const char *disk, char path[PATH_MAX]) {
    snprintf(path, PATH_MAX, "%s/%s", place->folder, disk);
}

static int mount_once(const char *name, const char *folder, struct failure *failure) {
    char disk[DISK_PATH_MAX];
    if (disk_find(name, disk, failure) < 0)
        return -1;
    mkdir(folder, 0755);
    if (mount(disk, folder, "ext4", 0, OPTIONS) == 0 || errno == EBUSY)
        return 0;
    if ((errno == EACCES || errno == EROFS) &&
        (mount(disk, folder, "ext4", MS_RDONLY, OPTIONS_OF_READERS) == 0 || errno == EBUSY))
        return 0;
    return fail_errno(failure, "cannot mount the volume on disk %s", name);
}

int volume_open(unsigned slot, const char *name, bool *populate, struct failure *failure) {
    struct place place;
    char folder[PATH_MAX];
    place_of(slot, &place);
    if (strchr(name, '/') != NULL || strlen(name) > DVM_DISK_NAME_MAX)
        return fail(failure, STATUS_INVALID, "cannot mount a volume: its disk has no name");
    path_of(&place, name, folder);
    if (mount_once(name, folder, failure) < 0)
        return -1;
    cleanup_close int whole = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (whole < 0)
        return fail_errno(failure, "cannot open the volume on disk %s", name);
    mkdirat(whole, "data", 0755);
    int data = openat(whole, "data", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (data < 0)
        return fail_errno(failure, "cannot find what is on disk %s", name);
    *populate = *populate && folder_is_empty(data);
    return data;
}

void volume_abandon(const struct place *place, const char *disk) {
    char folder[PATH_MAX];
    path_of(place, disk, folder);
    if (umount2(folder, 0) < 0 && mount(NULL, folder, NULL, MS_REMOUNT | MS_RDONLY, NULL) < 0)
        complain("cannot unmount the volume on %s: %s", disk, error_text(errno));
}
