#include "kept.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "own_changes.h"
#include "session.h"

#define NOBODYS_REQUEST UINT64_C(0xfffffffffffffffe)

static uint32_t news, taken_ms;
static struct recent_names heard;

uint32_t kept_news(void) { return __atomic_load_n(&news, __ATOMIC_ACQUIRE); }

bool kept_took_back_lately(void) {
    uint32_t ms = __atomic_load_n(&taken_ms, __ATOMIC_RELAXED);
    return ms != 0 && coarse_ms() - ms <= KEPT_S * 1000;
}

void kept_hear(const char *name) {
    recent_names_add(&heard, name);
    __atomic_add_fetch(&news, 1, __ATOMIC_ACQ_REL);
}

bool kept_is_news(const char *name) { return recent_names_has(&heard, name); }

static void strip_entry(struct fuse_entry_out *entry) {
    entry->entry_valid = entry->attr_valid = 0;
    entry->entry_valid_nsec = entry->attr_valid_nsec = 0;
}

static void strip_folder(struct request *request) {
    for (size_t at = 0; at < request->answered;) {
        struct fuse_direntplus *one = (struct fuse_direntplus *)(request->answer + at);
        strip_entry(&one->entry_out);
        at += FUSE_DIRENTPLUS_SIZE(one);
    }
}

void kept_strip(struct request *request) {
    switch (request->head.opcode) {
    case FUSE_LOOKUP:
    case FUSE_MKNOD:
    case FUSE_MKDIR:
    case FUSE_SYMLINK:
    case FUSE_LINK:
    case FUSE_CREATE:
    case OPERATION_TMPFILE:
        strip_entry((struct fuse_entry_out *)request->answer);
        return;
    case FUSE_GETATTR:
    case FUSE_SETATTR: {
        struct fuse_attr_out *attributes = (struct fuse_attr_out *)request->answer;
        attributes->attr_valid = attributes->attr_valid_nsec = 0;
        return;
    }
    case FUSE_READDIRPLUS:
        strip_folder(request);
    }
}

/*
 * The guest's relay lets another process give the kernel a notification, and the answer that
 * follows: that shall be one that nobody waits for.
 */
static void notify(int32_t code, const void *what, size_t size) {
    uint8_t message[2 * sizeof(struct fuse_out_header) + 64 + NAME_MAX + 1];
    struct fuse_out_header head = {.len = (uint32_t)(sizeof head + size), .error = code};
    struct fuse_out_header end = {.len = sizeof end, .error = -ENOENT, .unique = NOBODYS_REQUEST};
    __atomic_store_n(&taken_ms, coarse_ms(), __ATOMIC_RELAXED);
    memcpy(message, &head, sizeof head);
    memcpy(message + sizeof head, what, size);
    memcpy(message + sizeof head + size, &end, sizeof end);
    session_tell(message, sizeof head + size + sizeof end);
}

void kept_take_back_name(uint64_t folder, const char *name) {
    uint8_t what[sizeof(struct fuse_notify_inval_entry_out) + NAME_MAX + 1];
    size_t length = strlen(name);
    struct fuse_notify_inval_entry_out entry = {.parent = folder, .namelen = (uint32_t)length};
    memcpy(what, &entry, sizeof entry);
    memcpy(what + sizeof entry, name, length + 1);
    notify(FUSE_NOTIFY_INVAL_ENTRY, what, sizeof entry + length + 1);
}

void kept_take_back_attributes(uint64_t node) {
    struct fuse_notify_inval_inode_out inode = {.ino = node, .off = -1};
    notify(FUSE_NOTIFY_INVAL_INODE, &inode, sizeof inode);
}
