#include "serve.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control.h"
#include "descriptors.h"
#include "link.h"
#include "mux_loop.h"
#include "namespace.h"

static void give_up(const char *what) {
    fprintf(stderr, "dvm-switch: cannot %s: %s\n", what, strerror(errno));
    exit(1);
}

/* Tells before anything is promised. */
static void check_taps(void) {
    if (access("/dev/net/tun", R_OK | W_OK) < 0)
        give_up("use /dev/net/tun");
}

int serve_main(int count, char **words) {
    if (count != 4) {
        fputs("usage: dvm-switch serve CONTROL DESCRIPTORS\n", stderr);
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    check_taps();
    if (namespace_own_users() < 0)
        give_up("have a user namespace");
    if (namespace_own_network() < 0)
        give_up("have a network namespace");
    if (link_open() < 0)
        give_up("set up networks");
    if (link_own_marked(1) < 0)
        give_up("set up routes");
    if (mux_loop_open() < 0 || descriptors_open(words[3]) < 0)
        give_up("listen at the socket of descriptors");
    if (control_open(words[2]) < 0)
        give_up("listen at the control socket");
    for (;;)
        mux_loop_turn(-1);
}
