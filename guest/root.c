#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "container.h"
#include "setup.h"

#define IMAGE "/run/image"
#define SCRATCH "/run/scratch"

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

static int mount_overlay(struct failure *failure) {
    mkdir(SCRATCH "/upper", 0755);
    mkdir(SCRATCH "/work", 0755);
    struct stat image;
    /* the root folder's own owner and mode are the upper's */
    if (stat(IMAGE, &image) == 0 && (chown(SCRATCH "/upper", image.st_uid, image.st_gid) < 0 ||
                                     chmod(SCRATCH "/upper", image.st_mode & 07777) < 0))
        return fail_errno(failure, "cannot prepare the scratch disk");
    mkdir(CONTAINER_ROOT, 0755);
    if (mount("overlay", CONTAINER_ROOT, "overlay", 0,
              "lowerdir=" IMAGE ",upperdir=" SCRATCH "/upper,workdir=" SCRATCH "/work") < 0)
        return fail_errno(failure, "cannot join image and scratch disk");
    return 0;
}

static int mount_in(int root, const char *path, const char *kind, unsigned long flags,
                    const char *options, struct failure *failure) {
    cleanup_close int target = make_folder_in(root, path, failure);
    return target < 0 ? -1 : mount_on(kind, target, kind, flags, options, failure);
}

/* Opens the top of what is mounted at `path`: an older descriptor would show what lies below. */
static int reopen(int root, const char *path, struct failure *failure) {
    int fd = open_in(root, path, O_PATH | O_DIRECTORY);
    return fd < 0 ? fail_errno(failure, "cannot open %s", path) : fd;
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

/* --privileged: all devices of the machine but the channel to the host. */
static void copy_devices(int dev) {
    DIR *folder = opendir("/dev");
    struct dirent *entry;
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        struct stat information;
        if (strncmp(entry->d_name, "vport", 5) == 0 || strcmp(entry->d_name, "console") == 0 ||
            fstatat(dirfd(folder), entry->d_name, &information, AT_SYMLINK_NOFOLLOW) < 0)
            continue;
        if (!S_ISCHR(information.st_mode) && !S_ISBLK(information.st_mode))
            continue;
        /* those of make_nodes are there already */
        if (mknodat(dev, entry->d_name, information.st_mode, information.st_rdev) < 0)
            continue;
    }
    if (folder != NULL)
        closedir(folder);
}

static int make_dev(int root, const struct machine_setup *setup, struct failure *failure) {
    char shm[64];
    snprintf(shm, sizeof shm, "mode=1777,size=%" PRIu64, setup->shm_size);
    if (mount_in(root, "/dev", "tmpfs", MS_NOSUID | MS_STRICTATIME, "mode=755,size=65536k",
                 failure) < 0)
        return -1;
    cleanup_close int dev = reopen(root, "/dev", failure);
    if (dev < 0 || make_nodes(dev, failure) < 0)
        return -1;
    if (setup->privileged)
        copy_devices(dev);
    if (mkdirat(dev, "mqueue", 0755) < 0)
        return fail_errno(failure, "cannot make /dev/mqueue");
    if (mount_in(root, "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC,
                 "newinstance,ptmxmode=0666,mode=0620,gid=5", failure) < 0)
        return -1;
    return mount_in(root, "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, shm, failure);
}

static int make_system_folders(int root, const struct machine_setup *setup,
                               struct failure *failure) {
    unsigned long access_flags = setup->privileged ? 0 : MS_RDONLY;
    cleanup_close int proc = make_folder_in(root, "/proc", failure);
    if (proc < 0)
        return -1;
    if (mount_in(root, "/sys", "sysfs", MS_NOSUID | MS_NOEXEC | MS_NODEV | access_flags, NULL,
                 failure) < 0)
        return -1;
    return make_dev(root, setup, failure);
}

int root_make(const struct machine_setup *setup, struct failure *failure) {
    /* noinit_itable: the kernel shall not write inode tables that nobody uses, the disk is sparse
     */
    if (mount_disk("/dev/vda", IMAGE, "erofs", MS_RDONLY, NULL, failure) < 0 ||
        mount_disk("/dev/vdb", SCRATCH, "ext4", 0, "noinit_itable,discard", failure) < 0 ||
        mount_overlay(failure) < 0)
        return -1;
    int root = open(CONTAINER_ROOT, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        return fail_errno(failure, "cannot open the container's root");
    if (make_system_folders(root, setup, failure) < 0) {
        close(root);
        return -1;
    }
    return root;
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
