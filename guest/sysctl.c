#include "sysctl.h"

#include <stdio.h>
#include <string.h>

int sysctls_set(char **pair, struct failure *failure) {
    for (; pair != NULL && pair[0] != NULL; pair += 2) {
        char path[256];
        if (strlen(pair[0]) > 200 || strstr(pair[0], "..") != NULL)
            return fail(failure, STATUS_INVALID, "sysctl \"%.200s\" is not a name", pair[0]);
        snprintf(path, sizeof path, "/proc/sys/%s", pair[0]);
        for (char *dot = path + strlen("/proc/sys/"); *dot != 0; dot++)
            if (*dot == '.')
                *dot = '/';
        if (write_file(path, pair[1]) < 0)
            return fail_errno(failure, "cannot set sysctl %s to \"%s\"", pair[0], pair[1]);
    }
    return 0;
}
