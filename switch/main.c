/*
 * dvm-switch: the networks of machines, in a network namespace of their own.
 *   serve …   keeps them, for as long as it lives (serve.h)
 *   run …     becomes a program that has taps of it (launcher.h)
 */

#include <stdio.h>
#include <string.h>

#include "launcher.h"
#include "serve.h"

int main(int count, char **words) {
    if (count > 1 && strcmp(words[1], "serve") == 0)
        return serve_main(count, words);
    if (count > 1 && strcmp(words[1], "run") == 0)
        return launcher_main(count, words);
    fputs("usage: dvm-switch serve|run ...\n", stderr);
    return 2;
}
