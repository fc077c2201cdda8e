#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/major.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "container.h"
#include "root.h"
#include "setup.h"

#define IMAGE ROOT_IMAGE
#define SCRATCH ROOT_SCRATCH
/* Made before the container is known, bound into its root later. */
#define PREPARED "/run/prepared"
#define DEFAULT_SHM_SIZE 67108864u
#define SYS_FLAGS (MS_NOSUID | MS_NOEXEC | MS_NODEV)

static bool is_there(const void *path) { return access(path, F_OK) == 0; }

static int mount_disk(const char *disk, const char *target, const char *kind, unsigned long flags,
                      const char *options, struct failure *failure) {
    if (!wait_until(is_there, disk, 5000))
        return fail(failure, STATUS_UNAVAILABLE, "cannot mount %s: there is no such disk", disk);
    mkdir(target, 0755);
    if (mount(disk, target, kind, flags, options) < 0)
        return fail_errno(failure, "cannot mount %s of %s", kind, disk);
    return 0;
}

/*
 * noinit_itable: the kernel shall not write inode tables that nobody uses, the disk is sparse.
 * no_prefetch_block_bitmaps: nor read all bitmaps in the first moments of a start.
 */
static int mount_scratch(struct failure *failure) {
    static bool mounted;
    if (mounted)
        return 0;
    static const char options[] = "noinit_itable,no_prefetch_block_bitmaps,discard";
    if (mount_disk("/dev/vdb", SCRATCH, "ext4", 0, options, failure) < 0)
        return -1;
    mounted = true;
    mkdir(SCRATCH "/upper", 0755);
    mkdir(SCRATCH "/work", 0755);
    return 0;
}

static int mount_overlay(struct failure *failure) {
    struct stat image;
    /* the root folder's own owner and mode are the upper's */
    if (stat(IMAGE, &image) == 0 && (chown(SCRATCH "/upper", image.st_uid, image.st_gid) < 0 ||
                                     chmod(SCRATCH "/upper", image.st_mode & 07777) < 0))
        return fail_errno(failure, "cannot prepare the scratch disk");
    if (mount("overlay", CONTAINER_ROOT, "overlay", 0,
              "lowerdir=" IMAGE ",upperdir=" SCRATCH "/upper,workdir=" SCRATCH "/work") < 0)
        return fail_errno(failure, "cannot join image and scratch disk");
    return 0;
}

static int make_nodes(int dev, struct failure *failure) {
    static const struct {
        const char *name;
        unsigned major;
        unsigned minor;
    } nodes[] = {{"null", 1, 3},   {"zero", 1, 5},    {"full", 1, 7},
                 {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0}};
    static const char *const links[][2] = {
        {"pts/ptmx", "ptmx"},          {"/proc/self/fd", "fd"},       {"/proc/self/fd/0", "stdin"},
        {"/proc/self/fd/1", "stdout"}, {"/proc/self/fd/2", "stderr"}, {"/proc/kcore", "core"}};
    for (size_t index = 0; index < sizeof nodes / sizeof *nodes; index++) {
        dev_t number = makedev(nodes[index].major, nodes[index].minor);
        if (mknodat(dev, nodes[index].name, S_IFCHR | 0666, number) < 0 ||
            fchmodat(dev, nodes[index].name, 0666, 0) < 0)
            return fail_errno(failure, "cannot make /dev/%s", nodes[index].name);
    }
    for (size_t index = 0; index < sizeof links / sizeof *links; index++)
        if (symlinkat(links[index][0], dev, links[index][1]) < 0)
            return fail_errno(failure, "cannot make /dev/%s", links[index][1]);
    return 0;
}

static void copy_devices(int from, int to);

/* One of the machine's devices, or a folder of them; what is there already stays. */
static void copy_device(int from, const char *name, int to) {
    struct stat information;
    if (fstatat(from, name, &information, AT_SYMLINK_NOFOLLOW) < 0)
        return;
    if (S_ISCHR(information.st_mode) || S_ISBLK(information.st_mode))
        mknodat(to, name, information.st_mode, information.st_rdev);
    if (!S_ISDIR(information.st_mode) || mkdirat(to, name, 0755) < 0)
        return;
    cleanup_close int inner_from = openat(from, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cleanup_close int inner_to = openat(to, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (inner_from >= 0 && inner_to >= 0)
        copy_devices(inner_from, inner_to);
}

/* --privileged: all devices of the machine but the channel to the host. */
static void copy_devices(int from, int to) {
    DIR *folder = fdopendir(openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    struct dirent *entry;
    while (folder != NULL && (entry = readdir(folder)) != NULL)
        if (entry->d_name[0] != '.' && strncmp(entry->d_name, "vport", 5) != 0 &&
            strcmp(entry->d_name, "console") != 0)
            copy_device(from, entry->d_name, to);
    if (folder != NULL)
        closedir(folder);
}

/* The kernel makes these when they are opened; a machine begins with none. */
static void make_loop_nodes(int dev) {
    char name[16];
    for (unsigned number = 0; number < 8; number++) {
        snprintf(name, sizeof name, "loop%u", number);
        mknodat(dev, name, S_IFBLK | 0660, makedev(LOOP_MAJOR, number));
    }
}

static int make_mount(const char *kind, const char *target, unsigned long flags,
                      const char *options, struct failure *failure) {
    mkdir(target, 0755);
    if (mount(kind, target, kind, flags, options) < 0)
        return fail_errno(failure, "cannot mount %s on %s", kind, target);
    return 0;
}

static int prepare_dev(struct failure *failure) {
    if (make_mount("tmpfs", PREPARED "/dev", MS_NOSUID | MS_STRICTATIME, "mode=755,size=65536k",
                   failure) < 0)
        return -1;
    cleanup_close int dev = open(PREPARED "/dev", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (dev < 0 || make_nodes(dev, failure) < 0)
        return -1;
    if (mkdirat(dev, "mqueue", 0755) < 0)
        return fail_errno(failure, "cannot make /dev/mqueue");
    if (make_mount("devpts", PREPARED "/dev/pts", MS_NOSUID | MS_NOEXEC,
                   "newinstance,ptmxmode=0666,mode=0620,gid=5", failure) < 0)
        return -1;
    char shm[64];
    snprintf(shm, sizeof shm, "mode=1777,size=%u", DEFAULT_SHM_SIZE);
    return make_mount("tmpfs", PREPARED "/dev/shm", MS_NOSUID | MS_NODEV | MS_NOEXEC, shm, failure);
}

/*
 * Joins the new scratch disk with nothing and takes it apart again: what the kernel reads for that
 * it then has.
 */
static int rehearse(struct failure *failure) {
    if (mount_overlay(failure) < 0)
        return -1;
    cleanup_close int file =
        open(CONTAINER_ROOT "/.rehearsal", O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
    if (file < 0 || unlink(CONTAINER_ROOT "/.rehearsal") < 0)
        return fail_errno(failure, "cannot write to the scratch disk");
    close_and_forget(&file);
    if (umount2(CONTAINER_ROOT, 0) < 0 || rmdir(SCRATCH "/work/work") < 0)
        return fail_errno(failure, "cannot take the scratch disk out of use");
    sync();
    return 0;
}

static int set_sys_flags(unsigned long more, struct failure *failure) {
    if (mount(NULL, PREPARED "/sys", NULL, MS_BIND | MS_REMOUNT | SYS_FLAGS | more, NULL) < 0)
        return fail_errno(failure, "cannot set how /sys is mounted");
    return 0;
}

int root_prepare(bool new_scratch, struct failure *failure) {
    mkdir(PREPARED, 0755);
    mkdir(IMAGE, 0755);
    mkdir(CONTAINER_ROOT, 0755);
    if (make_mount("sysfs", PREPARED "/sys", SYS_FLAGS, NULL, failure) < 0 ||
        set_sys_flags(MS_RDONLY, failure) < 0 || prepare_dev(failure) < 0)
        return -1;
    if (!new_scratch)
        return 0;
    return mount_scratch(failure) < 0 ? -1 : rehearse(failure);
}

/* Shows a prepared tree in the container's root. */
static int place_prepared(int root, const char *path, struct failure *failure) {
    char source[64];
    snprintf(source, sizeof source, PREPARED "%s", path);
    cleanup_close int target = make_folder_in(root, path, failure);
    return target < 0 ? -1 : bind_on(source, target, false, failure);
}

static bool joined;

bool root_is_there(void) { return joined; }

int root_join(struct failure *failure) {
    if (mount_disk("/dev/vda", IMAGE, "erofs", MS_RDONLY, NULL, failure) < 0 ||
        mount_scratch(failure) < 0 || mount_overlay(failure) < 0)
        return -1;
    joined = true;
    cleanup_close int root = open(CONTAINER_ROOT, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        return fail_errno(failure, "cannot open the container's root");
    cleanup_close int proc = make_folder_in(root, "/proc", failure);
    if (proc < 0 || place_prepared(root, "/sys", failure) < 0)
        return -1;
    return place_prepared(root, "/dev", failure);
}

static int fit_prepared(const struct machine_setup *setup, struct failure *failure) {
    char size[64];
    snprintf(size, sizeof size, "size=%" PRIu64, setup->shm_size);
    if (setup->shm_size != DEFAULT_SHM_SIZE &&
        mount(NULL, PREPARED "/dev/shm", NULL, MS_REMOUNT | MS_NOSUID | MS_NODEV | MS_NOEXEC,
              size) < 0)
        return fail_errno(failure, "cannot give /dev/shm %" PRIu64 " bytes", setup->shm_size);
    if (!setup->privileged)
        return 0;
    cleanup_close int machine = open("/dev", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cleanup_close int dev = open(PREPARED "/dev", O_PATH | O_DIRECTORY | O_CLOEXEC);
    copy_devices(machine, dev);
    if (faccessat(dev, "loop-control", F_OK, 0) == 0)
        make_loop_nodes(dev);
    return set_sys_flags(0, failure);
}

int root_make(const struct machine_setup *setup, struct failure *failure) {
    if (fit_prepared(setup, failure) < 0 || (!joined && root_join(failure) < 0))
        return -1;
    int root = open(CONTAINER_ROOT, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return root < 0 ? fail_errno(failure, "cannot open the container's root") : root;
}

/* Unmounts the last mount whose target begins with `prefix`; false when there is none. */
static bool unmount_last(const char *prefix) {
    FILE *file = fopen("/proc/self/mounts", "re");
    char line[2 * PATH_MAX], last[PATH_MAX] = "";
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        char *target = strchr(line, ' ');
        if (target == NULL)
            continue;
        target++;
        target[strcspn(target, " ")] = 0;
        if (strncmp(target, prefix, strlen(prefix)) == 0)
            snprintf(last, sizeof last, "%s", target);
    }
    if (file != NULL)
        fclose(file);
    return last[0] != 0 && (umount2(last, 0) == 0 || umount2(last, MNT_DETACH) == 0);
}

void root_unmount(void) {
    sync();
    for (int rounds = 0; rounds < 1024 && unmount_last(CONTAINER_ROOT); rounds++)
        continue;
    for (int rounds = 0; rounds < 1024 && unmount_last("/run/shares"); rounds++)
        continue;
    if (access(SCRATCH "/upper", F_OK) == 0 && umount2(SCRATCH, 0) < 0 &&
        mount(NULL, SCRATCH, NULL, MS_REMOUNT | MS_RDONLY, NULL) < 0)
        complain("cannot unmount the scratch disk: %s", error_text(errno));
    sync();
}
