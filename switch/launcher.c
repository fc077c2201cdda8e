#include "launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "unix_socket.h"

#define NAMESPACE_DESCRIPTOR 9
#define FIRST_TAP_DESCRIPTOR 10

static void give_up(const char *what, const char *why) {
    fprintf(stderr, "dvm-switch: cannot get %s: %s\n", what, why);
    exit(125);
}

/* Asks for one thing, and puts it where the program expects it. */
static void take(int socket, const char *request, int place) {
    char answer[256];
    int descriptor = -1;
    if (unix_send(socket, request, strlen(request), -1) < 0 ||
        unix_receive(socket, answer, sizeof answer, &descriptor) <= 0)
        give_up(request, strerror(errno));
    if (descriptor < 0)
        give_up(request, answer);
    if (dup2(descriptor, place) < 0)
        give_up(request, strerror(errno));
    if (descriptor != place)
        close(descriptor);
    else
        fcntl(place, F_SETFD, 0);
}

int launcher_main(int count, char **words) {
    if (count < 6 || strcmp(words[4], "--") != 0) {
        fputs("usage: dvm-switch run DESCRIPTORS TAP[,TAP...] -- PROGRAM WORD...\n", stderr);
        return 2;
    }
    int opened = unix_connect(words[2], SOCK_SEQPACKET);
    if (opened < 0)
        give_up(words[2], strerror(errno));
    int socket = fcntl(opened, F_DUPFD_CLOEXEC, 512); /* out of the way of what is to come */
    if (socket < 0)
        give_up(words[2], strerror(errno));
    close(opened);
    take(socket, "namespace", NAMESPACE_DESCRIPTOR);
    int place = FIRST_TAP_DESCRIPTOR;
    for (char *rest = words[3], *tap; (tap = strsep(&rest, ",")) != NULL; place++) {
        char request[64];
        snprintf(request, sizeof request, "tap %.40s", tap);
        take(socket, request, place);
    }
    execv(words[5], words + 5);
    fprintf(stderr, "dvm-switch: cannot run %s: %s\n", words[5], strerror(errno));
    return 127;
}
