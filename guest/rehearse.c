/*
 * What a container's start will do, done once ahead: the kernel then has at hand what it reads of
 * the image for that, and an emulated processor its translation of the code.
 */

#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "container.h"
#include "process.h"
#include "setup.h"
#include "stand_by.h"
#include "stdio_pair.h"

#define PROGRAM_BYTES (4u << 20)
#define HEADERS_BYTES 4096u

static void read_ahead(int fd) {
    static uint8_t bytes[65536];
    for (size_t done = 0; done < PROGRAM_BYTES;) {
        ssize_t count = read(fd, bytes, sizeof bytes);
        if (count <= 0)
            return;
        done += (size_t)count;
    }
}

/* The path of the loader that an ELF file asks for; false when there is none. */
static bool find_loader(int fd, char *path, size_t room) {
    union {
        Elf64_Ehdr head;
        uint8_t bytes[HEADERS_BYTES];
    } file;
    ssize_t count = pread(fd, file.bytes, sizeof file.bytes, 0);
    if (count < (ssize_t)sizeof file.head || memcmp(file.bytes, ELFMAG, SELFMAG) != 0 ||
        file.head.e_phoff > (size_t)count)
        return false;
    size_t segments = ((size_t)count - file.head.e_phoff) / sizeof(Elf64_Phdr);
    for (size_t index = 0; index < segments && index < file.head.e_phnum; index++) {
        Elf64_Phdr segment;
        memcpy(&segment, file.bytes + file.head.e_phoff + index * sizeof segment, sizeof segment);
        if (segment.p_type != PT_INTERP || segment.p_filesz >= room)
            continue;
        ssize_t length = pread(fd, path, segment.p_filesz, (off_t)segment.p_offset);
        if (length != (ssize_t)segment.p_filesz)
            return false;
        path[length] = 0;
        return true;
    }
    return false;
}

/* The C library stands beside its loader. */
static void read_library(const char *loader) {
    char path[PATH_MAX];
    char *slash = realpath(loader, path) == NULL ? NULL : strrchr(path, '/');
    if (slash == NULL || slash + sizeof "/libc.so.6" > path + sizeof path)
        return;
    strcpy(slash, "/libc.so.6");
    cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0)
        read_ahead(fd);
}

void rehearse_program(const char *path) {
    char loader[PATH_MAX];
    cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    read_ahead(fd);
    if (!find_loader(fd, loader, sizeof loader))
        return;
    cleanup_close int loader_fd = open(loader, O_RDONLY | O_CLOEXEC);
    if (loader_fd < 0)
        return;
    read_ahead(loader_fd);
    read_library(loader);
}

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

static void drain(int fd) {
    char bytes[64];
    fcntl(fd, F_SETFL, 0);
    while (read(fd, bytes, sizeof bytes) > 0)
        continue;
}

int rehearse_start(const struct process_spec *spec, struct failure *failure) {
    struct stdio_pair pair __attribute__((cleanup(stdio_pair_close)));
    if (stdio_pair_open(&pair, spec, failure) < 0 ||
        stand_by_rehearse(spec, &pair.child, failure) < 0)
        return -1;
    for (int index = 0; index < 3; index++)
        close_and_forget(&pair.child.fds[index]);
    close_and_forget(&pair.child.failure_fd);
    drain(pair.agent[1]);
    return 0;
}
