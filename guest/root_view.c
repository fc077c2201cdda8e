#include "root_view.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "mount.h"
#include "sysctl.h"

#define SAFE (MS_NOSUID | MS_NOEXEC | MS_NODEV)

static int mount_in_root(const struct place *place, const char *kind, const char *path,
                         unsigned long flags, struct failure *failure) {
    char target[128];
    snprintf(target, sizeof target, "%s%s", place->root, path);
    if (mount(kind, target, kind, flags, NULL) < 0)
        return fail_errno(failure, "cannot mount %s on %s", kind, path);
    return 0;
}

static int place_late_mounts(const struct root_view *view, struct failure *failure) {
    cleanup_close int root = open(view->place->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    for (size_t index = 0; index < view->setup.mount_count; index++) {
        const struct guest_mount *mount = &view->setup.mounts[index];
        if (is_on_file_of_proc(mount) && place_on_file_of_proc(root, mount, failure) < 0)
            return -1;
    }
    return 0;
}

/* Those file systems that show the namespaces of who mounts them. */
static int mount_own(const struct root_view *view, struct failure *failure) {
    const struct place *place = view->place;
    if (mount_in_root(place, "proc", "/proc", SAFE, failure) < 0)
        return -1;
    if (mount_in_root(place, "mqueue", "/dev/mqueue", SAFE, failure) < 0 &&
        failure->status != STATUS_UNSUPPORTED)
        return -1;
    bool is_writable = view->setup.privileged || view->setup.confinement.has_writable_cgroups;
    if (place_late_mounts(view, failure) < 0)
        return -1;
    if (setup_mounts_on(&view->setup, "/sys/fs/cgroup") ||
        setup_mounts_on(&view->setup, "/sys/fs") || setup_mounts_on(&view->setup, "/sys"))
        return 0;
    return mount_in_root(place, "cgroup2", "/sys/fs/cgroup", SAFE | (is_writable ? 0 : MS_RDONLY),
                         failure);
}

static int pivot(const struct place *place, struct failure *failure) {
    if (chdir(place->root) < 0 || syscall(SYS_pivot_root, ".", ".") < 0 ||
        umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
        return fail_errno(failure, "cannot enter the container's root");
    return 0;
}

/* Docker shows the terminal as /dev/console. */
static int place_console(int number, struct failure *failure) {
    char source[32];
    snprintf(source, sizeof source, "/dev/pts/%d", number);
    cleanup_close int fd = open("/dev/console", O_CREAT | O_WRONLY | O_CLOEXEC | O_NOCTTY, 0600);
    if (fd < 0 || mount(source, "/dev/console", NULL, MS_BIND, NULL) < 0)
        return fail_errno(failure, "cannot place /dev/console");
    return 0;
}

static int mask(const char *path, struct failure *failure) {
    struct stat information;
    if (stat(path, &information) < 0)
        return 0; /* this kernel doesn't have it */
    int result = S_ISDIR(information.st_mode) ? mount("tmpfs", path, "tmpfs", MS_RDONLY, "size=0k")
                                              : mount("/dev/null", path, NULL, MS_BIND, NULL);
    return result < 0 ? fail_errno(failure, "cannot mask %s", path) : 0;
}

static int make_read_only(const char *path, struct failure *failure) {
    if (mount(path, path, NULL, MS_BIND | MS_REC, NULL) < 0)
        return errno == ENOENT ? 0 : fail_errno(failure, "cannot protect %s", path);
    const struct mount_attr protection = {.attr_set = MOUNT_ATTR_RDONLY};
    if (syscall(SYS_mount_setattr, AT_FDCWD, path, 0, &protection, sizeof protection) < 0)
        return fail_errno(failure, "cannot protect %s", path);
    return 0;
}

/* Docker's lists. */
static const char *const dockers_masked[] = {"/proc/asound",
                                             "/proc/acpi",
                                             "/proc/interrupts",
                                             "/proc/kcore",
                                             "/proc/keys",
                                             "/proc/latency_stats",
                                             "/proc/timer_list",
                                             "/proc/timer_stats",
                                             "/proc/sched_debug",
                                             "/proc/scsi",
                                             "/sys/firmware",
                                             "/sys/devices/virtual/powercap",
                                             NULL};
static const char *const dockers_read_only[] = {
    "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger", NULL};

int root_view_hide_kernel(const struct root_view *view, struct failure *failure) {
    const struct confinement *own = &view->setup.confinement;
    const char *const *masked =
        own->has_own_paths ? (const char *const *)own->masked : dockers_masked;
    const char *const *read_only =
        own->has_own_paths ? (const char *const *)own->read_only : dockers_read_only;
    for (; *read_only != NULL; read_only++)
        if (make_read_only(*read_only, failure) < 0)
            return -1;
    for (; *masked != NULL; masked++)
        if (mask(*masked, failure) < 0)
            return -1;
    return 0;
}

int root_view_enter(const struct root_view *view, struct failure *failure) {
    return mount_own(view, failure) < 0 ? -1 : pivot(view->place, failure);
}

int root_view_finish(const struct root_view *view, int terminal, struct failure *failure) {
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return fail_errno(failure, "cannot separate the container's mounts");
    if (terminal >= 0 && place_console(terminal, failure) < 0)
        return -1;
    if (sysctls_set(view->setup.sysctls, failure) < 0)
        return -1;
    if (!view->is_entered && root_view_hide_kernel(view, failure) < 0)
        return -1;
    if (view->setup.read_only_root &&
        mount(NULL, "/", NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL) < 0)
        return fail_errno(failure, "cannot make the root read-only");
    return 0;
}
