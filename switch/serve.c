#include "serve.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control.h"
#include "descriptors.h"
#include "elements.h"
#include "link.h"
#include "mux_loop.h"
#include "namespace.h"
#include "nft.h"
#include "outside.h"
#include "ruleset.h"
#include "tap.h"

static void give_up(const char *what) {
    fprintf(stderr, "dvm-switch: cannot %s: %s\n", what, strerror(errno));
    exit(1);
}

/* Tells before anything is promised. */
static void check_taps(void) {
    if (access("/dev/net/tun", R_OK | W_OK) < 0)
        give_up("use /dev/net/tun");
}

static void load(const char *rules) {
    char said[256] = "";
    if (nft_run_text(rules, said, sizeof said) == 0)
        return;
    if (*said != 0)
        fprintf(stderr, "dvm-switch: %s\n", said);
    give_up("set up rules");
}

static void set_up(void) {
    if (link_open() < 0)
        give_up("set up networks");
    if (link_own_marked(MARK_OURS) < 0)
        give_up("set up routes");
    load(ruleset_of_taps);
    load(ruleset_of_routes);
    if (elements_open() < 0)
        give_up("set up rules");
}

static void make_own(void) {
    if (namespace_own_users() < 0)
        give_up("have a user namespace");
    if (outside_start() < 0)
        give_up("stay outside");
    if (namespace_own_network() < 0)
        give_up("have a network namespace");
}

static void join(const char *path) {
    int network = open(path, O_RDONLY | O_CLOEXEC);
    if (network < 0 || namespace_join_users(network) < 0)
        give_up("join the namespace of an earlier switch");
    if (outside_start() < 0)
        give_up("stay outside");
    if (namespace_join_network(network) < 0)
        give_up("join the network of an earlier switch");
    close(network);
}

int serve_main(int count, char **words) {
    if (count != 5 && count != 6) {
        fputs("usage: dvm-switch serve CONTROL DESCRIPTORS NFT [NAMESPACE]\n", stderr);
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    check_taps();
    if (count == 6)
        join(words[5]);
    else
        make_own();
    nft_use(words[4]);
    set_up();
    if (mux_loop_open() < 0 || descriptors_open(words[3]) < 0)
        give_up("listen at the socket of descriptors");
    if (control_open(words[2]) < 0)
        give_up("listen at the control socket");
    for (;;)
        mux_loop_turn(-1);
}

int check_main(int count, char **words) {
    if (count != 3) {
        fputs("usage: dvm-switch check NFT\n", stderr);
        return 2;
    }
    check_taps();
    make_own();
    nft_use(words[2]);
    set_up();
    if (link_make_bridge("dvm0", 1500) < 0)
        give_up("make a bridge");
    int tap = tap_open("t0");
    if (tap < 0)
        give_up("make a tap");
    close(tap);
    return 0;
}
