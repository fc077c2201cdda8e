#include "root.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "bind.h"
#include "devices.h"
#include "disk.h"
#include "empty.h"
#include "init_layer.h"
#include "mount.h"
#include "volume.h"

#define CONTAINERS "/run/containers"
#define DEFAULT_SHM_SIZE 67108864u
#define SYS_FLAGS (MS_NOSUID | MS_NOEXEC | MS_NODEV)

static int mount_disk(const char *name, const char *target, const char *kind, unsigned long flags,
                      const char *options, struct failure *failure) {
    char disk[DISK_PATH_MAX];
    if (disk_find(name, disk, failure) < 0)
        return -1;
    mkdir(target, 0755);
    if (mount(disk, target, kind, flags, options) < 0)
        return fail_errno(failure, "cannot mount %s of disk %s", kind, name);
    return 0;
}

static int mount_image(struct root *root, const char *disk, struct failure *failure) {
    if (root->image_disk[0] != 0)
        return 0;
    if (mount_disk(disk, root->place->image, "erofs", MS_RDONLY, NULL, failure) < 0)
        return -1;
    snprintf(root->image_disk, sizeof root->image_disk, "%s", disk);
    return 0;
}

/*
 * noinit_itable: the kernel shall not write inode tables that nobody uses, the disk is sparse.
 * no_prefetch_block_bitmaps: nor read all bitmaps in the first moments of a start.
 */
static int mount_scratch(struct root *root, const char *disk, struct failure *failure) {
    static const char options[] = "noinit_itable,no_prefetch_block_bitmaps,discard";
    if (root->scratch_disk[0] != 0)
        return 0;
    if (mount_disk(disk, root->place->scratch, "ext4", 0, options, failure) < 0)
        return -1;
    snprintf(root->scratch_disk, sizeof root->scratch_disk, "%s", disk);
    mkdir(root->place->upper, 0755);
    mkdir(root->place->work, 0755);
    return 0;
}

static int mount_overlay(const struct root *root, struct failure *failure) {
    const struct place *place = root->place;
    char options[256];
    struct stat image;
    /* the root folder's own owner and mode are the upper's */
    if (stat(place->image, &image) == 0 && (chown(place->upper, image.st_uid, image.st_gid) < 0 ||
                                            chmod(place->upper, image.st_mode & 07777) < 0))
        return fail_errno(failure, "cannot prepare the scratch disk");
    snprintf(options, sizeof options, "lowerdir=%s,upperdir=%s,workdir=%s", place->image,
             place->upper, place->work);
    if (mount("overlay", place->root, "overlay", 0, options) < 0)
        return fail_errno(failure, "cannot join image and scratch disk");
    return 0;
}

static int make_mount(const char *kind, const char *target, unsigned long flags,
                      const char *options, struct failure *failure) {
    mkdir(target, 0755);
    if (mount(kind, target, kind, flags, options) < 0)
        return fail_errno(failure, "cannot mount %s on %s", kind, target);
    return 0;
}

static int make_mount_in_dev(const struct place *place, const char *kind, const char *name,
                             unsigned long flags, const char *options, struct failure *failure) {
    char target[80];
    snprintf(target, sizeof target, "%s/%s", place->prepared_dev, name);
    return make_mount(kind, target, flags, options, failure);
}

static int prepare_dev(const struct place *place, struct failure *failure) {
    if (make_mount("tmpfs", place->prepared_dev, MS_NOSUID | MS_STRICTATIME, "mode=755,size=65536k",
                   failure) < 0)
        return -1;
    cleanup_close int dev = open(place->prepared_dev, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (dev < 0 || devices_make(dev, failure) < 0)
        return -1;
    if (mkdirat(dev, "mqueue", 0755) < 0)
        return fail_errno(failure, "cannot make /dev/mqueue");
    if (make_mount_in_dev(place, "devpts", "pts", MS_NOSUID | MS_NOEXEC,
                          "newinstance,ptmxmode=0666,mode=0620,gid=5", failure) < 0)
        return -1;
    char target[80], shm[64];
    snprintf(target, sizeof target, "%s/shm", place->prepared_dev);
    snprintf(shm, sizeof shm, "mode=1777,size=%u", DEFAULT_SHM_SIZE);
    mkdir(target, 01777);
    /* df shows it by this name, as with Docker */
    if (mount("shm", target, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, shm) < 0)
        return fail_errno(failure, "cannot mount /dev/shm");
    return 0;
}

static int set_sys_flags(const struct place *place, unsigned long more, struct failure *failure) {
    unsigned long flags = MS_BIND | MS_REMOUNT | SYS_FLAGS | more;
    if (mount(NULL, place->prepared_sys, NULL, flags, NULL) < 0)
        return fail_errno(failure, "cannot set how /sys is mounted");
    return 0;
}

int root_prepare(struct root *root, struct failure *failure) {
    const struct place *place = root->place;
    mkdir(CONTAINERS, 0755);
    if (make_mount("tmpfs", place->folder, MS_NOSUID | MS_NODEV, "mode=0755,size=16m", failure) < 0)
        return -1;
    mkdir(place->image, 0755);
    mkdir(place->root, 0755);
    if (make_mount("sysfs", place->prepared_sys, SYS_FLAGS, NULL, failure) < 0 ||
        set_sys_flags(place, MS_RDONLY, failure) < 0)
        return -1;
    return prepare_dev(place, failure);
}

/*
 * Joins the new scratch disk with nothing and takes it apart again: what the kernel reads for that
 * it then has.
 */
static int try_scratch(const struct root *root, struct failure *failure) {
    char file_path[80], work[80];
    snprintf(file_path, sizeof file_path, "%s/.rehearsal", root->place->root);
    snprintf(work, sizeof work, "%s/work", root->place->work);
    if (mount_overlay(root, failure) < 0)
        return -1;
    cleanup_close int file = open(file_path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
    if (file < 0 || unlink(file_path) < 0)
        return fail_errno(failure, "cannot write to the scratch disk");
    close_and_forget(&file);
    if (umount2(root->place->root, 0) < 0 || rmdir(work) < 0)
        return fail_errno(failure, "cannot take the scratch disk out of use");
    sync();
    return 0;
}

int root_take_new_scratch(struct root *root, const char *disk, struct failure *failure) {
    return mount_scratch(root, disk, failure) < 0 ? -1 : try_scratch(root, failure);
}

int root_open(const struct root *root, struct failure *failure) {
    int fd = open(root->place->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? fail_errno(failure, "cannot open the container's root") : fd;
}

/* Shows a prepared tree in the container's root. */
static int place_prepared(int root, const char *source, const char *path, struct failure *failure) {
    cleanup_close int target = make_folder_in(root, path, failure);
    return target < 0 ? -1 : bind_on(source, target, false, failure);
}

int root_join(struct root *root, const char *image_disk, const char *scratch_disk,
              struct failure *failure) {
    const struct place *place = root->place;
    if (mount_image(root, image_disk, failure) < 0 ||
        mount_scratch(root, scratch_disk, failure) < 0)
        return -1;
    /* nothing was ever written there, not even by the agent */
    cleanup_close int upper = open(place->upper, O_PATH | O_DIRECTORY | O_CLOEXEC);
    bool is_new = folder_is_empty(upper);
    if (mount_overlay(root, failure) < 0)
        return -1;
    root->joined = true;
    cleanup_close int fd = root_open(root, failure);
    if (fd < 0)
        return -1;
    if (is_new && init_layer_make(fd, failure) < 0)
        return -1;
    cleanup_close int proc = make_folder_in(fd, "/proc", failure);
    if (proc < 0 || place_prepared(fd, place->prepared_sys, "/sys", failure) < 0)
        return -1;
    return place_prepared(fd, place->prepared_dev, "/dev", failure);
}

/* What is IPC is in /dev/shm, too. */
static int share_memory(const struct place *place, const struct place *donor,
                        struct failure *failure) {
    char own[80], theirs[80];
    snprintf(own, sizeof own, "%s/shm", place->prepared_dev);
    snprintf(theirs, sizeof theirs, "%s/shm", donor->prepared_dev);
    if (umount2(own, MNT_DETACH) < 0 || mount(theirs, own, NULL, MS_BIND, NULL) < 0)
        return fail_errno(failure, "cannot share /dev/shm of another container");
    return 0;
}

static int fit_memory(const struct place *place, const struct container_setup *setup,
                      struct failure *failure) {
    char size[64], shm[80];
    snprintf(size, sizeof size, "size=%" PRIu64, setup->shm_size);
    snprintf(shm, sizeof shm, "%s/shm", place->prepared_dev);
    if (setup->shm_size == NO_SHM && umount2(shm, MNT_DETACH) < 0)
        return fail_errno(failure, "cannot take /dev/shm away");
    if (setup->shm_size != 0 && setup->shm_size != NO_SHM && setup->shm_size != DEFAULT_SHM_SIZE &&
        mount(NULL, shm, NULL, MS_REMOUNT | MS_NOSUID | MS_NODEV | MS_NOEXEC, size) < 0)
        return fail_errno(failure, "cannot give /dev/shm %" PRIu64 " bytes", setup->shm_size);
    return 0;
}

static int fit_prepared(const struct place *place, const struct container_setup *setup,
                        const struct place *donor, struct failure *failure) {
    if ((donor == NULL ? fit_memory(place, setup, failure) : share_memory(place, donor, failure)) <
        0)
        return -1;
    if (!setup->privileged)
        return 0;
    cleanup_close int dev = open(place->prepared_dev, O_PATH | O_DIRECTORY | O_CLOEXEC);
    devices_add_machines(dev);
    return set_sys_flags(place, 0, failure);
}

int root_make(struct root *root, const struct container_setup *setup, const struct place *donor,
              struct failure *failure) {
    if (fit_prepared(root->place, setup, donor, failure) < 0 ||
        (!root->joined && root_join(root, setup->image_disk, setup->scratch_disk, failure) < 0))
        return -1;
    return root_open(root, failure);
}

static int wait_unused(const char *disk, struct failure *failure) {
    if (disk[0] == 0 || disk_wait_unused(disk))
        return 0;
    return fail(failure, STATUS_UNAVAILABLE,
                "cannot take disk %s out of use: somebody uses it still", disk);
}

int root_keep_volume(struct root *root, const char *disk, struct failure *failure) {
    for (size_t index = 0; index < root->volume_count; index++)
        if (strcmp(root->volumes[index], disk) == 0)
            return 0;
    if (root->volume_count == ROOT_VOLUMES_MAX)
        return fail(failure, STATUS_INVALID, "cannot use more than %d volumes on disks",
                    ROOT_VOLUMES_MAX);
    snprintf(root->volumes[root->volume_count++], sizeof root->volumes[0], "%.20s", disk);
    return 0;
}

int root_unmount(struct root *root, struct failure *failure) {
    const struct place *place = root->place;
    /* with all that lies below it, and what others see of it */
    if (umount2(place->folder, MNT_DETACH) < 0 && errno != EINVAL && errno != ENOENT)
        return fail_errno(failure, "cannot unmount a container");
    if (wait_unused(root->scratch_disk, failure) < 0 || wait_unused(root->image_disk, failure) < 0)
        return -1;
    for (; root->volume_count > 0; root->volume_count--)
        if (wait_unused(root->volumes[root->volume_count - 1], failure) < 0)
            return -1;
    root->image_disk[0] = root->scratch_disk[0] = 0;
    root->joined = false;
    rmdir(place->folder);
    return 0;
}

void root_abandon(struct root *root) {
    const char *scratch = root->place->scratch;
    if (root->scratch_disk[0] == 0)
        return;
    umount2(root->place->root, MNT_DETACH);
    for (size_t index = 0; index < root->volume_count; index++)
        volume_abandon(root->place, root->volumes[index]);
    if (umount2(scratch, 0) < 0 && mount(NULL, scratch, NULL, MS_REMOUNT | MS_RDONLY, NULL) < 0)
        complain("cannot unmount the scratch disk: %s", error_text(errno));
}
