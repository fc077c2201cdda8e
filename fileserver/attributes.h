#pragma once

/* What a guest is told about a file. */

#include <linux/fuse.h>
#include <sys/stat.h>

#include "node.h"
#include "request.h"
#include "share.h"

/*
 * For how long a guest may believe names and attributes without asking again: not at all, as the
 * host and other machines change them, and what they do is to be seen at once. But a folder's
 * owners and rights are asked for at each step of each path: those it may believe for a tick.
 */
#ifndef ENTRY_VALID_NS
#define ENTRY_VALID_NS 0u
#define FILE_VALID_NS 0u
#define FOLDER_VALID_NS 4000000u
#endif

/* The attributes of an open file as the guest is to see them. 0, or -errno. */
int attributes_read(int fd, enum owners owners, struct stat *status);
/* For how long attributes may be believed, in ns. */
uint32_t attributes_valid_ns(mode_t mode);
/* To the protocol's form; inodes of several devices get numbers that differ. */
void attributes_write(const struct stat *status, struct fuse_attr *attributes);
/* The number that the guest sees for an inode of this device. */
uint64_t attributes_inode(dev_t device, uint64_t inode);
/* A device's number, as the protocol has it, and back. */
uint32_t device_encode(dev_t device);
dev_t device_decode(uint32_t encoded);
/* Takes set-user-ID, and set-group-ID of what a group may run, from a file. 0, or -errno. */
int attributes_clear_suid(const struct node *node);
/*
 * Finds or makes the node of an open file of a folder and writes it as the answer's entry. `fd` is
 * the node's from then on, or closed. 0, or -errno.
 */
int entry_answer(struct node *folder, const char *name, int fd, struct fuse_entry_out *entry);
/* The same of what is there by this name. */
int entry_find(struct node *folder, const char *name, struct fuse_entry_out *entry);
