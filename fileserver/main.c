/*
 * Serves folders and files of this host to one machine, by FUSE messages over a socket:
 *
 *   dvm-fileserver --machine PATH --control PATH
 *
 * --machine is a Unix stream socket that leads to the guest, --control one that is made here, by
 * which the daemon says what the machine may reach (control.h). Ends when the machine ends.
 */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "control.h"
#include "node.h"
#include "owner.h"
#include "session.h"
#include "waiter.h"

#define CONNECT_MS 5000
#define RETRY_MS 10
#define DESCRIPTORS_MAX 65536u /* of nodes: each keeps memory of the host's kernel */

static int fail(const char *what, const char *why) {
    fprintf(stderr, "dvm-fileserver: cannot %s: %s\n", what, why);
    return 1;
}

static int connect_once(const struct sockaddr_un *address) {
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof *address) < 0) {
        int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

/* The machine may not listen yet. A descriptor, or -1 and errno. */
static int connect_to_machine(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct timespec pause = {.tv_nsec = RETRY_MS * 1000000};
    if (strlen(path) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(address.sun_path, path);
    int fd = connect_once(&address);
    for (int waited = 0;
         waited < CONNECT_MS && fd < 0 && (errno == ENOENT || errno == ECONNREFUSED);
         waited += RETRY_MS) {
        nanosleep(&pause, NULL);
        fd = connect_once(&address);
    }
    return fd;
}

/* As many descriptors as may be: a quarter is for what guests open and lock. */
static void raise_limits(void) {
    struct rlimit files = {.rlim_cur = 1024, .rlim_max = 1024};
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    size_t nodes = (size_t)files.rlim_cur / 4 * 3;
    nodes_start(nodes < DESCRIPTORS_MAX ? nodes : DESCRIPTORS_MAX);
    /* a file that is too long for this process' own limit must be no signal */
    signal(SIGXFSZ, SIG_IGN);
}

int main(int argc, char **argv) {
    const char *machine = NULL, *control = NULL;
    for (int index = 1; index + 1 < argc; index += 2) {
        if (strcmp(argv[index], "--machine") == 0)
            machine = argv[index + 1];
        else if (strcmp(argv[index], "--control") == 0)
            control = argv[index + 1];
    }
    if (argc != 5 || machine == NULL || control == NULL) {
        fprintf(stderr, "usage: dvm-fileserver --machine PATH --control PATH\n");
        return 2;
    }
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    signal(SIGPIPE, SIG_IGN);
    waiters_start();
    owner_start();
    raise_limits();
    const char *why = control_start(control);
    if (why != NULL)
        return fail("listen at the control socket", why);
    umask(0);
    int fd = connect_to_machine(machine);
    if (fd < 0)
        return fail("reach the machine", strerror(errno));
    session_run(fd);
}
