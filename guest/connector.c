#include "connector.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "child.h"
#include "port.h"
#include "relay_door.h"
#include "setup.h"

#define FOLDER "/run/sockets"
#define SOCKETS_MAX 256u

/* The agent's, until the connector takes it over. */
static struct source port = {.fd = -1};
static int connector = -1;
/* Those that there are, to be removed with their container. */
static struct {
    bool is_used;
    unsigned slot;
    char name[DVM_NAME_MAX + 1];
} sockets[SOCKETS_MAX];

/* Only what stands for the standard streams and these two stays open. */
static void become_connector(int agent) {
    char *words[] = {"agent", "connector", NULL}, *environment[] = {NULL};
    int way_to_host = fcntl(port.fd, F_DUPFD_CLOEXEC, 10);
    int way_to_agent = fcntl(agent, F_DUPFD_CLOEXEC, 10);
    child_reset_signals();
    if (dup2(way_to_host, CONNECTOR_PORT) == CONNECTOR_PORT &&
        dup2(way_to_agent, CONNECTOR_AGENT) == CONNECTOR_AGENT)
        execve("/proc/self/exe", words, environment);
    complain("cannot carry connections: %s", error_text(errno));
    _exit(1);
}

static int start(struct failure *failure) {
    int pair[2];
    if (connector >= 0)
        return 0;
    if (port.fd < 0)
        return fail(failure, STATUS_UNSUPPORTED,
                    "cannot carry connections: there is no port " DVM_CONNECTIONS_PORT_NAME);
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return fail_errno(failure, "cannot carry connections");
    pid_t pid = fork();
    if (pid == 0)
        become_connector(pair[1]);
    int number = errno;
    close(pair[1]);
    if (pid < 0) {
        close(pair[0]);
        errno = number;
        return fail_errno(failure, "cannot carry connections");
    }
    connector = pair[0];
    loop_close(&port);
    return 0;
}

/* A host that has sent something is there: before that the port tells of an end. */
static void port_ready(struct source *source, uint32_t events) {
    (void)source;
    struct failure failure;
    if ((events & EPOLLIN) && !(events & EPOLLHUP) && start(&failure) < 0)
        complain("%s", failure.text);
}

void connector_watch(void) {
    port.fd = port_open(DVM_CONNECTIONS_PORT_NAME);
    port.ready = port_ready;
    if (port.fd < 0)
        complain("cannot open port " DVM_CONNECTIONS_PORT_NAME ": %s", error_text(errno));
    else
        loop_watch(&port, EPOLLIN | EPOLLET);
}

static int tell(const struct connector_message *message, const int *descriptors, size_t count) {
    struct iovec part = {.iov_base = (void *)message, .iov_len = sizeof *message};
    union {
        struct cmsghdr head;
        char bytes[CMSG_SPACE(CONNECTOR_DESCRIPTORS * sizeof(int))];
    } control = {0};
    struct msghdr whole = {.msg_iov = &part, .msg_iovlen = 1};
    if (count > 0) {
        whole.msg_control = &control;
        whole.msg_controllen = CMSG_SPACE(count * sizeof(int));
        struct cmsghdr *head = CMSG_FIRSTHDR(&whole);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(count * sizeof(int));
        memcpy(CMSG_DATA(head), descriptors, count * sizeof(int));
    }
    return sendmsg(connector, &whole, MSG_NOSIGNAL) < 0 ? -1 : 0;
}

int connector_hand_over(const struct connector_message *message, const int *descriptors,
                        size_t count, struct failure *failure) {
    if (start(failure) < 0)
        return -1;
    return tell(message, descriptors, count) < 0 ? fail_errno(failure, "cannot reach the connector")
                                                 : 0;
}

static int listen_at(const struct socket_setup *setup, const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    mkdir(FOLDER, 0700);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
        chown(path, setup->uid, setup->gid) == 0 && chmod(path, setup->mode & 07777) == 0 &&
        listen(fd, SOMAXCONN) == 0)
        return fd;
    close_and_forget(&fd);
    return -1;
}

static int find_free(const char *name, struct failure *failure) {
    int found = -1;
    for (unsigned index = 0; index < SOCKETS_MAX; index++) {
        if (sockets[index].is_used && strcmp(sockets[index].name, name) == 0)
            return fail(failure, STATUS_CONFLICT, "there is a socket %s already", name);
        if (!sockets[index].is_used && found < 0)
            found = (int)index;
    }
    return found >= 0 ? found
                      : fail(failure, STATUS_UNAVAILABLE,
                             "cannot make socket %s: there are %u already", name, SOCKETS_MAX);
}

int connector_add_socket(const struct socket_setup *setup, unsigned slot,
                         char path[SOCKET_PATH_MAX], struct failure *failure) {
    struct connector_message message = {.order = CONNECTOR_ADD, .slot = (uint8_t)slot};
    if (!setup_name_is_legal(setup->name))
        return fail(failure, STATUS_INVALID, "cannot make socket \"%s\": it is no name",
                    setup->name);
    int index = find_free(setup->name, failure);
    if (index < 0 || start(failure) < 0)
        return -1;
    snprintf(path, SOCKET_PATH_MAX, FOLDER "/%s", setup->name);
    snprintf(message.name, sizeof message.name, "%s", setup->name);
    cleanup_close int fd = listen_at(setup, path);
    sockets[index].is_used = true;
    sockets[index].slot = slot;
    memcpy(sockets[index].name, message.name, sizeof message.name);
    return fd < 0 || tell(&message, &fd, 1) < 0 ? fail_errno(failure, "cannot make socket %s", path)
                                                : 0;
}

void connector_release(unsigned slot) {
    const struct connector_message message = {.order = CONNECTOR_RELEASE, .slot = (uint8_t)slot};
    bool is_any = false;
    for (unsigned index = 0; index < SOCKETS_MAX; index++) {
        char path[SOCKET_PATH_MAX];
        if (!sockets[index].is_used || sockets[index].slot != slot)
            continue;
        snprintf(path, sizeof path, FOLDER "/%s", sockets[index].name);
        unlink(path);
        sockets[index].is_used = false;
        is_any = true;
    }
    is_any = relay_door_close(slot) || is_any;
    if (is_any && tell(&message, NULL, 0) < 0)
        complain("cannot close sockets: %s", error_text(errno));
}
