#ifndef DVM_CONTAINER_H
#define DVM_CONTAINER_H

#include <sys/types.h>

#include "agent.h"
#include "process.h"

/* The container: its root tree as the agent sees it, its namespaces, its cgroup. */
#define CONTAINER_ROOT "/run/root"
#define CONTAINER_CGROUP "/sys/fs/cgroup/container"

/* What of the set-up the container's first process still has to do. */
struct container_setup {
    const char *hostname;
    const char *domainname;
    bool read_only_root;
    bool privileged;
    bool owns_cgroup_mount; /* a mount of the user's stands at /sys/fs/cgroup */
    bool entered;           /* it is in its root, and the kernel's own files are hidden */
    char **sysctls;         /* name, value, name, value, ... NULL */
};

extern struct container_setup container;

/* Takes from the set-up what the container's first process still has to do. */
struct machine_setup;
void container_configure(const struct machine_setup *setup);
/* In the first process: makes its namespaces, which see the agent's mounts. */
int container_enter(struct failure *failure);

/* The life of a child after fork; `stdio` becomes its descriptors 0 to 2. Does not return. */
void container_child(const struct process_spec *spec, struct stdio *stdio, bool is_main)
    __attribute__((noreturn));
/* /proc/…/ns/`name` of the container's main process; -1 with errno. */
int container_open_namespace(const char *name);
bool container_ran_out_of_memory(void);

/* root_view.c: the first process goes into its root, with file systems of its own namespaces. */
int enter_root(struct failure *failure);
/* Takes what Docker hides and protects out of its sight. */
int hide_kernel(struct failure *failure);
/* The last touches, when all is known. */
int finish_root(const struct stdio *stdio, bool tty, struct failure *failure);

/* rehearse.c: has the waiting first process do what a start does, up to a program of the agent's.
 */
int rehearse_start(const struct process_spec *spec, struct failure *failure);
/* The program that a rehearsal ends with. */
int rehearsal_main(void);
/* Reads a program, and what it will be loaded with, so that they are at hand. */
void rehearse_program(const char *path);

/* execute.c: user, rights, folder, then the program; returns only after a failure. */
int execute(const struct process_spec *spec, struct stdio *stdio, struct failure *failure);

/* reaper.c: runs the program in a child, passes signals on, reaps, exits with its code. */
int execute_under_reaper(const struct process_spec *spec, struct stdio *stdio,
                         struct failure *failure);

#endif
