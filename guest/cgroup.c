#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "container.h"
#include "setup.h"

static int limit(const char *file, const char *value, struct failure *failure) {
    char path[128];
    snprintf(path, sizeof path, CONTAINER_CGROUP "/%s", file);
    if (write_file(path, value) < 0)
        return fail_errno(failure, "cannot set limit %s to %s", file, value);
    return 0;
}

int cgroup_limit(const struct machine_setup *setup, struct failure *failure) {
    char value[64];
    if (setup->cpu_quota_us != 0) {
        snprintf(value, sizeof value, "%" PRIu64 " %" PRIu64, setup->cpu_quota_us,
                 setup->cpu_period_us);
        if (limit("cpu.max", value, failure) < 0)
            return -1;
    }
    if (setup->memory_limit != 0) {
        snprintf(value, sizeof value, "%" PRIu64, setup->memory_limit);
        if (limit("memory.max", value, failure) < 0)
            return -1;
    }
    if (setup->pids_limit != 0) {
        snprintf(value, sizeof value, "%" PRIu64, setup->pids_limit);
        return limit("pids.max", value, failure);
    }
    return 0;
}

int cgroup_make(struct failure *failure) {
    static const char *const controllers[] = {"+cpu", "+memory", "+pids", "+io", "+cpuset"};
    if (mount("cgroup2", "/sys/fs/cgroup", "cgroup2", MS_NOSUID | MS_NOEXEC | MS_NODEV, NULL) < 0)
        return fail_errno(failure, "cannot mount cgroup2");
    for (size_t index = 0; index < sizeof controllers / sizeof *controllers; index++)
        write_file("/sys/fs/cgroup/cgroup.subtree_control", controllers[index]);
    /* a controller that this kernel lacks is missed below, if a limit asks for it */
    if (mkdir(CONTAINER_CGROUP, 0755) < 0)
        return fail_errno(failure, "cannot make the container's cgroup");
    return 0;
}
