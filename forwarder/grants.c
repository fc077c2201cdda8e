#include "grants.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

struct grant {
    const struct owner *owner;
    char name[CONNECTION_NAME_MAX + 1];
    struct sockaddr_un address;
    int folder; /* that a long path is shortened by; -1: none */
    struct grant *next;
};

static struct grant *grants;

/* A path that is too long for an address leads over a descriptor of its folder. */
static int set_address(struct grant *grant, const char *path) {
    char folder[4096];
    const char *slash = strrchr(path, '/');
    size_t room = sizeof grant->address.sun_path;
    grant->address.sun_family = AF_UNIX;
    if (path[0] != '/' || strlen(path) >= sizeof folder) {
        errno = EINVAL;
        return -1;
    }
    if (strlen(path) < room) {
        strcpy(grant->address.sun_path, path);
        return 0;
    }
    snprintf(folder, sizeof folder, "%.*s", (int)(slash - path + 1), path);
    grant->folder = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (grant->folder < 0)
        return -1;
    int count = snprintf(grant->address.sun_path, room, "/proc/self/fd/%d%s", grant->folder, slash);
    errno = ENAMETOOLONG;
    return count > 0 && (size_t)count < room ? 0 : -1;
}

static void free_grant(struct grant *grant) {
    if (grant->folder >= 0)
        close(grant->folder);
    free(grant);
}

int grant_add(const struct owner *owner, const char *name, const char *path) {
    if (name[0] == 0 || strlen(name) > CONNECTION_NAME_MAX) {
        errno = EINVAL;
        return -1;
    }
    struct grant *grant = calloc(1, sizeof *grant);
    if (grant == NULL)
        return -1;
    grant->folder = -1;
    grant->owner = owner;
    snprintf(grant->name, sizeof grant->name, "%s", name);
    if (set_address(grant, path) < 0) {
        int number = errno;
        free_grant(grant);
        errno = number;
        return -1;
    }
    grant->next = grants;
    grants = grant;
    return 0;
}

void grants_end(const struct owner *owner) {
    struct grant **at = &grants;
    while (*at != NULL) {
        struct grant *grant = *at;
        if (grant->owner != owner) {
            at = &grant->next;
            continue;
        }
        *at = grant->next;
        free_grant(grant);
    }
}

int grant_find(const uint8_t *wanted, size_t count, struct mux_target *target) {
    if (wanted[0] != CONNECTION_SOCKET)
        return -1;
    for (const struct grant *grant = grants; grant != NULL; grant = grant->next) {
        if (strlen(grant->name) != count - 1 || memcmp(grant->name, wanted + 1, count - 1) != 0)
            continue;
        target->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        target->owner = grant->owner;
        target->address_length = sizeof grant->address;
        memcpy(&target->address, &grant->address, sizeof grant->address);
        return target->fd < 0 ? -1 : 0;
    }
    return -1;
}
