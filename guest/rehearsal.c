#include "rehearsal.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* What a C library does before main(), and most programs soon after. */
int rehearsal_main(void) {
    char text[256];
    struct rlimit limit;
    struct sigaction action = {.sa_handler = SIG_DFL};
    const size_t size = 4 * 4096;
    char *start = sbrk(0);
    if (brk(start + size) == 0)
        memset(start, 1, size);
    char *pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages != MAP_FAILED) {
        memset(pages, 1, size);
        mprotect(pages, size / 2, PROT_READ);
        munmap(pages, size);
    }
    bool done = getrandom(text, 16, 0) == 16 && getcwd(text, sizeof text) != NULL &&
                readlink("/proc/self/exe", text, sizeof text) > 0 && getppid() >= 0 &&
                getrlimit(RLIMIT_STACK, &limit) == 0 && sigaction(SIGCHLD, &action, NULL) == 0;
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    done = done && waitpid(child, NULL, 0) == child;
    return puts(done ? "rehearsed" : "rehearsed in part") == EOF;
}
