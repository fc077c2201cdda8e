/*
 * dvm-switch: the networks of machines, in a network namespace of their own.
 *   serve …   keeps them, for as long as it lives (serve.h)
 *   check …   says whether this host lets it
 *   run …     becomes a program that has taps of it (launcher.h)
 *   veth …    joins its network with the host's, as root (veth.h)
 */

#include <stdio.h>
#include <string.h>

#include "launcher.h"
#include "serve.h"
#include "veth.h"

struct part {
    const char *name;
    int (*run)(int count, char **words);
};

static const struct part parts[] = {{"serve", serve_main},   {"check", check_main},
                                    {"run", launcher_main},  {"veth", veth_main},
                                    {"unveth", unveth_main}, {"route", route_main}};

int main(int count, char **words) {
    for (size_t index = 0; count > 1 && index < sizeof parts / sizeof *parts; index++)
        if (strcmp(words[1], parts[index].name) == 0)
            return parts[index].run(count, words);
    fputs("usage: dvm-switch serve|check|run|veth|unveth|route ...\n", stderr);
    return 2;
}
