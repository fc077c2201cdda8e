#include "read_ahead.h"

#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent.h"

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

void read_program_ahead(const char *path) {
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
