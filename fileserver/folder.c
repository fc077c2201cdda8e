/* Reading folders. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attributes.h"
#include "handle.h"
#include "node.h"
#include "operations.h"

#define HOST_ENTRY_MAX 280u /* bytes of the longest */
#define READ_MAX 16384u     /* bytes of the host's entries at once */

/* As getdents64 gives them. */
struct host_entry {
    uint64_t inode;
    int64_t next; /* the position after it */
    uint16_t size;
    uint8_t type;
    char name[];
};

static size_t entry_size(size_t name, bool plus) {
    size_t head = plus ? FUSE_NAME_OFFSET_DIRENTPLUS : FUSE_NAME_OFFSET;
    return FUSE_REC_ALIGN(head + name);
}

static bool is_dots(const char *name) {
    return name[0] == '.' && (name[1] == 0 || (name[1] == '.' && name[2] == 0));
}

static void write_dirent(const struct request *request, const struct host_entry *entry,
                         struct fuse_dirent *to) {
    struct node *folder = request->node;
    bool is_above = entry->name[0] == '.' && entry->name[1] == '.' && entry->name[2] == 0;
    uint64_t inode = is_above && folder->parent == NULL ? folder->inode : entry->inode;
    /* a plain file may be anything where kinds are kept in attributes */
    bool may_be_other = folder->share->owners == OWNERS_MAPPED && entry->type == DT_REG;
    to->ino = attributes_inode(folder->device, inode);
    to->off = (uint64_t)entry->next;
    to->namelen = (uint32_t)strlen(entry->name);
    to->type = may_be_other ? DT_UNKNOWN : entry->type;
    memcpy(to->name, entry->name, to->namelen);
}

/* Adds the entry's attributes and a lookup of it; what is gone by now stays without. */
static void write_plus(struct request *request, const struct host_entry *entry,
                       struct fuse_direntplus *to) {
    if (is_dots(entry->name))
        return;
    int fd = openat(request->node->fd, entry->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return;
    if (entry_answer(request->node, entry->name, fd, &to->entry_out) < 0) {
        memset(&to->entry_out, 0, sizeof to->entry_out);
        return;
    }
    to->dirent.ino = to->entry_out.attr.ino;
    to->dirent.type = (to->entry_out.attr.mode & S_IFMT) >> 12;
}

/* Adds one entry to the answer; false: there is no room for it. */
static bool add(struct request *request, const struct host_entry *entry, size_t room, bool plus) {
    size_t size = entry_size(strlen(entry->name), plus);
    if (request->answered + size > room)
        return false;
    void *to = request_answer(request, size);
    write_dirent(request, entry, plus ? &((struct fuse_direntplus *)to)->dirent : to);
    if (plus)
        write_plus(request, entry, to);
    return true;
}

/* How much to read of the host's, so that it likely fits in the room that is left. */
static size_t portion(size_t left, bool plus) {
    size_t size = plus ? left * 3 / 20 : left * 3 / 4;
    return size < HOST_ENTRY_MAX ? HOST_ENTRY_MAX : size < READ_MAX ? size : READ_MAX;
}

/* Fills the answer from the handle's position on. 0, or -errno. */
static int fill(struct request *request, size_t room, bool plus) {
    uint8_t entries[READ_MAX] __attribute__((aligned(8)));
    int fd = request->handle->fd;
    while (room - request->answered >= entry_size(NAME_MAX, plus) || request->answered == 0) {
        size_t size = portion(room - request->answered, plus);
        long count = syscall(SYS_getdents64, fd, entries, size);
        if (count <= 0)
            return count < 0 && request->answered == 0 ? -errno : 0;
        for (long at = 0; at < count;) {
            const struct host_entry *entry = (const struct host_entry *)(entries + at);
            if (!add(request, entry, room, plus))
                return request->answered == 0 ? -EINVAL : 0;
            at += entry->size;
        }
    }
    return 0;
}

static int read_folder(struct request *request, bool plus) {
    const struct fuse_read_in *wanted = request_take(request, sizeof *wanted);
    size_t room = wanted->size < DATA_MAX ? wanted->size : DATA_MAX;
    pthread_mutex_lock(&request->handle->reading);
    int result = 0;
    if (lseek(request->handle->fd, (off_t)wanted->offset, SEEK_SET) < 0)
        result = -errno;
    if (result == 0)
        result = fill(request, room, plus);
    pthread_mutex_unlock(&request->handle->reading);
    return result;
}

int op_readdir(struct request *request) { return read_folder(request, false); }

int op_readdirplus(struct request *request) { return read_folder(request, true); }
