#include "added_device.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "disk.h"
#include "inside.h"

#define DEPTH_MAX 8

/* Where the agent's channel to the host is, and what it says. */
static bool is_agents_own(const char *path) {
    return strncmp(path, "/dev/vport", strlen("/dev/vport")) == 0 ||
           strncmp(path, "/dev/virtio-ports", strlen("/dev/virtio-ports")) == 0;
}

static int add_rule(const struct stat *node, uint8_t access, struct device_rules *rules,
                    struct failure *failure) {
    if (rules->count == DEVICE_RULES_MAX)
        return fail(failure, STATUS_INVALID, "cannot add a device: there are %u already",
                    DEVICE_RULES_MAX);
    rules->list[rules->count++] =
        (struct device_rule){.kind = S_ISBLK(node->st_mode) ? DEVICE_BLOCK : DEVICE_CHAR,
                             .major = major(node->st_rdev),
                             .minor = minor(node->st_rdev),
                             .access = access};
    return 0;
}

/* The machine has nobody who sets modes by rules: what the kernel leaves to root is for all. */
static mode_t mode_of(const struct stat *node) {
    mode_t rights = node->st_mode & 0777;
    return (node->st_mode & S_IFMT) | (S_ISCHR(node->st_mode) && rights == 0600 ? 0666 : rights);
}

static int make_node(int root, const char *target, const struct stat *node,
                     struct failure *failure) {
    char path[PATH_MAX];
    if (resolve_in(root, target, path, failure) < 0)
        return -1;
    char *slash = strrchr(path, '/'), *name = slash + 1;
    if (slash == NULL || *name == 0)
        return fail(failure, STATUS_INVALID, "cannot make device %.800s: it is a folder", target);
    *slash = 0;
    cleanup_close int folder = make_folder_in(root, path[0] == 0 ? "/" : path, failure);
    if (folder < 0)
        return -1;
    if (mknodat(folder, name, mode_of(node), node->st_rdev) < 0)
        return errno == EEXIST ? 0 : fail_errno(failure, "cannot make device %.800s", target);
    return fchmodat(folder, name, mode_of(node) & 07777, 0) < 0
               ? fail_errno(failure, "cannot make device %.800s", target)
               : 0;
}

static int add(int root, const struct device_setup *device, int depth, struct device_rules *rules,
               struct failure *failure);

static int add_folder(int root, const struct device_setup *device, int depth,
                      struct device_rules *rules, struct failure *failure) {
    DIR *folder = depth > DEPTH_MAX ? NULL : opendir(device->source);
    struct dirent *entry;
    int result = 0;
    while (result == 0 && folder != NULL && (entry = readdir(folder)) != NULL) {
        char source[PATH_MAX], target[PATH_MAX];
        if (entry->d_name[0] == '.' ||
            snprintf(source, sizeof source, "%s/%s", device->source, entry->d_name) >=
                (int)sizeof source ||
            snprintf(target, sizeof target, "%s/%s", device->target, entry->d_name) >=
                (int)sizeof target)
            continue;
        const struct device_setup one = {source, "", target, device->access};
        result = add(root, &one, depth + 1, rules, failure);
    }
    if (folder != NULL)
        closedir(folder);
    return result;
}

static int add(int root, const struct device_setup *device, int depth, struct device_rules *rules,
               struct failure *failure) {
    struct stat node;
    if (stat(device->source, &node) < 0 || is_agents_own(device->source))
        return depth > 0 ? 0
                         : fail(failure, STATUS_INVALID,
                                "error gathering device information while adding custom device "
                                "\"%.400s\": no such file or directory",
                                device->source);
    if (S_ISDIR(node.st_mode))
        return add_folder(root, device, depth, rules, failure);
    if (!S_ISCHR(node.st_mode) && !S_ISBLK(node.st_mode))
        return depth > 0 ? 0
                         : fail(failure, STATUS_INVALID,
                                "error gathering device information while adding custom device "
                                "\"%.400s\": not a device node",
                                device->source);
    if (make_node(root, device->target, &node, failure) < 0)
        return -1;
    return add_rule(&node, device->access, rules, failure);
}

int device_add(int root, const struct device_setup *device, struct device_rules *rules,
               struct failure *failure) {
    char disk[DISK_PATH_MAX];
    if (device->source[0] != 0)
        return add(root, device, 0, rules, failure);
    if (disk_find(device->disk, disk, failure) < 0)
        return -1;
    const struct device_setup one = {disk, "", device->target, device->access};
    return add(root, &one, 0, rules, failure);
}
