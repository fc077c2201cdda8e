/*
 * dvm-forwarder CONTROL MACHINE [SWITCH]: carries connections between this host and one machine, as
 * connections.h draws it, or through the switch whose descriptors SWITCH gives out. MACHINE is the
 * Unix socket of the machine's port, CONTROL is made. It lives as long as the machine, whatever
 * becomes of the daemon.
 */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/un.h>
#include <unistd.h>

#include "control.h"
#include "grants.h"
#include "mux.h"
#include "published.h"
#include "unix_socket.h"

#define DESCRIPTORS_MAX 65536u
#define STREAMS_MAX 8384u
#define OTHER_DESCRIPTORS 64u /* than those of streams */

static const char *control_path;

static void give_up(const char *what, const char *path) {
    fprintf(stderr, "dvm-forwarder: cannot %s %s: %s\n", what, path, strerror(errno));
    exit(1);
}

static void lost(const char *why) {
    fprintf(stderr, "dvm-forwarder: the machine's port: %s\n", why);
    unlink(control_path);
    exit(0);
}

/* Gives how many streams there may be. */
static size_t take_descriptors(void) {
    struct rlimit limit = {.rlim_cur = 1024, .rlim_max = 1024};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max < DESCRIPTORS_MAX ? limit.rlim_max : DESCRIPTORS_MAX;
    setrlimit(RLIMIT_NOFILE, &limit);
    rlim_t most = limit.rlim_cur > 2 * OTHER_DESCRIPTORS ? limit.rlim_cur - OTHER_DESCRIPTORS
                                                         : OTHER_DESCRIPTORS;
    return most < STREAMS_MAX ? most : STREAMS_MAX;
}

int main(int count, char **words) {
    static struct mux_side side = {.find = grant_find, .lost = lost};
    if (count != 3 && count != 4) {
        fputs("usage: dvm-forwarder CONTROL MACHINE [SWITCH]\n", stderr);
        return 2;
    }
    control_path = words[1];
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    side.streams_max = take_descriptors();
    int machine = unix_connect(words[2], SOCK_STREAM);
    if (machine < 0 || mux_open(machine, &side) < 0)
        give_up("connect to", words[2]);
    if (published_open(words[3]) < 0 || control_open(words[1]) < 0)
        give_up("listen at", words[1]);
    for (;;)
        mux_turn();
}
