#include "requests.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "link.h"

#define PREFIXES_MAX 16u

static int invalid(void) {
    errno = EINVAL;
    return -1;
}

/* Of "A,B" or "-"; gives how many, -1 with errno. */
static int read_prefixes(char *text, struct prefix *prefixes) {
    int count = 0;
    if (strcmp(text, "-") == 0)
        return 0;
    for (char *rest = text, *one; (one = strsep(&rest, ",")) != NULL; count++)
        if (count == PREFIXES_MAX || prefix_read(one, &prefixes[count]) < 0)
            return invalid();
    return count;
}

/* Bits in the order of `names`; -1 with errno. */
static int read_traits(char *text, const char *const *names) {
    int traits = 0;
    if (strcmp(text, "-") == 0)
        return 0;
    for (char *rest = text, *one; (one = strsep(&rest, ",")) != NULL;) {
        int bit = 0;
        while (names[bit] != NULL && strcmp(names[bit], one) != 0)
            bit++;
        if (names[bit] == NULL)
            return invalid();
        traits |= 1 << bit;
    }
    return traits;
}

static int make_network(char **words) {
    static const char *const names[] = {"internal", "masquerade", NULL};
    struct prefix prefixes[PREFIXES_MAX];
    char *end;
    unsigned long mtu = strtoul(words[2], &end, 10);
    int count = read_prefixes(words[3], prefixes), traits = read_traits(words[4], names);
    if (*words[2] == 0 || *end != 0 || mtu > 65535 || count < 0 || traits < 0)
        return invalid();
    if (link_make_bridge(words[1], (uint32_t)mtu) < 0 ||
        link_clear_prefixes(words[1], prefixes, (size_t)count) < 0)
        return -1;
    for (int index = 0; index < count; index++)
        if (link_add_prefix(words[1], &prefixes[index]) < 0)
            return -1;
    return 0;
}

static int attach(char **words) {
    static const char *const names[] = {"isolated", "host", NULL};
    struct prefix prefixes[PREFIXES_MAX];
    uint8_t mac[6];
    int count = read_prefixes(words[4], prefixes), traits = read_traits(words[5], names);
    if (mac_read(words[3], mac) < 0 || count < 0 || traits < 0)
        return invalid();
    return link_join(words[1], words[2], mac, (traits & 1) != 0 ? PORT_ISOLATED : 0);
}

static int detach(char **words) { return link_leave(words[1]) < 0 && errno != ENODEV ? -1 : 0; }

int request_do(char **words, size_t count) {
    if (count == 5 && strcmp(words[0], "network") == 0)
        return make_network(words);
    if (count == 2 && strcmp(words[0], "remove") == 0)
        return link_remove(words[1]);
    if (count == 6 && strcmp(words[0], "attach") == 0)
        return attach(words);
    if (count == 2 && strcmp(words[0], "detach") == 0)
        return detach(words);
    if (count == 1 && strcmp(words[0], "ping") == 0)
        return 0;
    return invalid();
}
