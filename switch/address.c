#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "link.h"

static int invalid(void) {
    errno = EINVAL;
    return -1;
}

int prefix_read(const char *text, struct prefix *prefix) {
    char address[INET6_ADDRSTRLEN];
    const char *slash = strchrnul(text, '/');
    size_t count = (size_t)(slash - text);
    if (count >= sizeof address)
        return invalid();
    memcpy(address, text, count);
    address[count] = 0;
    *prefix = (struct prefix){.family = strchr(address, ':') == NULL ? AF_INET : AF_INET6};
    unsigned long longest = prefix->family == AF_INET ? 32 : 128, length = longest;
    if (inet_pton(prefix->family, address, prefix->bytes) != 1)
        return invalid();
    if (*slash == '/') {
        char *end;
        if (!isdigit((unsigned char)slash[1]))
            return invalid();
        length = strtoul(slash + 1, &end, 10);
        if (*end != 0 || length > longest)
            return invalid();
    }
    prefix->length = (uint8_t)length;
    return 0;
}

int mac_read(const char *text, uint8_t mac[6]) {
    int used = 0;
    if (sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%n", &mac[0], &mac[1], &mac[2], &mac[3],
               &mac[4], &mac[5], &used) != 6 ||
        used != 17 || text[used] != 0 || (mac[0] & 1) != 0)
        return invalid();
    return 0;
}

bool link_name_is_valid(const char *name) {
    size_t length = strlen(name);
    if (length == 0 || length >= IFNAMSIZ || !isalnum((unsigned char)*name))
        return false;
    for (; *name != 0; name++)
        if (!isalnum((unsigned char)*name) && *name != '-' && *name != '_')
            return false;
    return true;
}
