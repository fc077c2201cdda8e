#ifndef DVM_ROOT_H
#define DVM_ROOT_H

#include "agent.h"
#include "place.h"
#include "setup.h"

#define ROOT_VOLUMES_MAX 16

/* A container's root: its image and scratch disk, joined, with /dev and /sys. */
struct root {
    const struct place *place;
    char image_disk[DVM_DISK_NAME_MAX + 1]; /* "": not mounted */
    char scratch_disk[DVM_DISK_NAME_MAX + 1];
    char volumes[ROOT_VOLUMES_MAX][DVM_DISK_NAME_MAX + 1]; /* on disks of their own */
    size_t volume_count;
    bool joined;
};

/*
 * Makes the place, and in it /dev and /sys for the container; /sys shows the network namespace that
 * the agent is in.
 */
int root_prepare(struct root *root, struct failure *failure);
/* Mounts a new scratch disk, and reads what the kernel needs of it to write there. */
int root_take_new_scratch(struct root *root, const char *disk, struct failure *failure);
int root_join(struct root *root, const char *image_disk, const char *scratch_disk,
              struct failure *failure);
/* The same, if it isn't done, and what the set-up says; an O_PATH of the root. */
int root_make(struct root *root, const struct container_setup *setup, const struct place *donor,
              struct failure *failure);

/* An O_PATH of it. */
int root_open(const struct root *root, struct failure *failure);

/* Notes that the container uses this disk for a volume: it is taken out of use with the others. */
int root_keep_volume(struct root *root, const char *disk, struct failure *failure);

/* Takes the disks out of use, written, and the place away. Its processes have gone. */
int root_unmount(struct root *root, struct failure *failure);
/* What can be done where they haven't: the scratch disk is written, and written to no more. */
void root_abandon(struct root *root);

#endif
