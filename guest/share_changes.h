#ifndef DVM_SHARE_CHANGES_H
#define DVM_SHARE_CHANGES_H

#include <stdint.h>

/*
 * How a guest's kernel hears of what others change in a folder that the guest has, so that who
 * watches it there (inotify) hears, too. These messages go between the FUSE ones of the same port
 * (share_relay.c, fileserver/changes.h).
 *
 * A process of the agent does the same to the guest's file system as others have done on the host.
 * The file server knows its requests by their pid, and does nothing: what they are about is done.
 * So they tell the guest's kernel, and nobody else.
 *
 *   guest → server   CHANGES_BEGIN  a fuse_in_header: from now on changes may be told to `pid`
 *   server → guest   CHANGES_TELL   a fuse_out_header with unique 0 and this in place of an error,
 *                                   struct shared_change, and two names, each ended by a zero
 *   guest → server   CHANGES_DONE   a fuse_in_header: that one is told; the next may come
 */
#define CHANGES_BEGIN 0x444d0001u
#define CHANGES_DONE 0x444d0002u
#define CHANGES_TELL 0x444d0003

enum change_kind {
    CHANGE_CREATED = 1,
    CHANGE_REMOVED = 2,
    CHANGE_MOVED = 3, /* to the second folder and name */
    CHANGE_CONTENT = 4,
    CHANGE_ATTRIBUTES = 5,
    CHANGE_CLOSED = 6, /* after it was written to */
};

struct shared_change {
    uint32_t kind;
    uint32_t type;   /* S_IFMT of what has changed */
    uint64_t folder; /* its number (nodeid); with an empty name: of the file itself */
    uint64_t to_folder;
};

#endif
