#include "devices.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/major.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

static const struct {
    const char *name;
    unsigned major;
    unsigned minor;
} nodes[] = {{"null", 1, 3},   {"zero", 1, 5},    {"full", 1, 7},
             {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0}};

bool device_is_everyones(const char *name) {
    for (size_t index = 0; index < sizeof nodes / sizeof *nodes; index++)
        if (strcmp(nodes[index].name, name) == 0)
            return true;
    return false;
}

int devices_make(int dev, struct failure *failure) {
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

void devices_add_machines(int dev) {
    cleanup_close int machine = open("/dev", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    copy_devices(machine, dev);
    if (faccessat(dev, "loop-control", F_OK, 0) == 0)
        make_loop_nodes(dev);
}
