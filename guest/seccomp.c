#include "seccomp.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

static bool is_in_kernel(void) { return prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0 || errno != EINVAL; }

int seccomp_enter(const struct system_call_filter *filter, struct failure *failure) {
    const struct sock_fprog program = {
        .len = (unsigned short)(filter->count / sizeof(struct sock_filter)),
        .filter = (struct sock_filter *)(uintptr_t)filter->bytes};
    if (filter->count == 0)
        return 0;
    if (!is_in_kernel())
        return filter->is_required
                   ? fail(failure, STATUS_UNSUPPORTED,
                          "seccomp is not enabled in your kernel, cannot run a custom seccomp "
                          "profile")
                   : 0;
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, filter->flags, &program) < 0)
        return fail_errno(failure, "error loading seccomp filter into kernel: error loading "
                                   "seccomp filter");
    return 0;
}
