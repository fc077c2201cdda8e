#include "namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

static int write_text(const char *path, const char *text) {
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t count = write(fd, text, strlen(text));
    int number = errno;
    close(fd);
    errno = number;
    return count < 0 ? -1 : 0;
}

static int map_only_us(uid_t user, gid_t group) {
    char users[64], groups[64];
    snprintf(users, sizeof users, "0 %u 1\n", user);
    snprintf(groups, sizeof groups, "0 %u 1\n", group);
    if (write_text("/proc/self/setgroups", "deny") < 0 && errno != ENOENT)
        return -1;
    if (write_text("/proc/self/uid_map", users) < 0 || write_text("/proc/self/gid_map", groups) < 0)
        return -1;
    /* else the files of ours in /proc are not ours */
    return prctl(PR_SET_DUMPABLE, 1);
}

int namespace_own_users(void) {
    uid_t user = geteuid();
    gid_t group = getegid();
    if (unshare(CLONE_NEWUSER) < 0)
        return user == 0 ? 0 : -1;
    return map_only_us(user, group);
}

/* Best effort: a host may have neither file. */
static void set_sysctl(const char *name, const char *value) {
    char path[128];
    snprintf(path, sizeof path, "/proc/sys/net/%s", name);
    write_text(path, value);
}

static void set_sysctls(void) {
    set_sysctl("ipv4/ip_forward", "1");
    set_sysctl("ipv6/conf/all/forwarding", "1");
    set_sysctl("ipv4/ip_unprivileged_port_start", "0");
    set_sysctl("ipv4/conf/all/rp_filter", "0");
    set_sysctl("ipv4/conf/default/rp_filter", "0");
    set_sysctl("ipv6/conf/default/accept_ra", "0");
    set_sysctl("ipv6/conf/default/accept_dad", "0");
    set_sysctl("ipv6/conf/all/accept_dad", "0");
    set_sysctl("ipv4/conf/all/send_redirects", "0");
    set_sysctl("ipv4/conf/default/send_redirects", "0");
    /* what stays on a bridge is judged there only */
    set_sysctl("bridge/bridge-nf-call-iptables", "0");
    set_sysctl("bridge/bridge-nf-call-ip6tables", "0");
    set_sysctl("bridge/bridge-nf-call-arptables", "0");
}

int namespace_own_network(void) {
    if (unshare(CLONE_NEWNET) < 0)
        return -1;
    set_sysctls();
    return 0;
}

int namespace_join_users(int network) {
    int users = ioctl(network, NS_GET_USERNS);
    if (users < 0)
        return -1;
    int joined = setns(users, CLONE_NEWUSER), number = errno;
    close(users);
    errno = number;
    if (joined < 0 && errno != EINVAL) /* EINVAL: they are ours already */
        return -1;
    return prctl(PR_SET_DUMPABLE, 1);
}

int namespace_join_network(int network) { return setns(network, CLONE_NEWNET); }
