#include "control.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mux_lines.h"
#include "networks.h"
#include "nft.h"
#include "uplink.h"

/* Where a request's program may leave a word. */
struct answer {
    char *said;
    size_t room;
};

struct request {
    const char *name;
    size_t words;
    int (*perform)(char **words, const struct answer *answer);
};

static int invalid(void) {
    errno = EINVAL;
    return -1;
}

/* Of "A,B" or "-". */
static int read_prefixes(char *text, struct prefixes *prefixes) {
    prefixes->count = 0;
    if (strcmp(text, "-") == 0)
        return 0;
    for (char *rest = text, *one; (one = strsep(&rest, ",")) != NULL; prefixes->count++)
        if (prefixes->count == PREFIXES_MAX ||
            prefix_read(one, &prefixes->all[prefixes->count]) < 0)
            return invalid();
    return 0;
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

static int read_path(char *text) {
    return mux_word_decode(text) < 0 ? -1 : *text == '/' ? 0 : invalid();
}

static int network(char **words, const struct answer *answer) {
    static const char *const names[] = {"internal", "masquerade", "isolated", NULL};
    struct network_wish wish = {.bridge = words[1]};
    char *end;
    unsigned long mtu = strtoul(words[2], &end, 10);
    int traits = read_traits(words[4], names);
    (void)answer;
    if (!isdigit((unsigned char)*words[2]) || *end != 0 || mtu > 65535 || traits < 0 ||
        read_prefixes(words[3], &wish.addresses) < 0)
        return invalid();
    wish.mtu = (uint32_t)mtu;
    wish.traits = (unsigned)traits;
    return network_make(&wish);
}

static int remove_network(char **words, const struct answer *answer) {
    (void)answer;
    return network_remove(words[1]);
}

static int attach(char **words, const struct answer *answer) {
    static const char *const names[] = {"isolated", "host", NULL};
    struct port_wish wish = {.tap = words[1], .bridge = words[2]};
    int traits = read_traits(words[5], names);
    (void)answer;
    if (mac_read(words[3], wish.mac) < 0 || read_prefixes(words[4], &wish.addresses) < 0 ||
        traits < 0)
        return invalid();
    wish.traits = (unsigned)traits;
    return port_attach(&wish);
}

static int detach(char **words, const struct answer *answer) {
    (void)answer;
    return port_detach(words[1]);
}

static int up_here(char **words, const struct answer *answer) {
    struct prefixes addresses, gateways;
    (void)answer;
    if (read_prefixes(words[1], &addresses) < 0 || read_prefixes(words[2], &gateways) < 0)
        return -1;
    return uplink_is_here(&addresses, &gateways);
}

static bool is_plain(const char *text, uint8_t family) {
    struct prefix prefix;
    return prefix_read(text, &prefix) == 0 && prefix.family == family &&
           (family == AF_INET || strchr(text, '/') == NULL);
}

static int up_by_pasta(char **words, const struct answer *answer) {
    struct pasta pasta = {.program = words[1],
                          .four = words[2],
                          .four_gateway = words[3],
                          .six = words[4],
                          .six_gateway = words[5]};
    bool has_six = strcmp(pasta.six, "-") != 0;
    (void)answer;
    if (read_path(words[1]) < 0 || !is_plain(pasta.four, AF_INET) ||
        !is_plain(pasta.four_gateway, AF_INET) ||
        (has_six && (!is_plain(pasta.six, AF_INET6) || !is_plain(pasta.six_gateway, AF_INET6))))
        return invalid();
    return uplink_by_pasta(&pasta);
}

static int set_hosts(char **words, const struct answer *answer) {
    struct prefixes hosts;
    (void)answer;
    return read_prefixes(words[1], &hosts) < 0 ? -1 : uplink_set_hosts(&hosts);
}

static int rules(char **words, const struct answer *answer) {
    return read_path(words[1]) < 0 ? -1 : nft_run_file(words[1], answer->said, answer->room);
}

static int list(char **words, const struct answer *answer) {
    return read_path(words[1]) < 0 ? -1 : nft_list_to(words[1], answer->said, answer->room);
}

static int ping(char **words, const struct answer *answer) {
    (void)words;
    (void)answer;
    return 0;
}

static const struct request requests[] = {
    {"network", 5, network}, {"remove", 2, remove_network}, {"attach", 6, attach},
    {"detach", 2, detach},   {"uplink", 3, up_here},        {"pasta", 6, up_by_pasta},
    {"hosts", 2, set_hosts}, {"rules", 2, rules},           {"list", 2, list},
    {"ping", 1, ping},
};

static int answer(char **words, size_t count, char *said, size_t room) {
    const struct answer answer = {.said = said, .room = room};
    for (size_t index = 0; index < sizeof requests / sizeof *requests; index++) {
        if (requests[index].words != count || strcmp(requests[index].name, words[0]) != 0)
            continue;
        int result = requests[index].perform(words, &answer);
        if (result >= 0)
            *said = 0; /* what a program says of what it did is nothing to tell */
        return result;
    }
    return invalid();
}

int control_open(const char *path) { return mux_lines_open(path, answer); }
