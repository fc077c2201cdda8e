#ifndef DVM_PLACE_H
#define DVM_PLACE_H

/* Where the agent keeps one container: paths that its slot in the table decides. */
struct place {
    unsigned slot;
    char folder[40];       /* a tmpfs of its own, which holds all that follows but the cgroup */
    char root[48];         /* image and scratch disk, joined */
    char image[48];        /* the image's disk */
    char scratch[48];      /* the scratch disk ... */
    char upper[56];        /* ... and on it what the container writes */
    char work[56];         /* ... and what overlayfs needs */
    char prepared_dev[56]; /* /dev and /sys, bound into the root */
    char prepared_sys[56];
    char etc[48];         /* files of /etc, bound into the root */
    char bare[48];        /* the root without what is mounted in it */
    char cgroup[48];      /* its folder ... */
    char cgroup_name[24]; /* ... and its path below the agent's own */
};

void place_of(unsigned slot, struct place *place);

#endif
