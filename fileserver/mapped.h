#pragma once

/*
 * Owners, modes and devices of files that are all the server's on the host: kept in extended
 * attributes as QEMU's 9p server keeps them (security_model=mapped-xattr), so that old volumes stay
 * readable: user.virtfs.uid, .gid and .mode are little-endian u32, .rdev u64. Links and special
 * files are plain files; a link's target is what its file holds. What only root may set is kept
 * beside them: user.virtfs.system.posix_acl_access and so on.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "request.h"

#define MAPPED_PREFIX "user.virtfs."

/* Lays what the attributes say over what the host says. */
void mapped_read(int fd, struct stat *status);
int mapped_set_ids(int fd, uint32_t uid, uint32_t gid);
int mapped_set_mode(int fd, mode_t mode);
/* Takes the access list's rights over into the mode, as when one is set. 0, or -errno. */
int mapped_set_mode_only(int fd, mode_t mode);
/*
 * Says of a file that was made in a folder of what kind, and whose, it is. `mode` with its kind;
 * `mask` counts unless the folder has a default access list. 0, or -errno.
 */
int mapped_made(const struct request *request, int fd, mode_t mode, uint32_t mask, dev_t device);
/*
 * The host's name of an extended attribute of the guest; NULL: the guest has none of this name.
 * `room` is XATTR_NAME_MAX + 1 bytes.
 */
const char *mapped_name(const char *name, char *room);
/* The guest's name of one of the host's; NULL: it is hidden. */
const char *mapped_guest_name(const char *name);
