#ifndef DVM_VOLUME_H
#define DVM_VOLUME_H

#include "agent.h"
#include "place.h"

/*
 * Volumes that are disks of their own: an ext4 file system, of which the folder "data" is the
 * volume, so that it begins empty.
 */

/*
 * Mounts the one on this disk for the container in `slot`, if that isn't done. An O_PATH of the
 * volume, or -1. `populate` is taken back where something is in it.
 */
int volume_open(unsigned slot, const char *disk, bool *populate, struct failure *failure);
/* What can be done for one whose processes don't end: it is written, and written to no more. */
void volume_abandon(const struct place *place, const char *disk);

#endif
