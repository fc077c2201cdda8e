#include "network.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "card.h"
#include "defaults.h"

#define NETWORKS_MAX 32u

struct card {
    unsigned index;
    char name[CARD_NAME_MAX];
    char address[64];
    char gateway[64];
};

struct network {
    char name[DVM_NAME_MAX + 1];
    unsigned users;
    bool is_ready; /* there, its loopback up */
    bool is_other; /* not the machine's */
    int descriptor;
    struct card cards[CARDS_MAX];
    size_t card_count;
};

static struct network machines = {.descriptor = -1};
static struct network others[NETWORKS_MAX];
/* The machine's own, to return to. */
static int home = -1;

/* Of a namespace that is new, for who is in it. */
static int begin_namespace(struct failure *failure) {
    defaults_set_network();
    return card_start_loopback(failure);
}

static struct network *find_or_reserve(const char *name) {
    struct network *free_one = NULL;
    if (name[0] == 0)
        return &machines;
    for (size_t index = 0; index < NETWORKS_MAX; index++) {
        struct network *network = &others[index];
        if (network->users > 0 && strcmp(network->name, name) == 0)
            return network;
        if (network->users == 0 && free_one == NULL)
            free_one = network;
    }
    if (free_one != NULL) {
        *free_one = (struct network){.is_other = true, .descriptor = -1};
        snprintf(free_one->name, sizeof free_one->name, "%s", name);
    }
    return free_one;
}

static int open_own_namespace(void) { return open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC); }

static int make_namespace(struct network *network, struct failure *failure) {
    if (home < 0)
        home = open_own_namespace();
    if (home < 0 && errno == ENOENT)
        return fail(failure, STATUS_UNSUPPORTED,
                    "cannot make a network namespace: the kernel has none");
    if (home < 0 || unshare(CLONE_NEWNET) < 0)
        return fail_errno(failure, "cannot make a network namespace");
    network->descriptor = open_own_namespace();
    int result = network->descriptor < 0 ? fail_errno(failure, "cannot open a network namespace")
                                         : begin_namespace(failure);
    network_leave(network);
    return result;
}

struct network *network_take(const char *name, struct failure *failure) {
    if (name[0] != 0 && !setup_name_is_legal(name)) {
        fail(failure, STATUS_INVALID, "cannot make network namespace \"%.64s\": it is no name",
             name);
        return NULL;
    }
    struct network *network = find_or_reserve(name);
    if (network == NULL) {
        fail(failure, STATUS_UNAVAILABLE, "cannot make a network namespace: there are %u already",
             NETWORKS_MAX);
        return NULL;
    }
    network->users++;
    if (network->is_ready)
        return network;
    if ((network->is_other ? make_namespace(network, failure) : begin_namespace(failure)) < 0) {
        network_release(network);
        return NULL;
    }
    network->is_ready = true;
    return network;
}

void network_release(struct network *network) {
    network->users--;
    if (network->users > 0)
        return;
    network->card_count = 0;
    if (network->is_other)
        close_and_forget(&network->descriptor);
}

static struct card *known_card(struct network *network, unsigned index) {
    for (size_t at = 0; at < network->card_count; at++)
        if (network->cards[at].index == index)
            return &network->cards[at];
    return NULL;
}

static bool is_taken(unsigned index) {
    for (size_t at = 0; at < NETWORKS_MAX; at++)
        if (known_card(&others[at], index) != NULL)
            return true;
    return known_card(&machines, index) != NULL;
}

static struct card *add_card(struct network *network, unsigned index, struct failure *failure) {
    if (network->card_count == CARDS_MAX) {
        fail(failure, STATUS_INVALID, "cannot give a container more than %u network cards",
             CARDS_MAX);
        return NULL;
    }
    if (is_taken(index)) {
        fail(failure, STATUS_CONFLICT, "cannot use network card %u: another namespace has it",
             index);
        return NULL;
    }
    struct card *card = &network->cards[network->card_count];
    *card = (struct card){.index = index};
    if (card_find(index, card->name, failure) < 0)
        return NULL;
    if (network->is_other) {
        char name[CARD_NAME_MAX];
        snprintf(name, sizeof name, "eth%zu", network->card_count);
        if (card_move(card->name, network->descriptor, name, failure) < 0)
            return NULL;
        memcpy(card->name, name, sizeof name);
    }
    network->card_count++;
    return card;
}

/* What PREPARE gave needs not be given again. */
static int start_card(struct card *card, const struct card_setup *setup, struct failure *failure) {
    const char *address = setup->addresses[0] == NULL ? "" : setup->addresses[0];
    const char *gateway = setup->gateways[0] == NULL ? "" : setup->gateways[0];
    bool has_address = strcmp(address, card->address) == 0 && strcmp(gateway, card->gateway) == 0;
    if (!has_address && card_start(card->name, address, gateway, failure) < 0)
        return -1;
    snprintf(card->address, sizeof card->address, "%s", address);
    snprintf(card->gateway, sizeof card->gateway, "%s", gateway);
    return setup->mac[0] == 0 ? 0 : card_set_mac(card->name, setup->mac, failure);
}

static int start_cards(struct network *network, const struct card_setup *cards, size_t count,
                       struct failure *failure) {
    for (size_t at = 0; at < count; at++)
        if (start_card(known_card(network, cards[at].index), &cards[at], failure) < 0)
            return -1;
    return 0;
}

int network_add_cards(struct network *network, const struct card_setup *cards, size_t count,
                      struct failure *failure) {
    if (count > 0 && network->users > 1)
        return fail(failure, STATUS_CONFLICT,
                    "cannot add network cards: others use the namespace already");
    /* they are found where the machine's are, and started where they are then */
    for (size_t at = 0; at < count; at++)
        if (known_card(network, cards[at].index) == NULL &&
            add_card(network, cards[at].index, failure) == NULL)
            return -1;
    if (network_enter(network, failure) < 0)
        return -1;
    int result = start_cards(network, cards, count, failure);
    network_leave(network);
    return result;
}

const char *network_address(const struct network *network) {
    return network->card_count == 0 ? "" : network->cards[0].address;
}

int network_descriptor(const struct network *network) { return network->descriptor; }

int network_enter(const struct network *network, struct failure *failure) {
    if (network->is_other && setns(network->descriptor, CLONE_NEWNET) < 0)
        return fail_errno(failure, "cannot enter a network namespace");
    return 0;
}

void network_leave(const struct network *network) {
    if (network->is_other && setns(home, CLONE_NEWNET) < 0)
        give_up("cannot return to the machine's network namespace: %s", error_text(errno));
}
