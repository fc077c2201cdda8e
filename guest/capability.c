#include "capability.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

uint64_t capabilities_known(void) {
    uint64_t mask = 0;
    for (int number = 0; number < 64 && prctl(PR_CAPBSET_READ, number, 0, 0, 0) >= 0; number++)
        mask |= 1ull << number;
    return mask;
}

int capabilities_bound(uint64_t mask, struct failure *failure) {
    for (int number = 0; number < 64; number++) {
        if (mask >> number & 1)
            continue;
        if (prctl(PR_CAPBSET_DROP, number, 0, 0, 0) < 0) {
            if (errno == EINVAL)
                return 0; /* beyond the last one */
            return fail_errno(failure, "cannot drop capability %d", number);
        }
    }
    return 0;
}

int capabilities_set(uint64_t mask, struct failure *failure) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {
        {.effective = (uint32_t)mask, .permitted = (uint32_t)mask},
        {.effective = (uint32_t)(mask >> 32), .permitted = (uint32_t)(mask >> 32)},
    };
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    if (syscall(SYS_capset, &header, data) < 0)
        return fail_errno(failure, "cannot set capabilities");
    return 0;
}
