/*
 * Loaded into the QEMU of a clone (LD_PRELOAD). The clone's memory is a private mapping of its
 * template's RAM file. When the guest reports pages as free, QEMU drops them from the mapping, and
 * punches a hole into the file as well (ram_block_discard_range): that would take the pages from
 * all other clones. Here the hole isn't made, and the dropped pages' memory goes back to the host.
 */

#define _GNU_SOURCE

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static dev_t device;
static ino_t inode;

/* The template may be removed while the clone runs: its file is known by number from now on. */
__attribute__((constructor)) static void find_ram(void) {
    struct stat ram;
    const char *path = getenv("DVM_TEMPLATE_RAM");
    if (path == NULL || syscall(SYS_stat, path, &ram) != 0)
        return;
    device = ram.st_dev;
    inode = ram.st_ino;
}

static bool is_ram(int fd) {
    struct stat file;
    return inode != 0 && syscall(SYS_fstat, fd, &file) == 0 && file.st_ino == inode &&
           file.st_dev == device;
}

int fallocate64(int fd, int mode, off64_t offset, off64_t length) {
    if ((mode & FALLOC_FL_PUNCH_HOLE) != 0 && is_ram(fd))
        return 0;
    return (int)syscall(SYS_fallocate, fd, mode, offset, length);
}

int fallocate(int fd, int mode, off_t offset, off_t length) {
    return fallocate64(fd, mode, offset, length);
}

/*
 * Huge pages for the buffer of translated code would cost a machine up to 2 MB, in which an idle
 * one has nothing, and make no loop of a shell quicker.
 */
int madvise(void *start, size_t length, int advice) {
    return advice == MADV_HUGEPAGE ? 0 : (int)syscall(SYS_madvise, start, length, advice);
}
