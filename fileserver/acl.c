#include "acl.h"

#include <endian.h>
#include <string.h>

#define VERSION 2u

enum { OWNER = 0x01, USER = 0x02, OWNING_GROUP = 0x04, GROUP = 0x08, MASK = 0x10, OTHER = 0x20 };

struct entry {
    uint16_t tag, permissions;
    uint32_t id;
} __attribute__((packed));

struct list {
    uint32_t version;
    struct entry entries[];
} __attribute__((packed));

static size_t count_of(size_t size) { return (size - sizeof(uint32_t)) / sizeof(struct entry); }

bool acl_is_valid(const uint8_t *bytes, size_t size) {
    const struct list *list = (const struct list *)bytes;
    return size >= sizeof *list && (size - sizeof *list) % sizeof(struct entry) == 0 &&
           le32toh(list->version) == VERSION;
}

/* The entry with this tag; NULL: none. */
static struct entry *entry_of(uint8_t *bytes, size_t size, uint16_t tag) {
    struct list *list = (struct list *)bytes;
    for (size_t index = 0; index < count_of(size); index++) {
        if (le16toh(list->entries[index].tag) == tag)
            return &list->entries[index];
    }
    return NULL;
}

static uint32_t rights(const struct entry *entry) { return le16toh(entry->permissions) & 7u; }

/* Cuts an entry and the mode's three bits at `shift` to what both allow. */
static void cut(struct entry *entry, mode_t *mode, unsigned shift) {
    if (entry == NULL)
        return;
    uint32_t both = rights(entry) & (*mode >> shift & 7u);
    entry->permissions = htole16((uint16_t)both);
    *mode = (*mode & ~(7u << shift)) | both << shift;
}

static bool says_more(uint8_t *list, size_t size) {
    return entry_of(list, size, USER) != NULL || entry_of(list, size, GROUP) != NULL ||
           entry_of(list, size, MASK) != NULL;
}

static struct entry *group_class(uint8_t *list, size_t size) {
    struct entry *mask = entry_of(list, size, MASK);
    return mask != NULL ? mask : entry_of(list, size, OWNING_GROUP);
}

bool acl_inherit(uint8_t *list, size_t size, mode_t *mode) {
    if (!acl_is_valid(list, size))
        return false;
    cut(entry_of(list, size, OWNER), mode, 6);
    cut(group_class(list, size), mode, 3);
    cut(entry_of(list, size, OTHER), mode, 0);
    return says_more(list, size);
}

static void set_rights(struct entry *entry, mode_t mode, unsigned shift) {
    if (entry != NULL)
        entry->permissions = htole16((uint16_t)(mode >> shift & 7u));
}

bool acl_change_mode(uint8_t *list, size_t size, mode_t mode) {
    if (!acl_is_valid(list, size))
        return false;
    set_rights(entry_of(list, size, OWNER), mode, 6);
    set_rights(group_class(list, size), mode, 3);
    set_rights(entry_of(list, size, OTHER), mode, 0);
    return true;
}

bool acl_mode(const uint8_t *bytes, size_t size, mode_t *mode) {
    uint8_t *list = (uint8_t *)(uintptr_t)bytes;
    const struct entry *classes[] = {entry_of(list, size, OTHER), group_class(list, size),
                                     entry_of(list, size, OWNER)};
    for (unsigned index = 0; index < 3; index++) {
        if (classes[index] != NULL)
            *mode = (*mode & ~(7u << index * 3)) | rights(classes[index]) << index * 3;
    }
    return says_more(list, size);
}
