#pragma once

/*
 * Access lists as system.posix_acl_access and _default hold them (linux/posix_acl_xattr.h), for
 * files whose modes the server keeps itself.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define ACL_ACCESS "system.posix_acl_access"
#define ACL_DEFAULT "system.posix_acl_default"
#define ACL_MAX 4096u

/* Whether these bytes are a list. */
bool acl_is_valid(const uint8_t *list, size_t size);
/*
 * Makes of a folder's default list the access list and the mode of what is made in it. True: the
 * list says more than the mode, and is to be kept.
 */
bool acl_inherit(uint8_t *list, size_t size, mode_t *mode);
/* Makes a list fit a mode that was set. False: it is no list. */
bool acl_change_mode(uint8_t *list, size_t size, mode_t mode);
/* The mode that a list gives; true: the list says more than the mode. */
bool acl_mode(const uint8_t *list, size_t size, mode_t *mode);
