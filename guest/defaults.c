#include "defaults.h"

#include <errno.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>

#include "agent.h"

struct setting {
    const char *name; /* below /proc/sys */
    const char *value;
};

struct limit {
    int resource;
    struct rlimit value;
};

/* The kernel computes them by memory: these are its own for 128 GiB, or its highest. */
static const struct setting by_memory[] = {
    {"kernel/threads-max", "1048576"},
    {"kernel/pid_max", "4194304"},
    {"fs/inotify/max_user_watches", "1048576"},
    {"fs/fanotify/max_user_marks", "1048576"},
    {"fs/epoll/max_user_watches", "29000000"},
    {"fs/file-max", "9223372036854775807"}, /* as systemd sets it */
    {"net/ipv4/tcp_max_orphans", "262144"},
    {"net/netfilter/nf_conntrack_max", "262144"},
    {"user/max_cgroup_namespaces", "524288"},
    {"user/max_ipc_namespaces", "524288"},
    {"user/max_mnt_namespaces", "524288"},
    {"user/max_net_namespaces", "524288"},
    {"user/max_pid_namespaces", "524288"},
    {"user/max_time_namespaces", "524288"},
    {"user/max_user_namespaces", "524288"},
    {"user/max_uts_namespaces", "524288"},
};

/* What administrators of hosts for containers raise, as programs refuse to start without. */
static const struct setting as_hosts_have[] = {
    {"vm/max_map_count", "1048576"},           /* Elasticsearch and its like want 262144 */
    {"fs/inotify/max_user_instances", "8192"}, /* each watching program takes some */
    {"fs/aio-max-nr", "1048576"},              /* databases, thousands each */
    {"net/core/rmem_max", "4194304"},          /* QUIC; the default of newer kernels */
    {"net/core/wmem_max", "4194304"},          /* idem */
};

static const struct setting of_network[] = {
    {"net/ipv4/ip_unprivileged_port_start", "0"},
    {"net/ipv4/ping_group_range", "0 2147483647"},
    {"net/core/somaxconn", "4096"},
    {"net/ipv4/tcp_max_syn_backlog", "4096"},
    {"net/ipv4/tcp_max_tw_buckets", "262144"},
    {"net/ipv4/tcp_rmem", "4096 131072 6291456"},
    {"net/ipv4/tcp_wmem", "4096 16384 4194304"},
};

static const struct limit of_processes[] = {
    {RLIMIT_NOFILE, {1048576, 1048576}},
    {RLIMIT_NPROC, {RLIM_INFINITY, RLIM_INFINITY}}, /* the container's --pids-limit counts */
    {RLIMIT_CORE, {RLIM_INFINITY, RLIM_INFINITY}},
    {RLIMIT_MEMLOCK, {8388608, 8388608}},
    {RLIMIT_SIGPENDING, {524288, 524288}}, /* by memory, as above */
};

/* A kernel without a setting, or that bounds it lower, keeps its own. */
static void set_all(const struct setting *settings, size_t count) {
    for (size_t index = 0; index < count; index++) {
        char path[64];
        snprintf(path, sizeof path, "/proc/sys/%s", settings[index].name);
        if (write_file(path, settings[index].value) < 0 && errno != ENOENT && errno != EINVAL)
            complain("cannot set %s: %s", settings[index].name, error_text(errno));
    }
}

/*
 * Sockets' memory: a quarter of the machine's, where the kernel takes a tenth. When it is used up,
 * connections stand still till others are read from.
 */
static void set_tcp_memory(void) {
    struct sysinfo system;
    char text[64];
    if (sysinfo(&system) < 0)
        return;
    unsigned long pages = (unsigned long)system.totalram * system.mem_unit / 4096;
    snprintf(text, sizeof text, "%lu %lu %lu", pages / 16, pages / 8, pages / 4);
    if (write_file("/proc/sys/net/ipv4/tcp_mem", text) < 0 && errno != ENOENT)
        complain("cannot set tcp_mem: %s", error_text(errno));
}

void defaults_set_machine(void) {
    set_tcp_memory();
    set_all(by_memory, sizeof by_memory / sizeof *by_memory);
    set_all(as_hosts_have, sizeof as_hosts_have / sizeof *as_hosts_have);
    for (size_t index = 0; index < sizeof of_processes / sizeof *of_processes; index++)
        if (setrlimit(of_processes[index].resource, &of_processes[index].value) < 0)
            complain("cannot set limit %d: %s", of_processes[index].resource, error_text(errno));
}

void defaults_set_network(void) { set_all(of_network, sizeof of_network / sizeof *of_network); }
