#include "network.h"

#include <stdio.h>
#include <string.h>

#include "card.h"
#include "cards.h"
#include "defaults.h"

#define NETWORKS_MAX 32u

struct network {
    char name[DVM_NAME_MAX + 1];
    unsigned users;
    bool is_ready; /* there, its loopback up */
    struct namespace namespace;
};

static struct network machines = {.namespace = {.descriptor = -1}};
static struct network others[NETWORKS_MAX];

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
        *free_one = (struct network){.namespace = {.is_other = true, .descriptor = -1}};
        snprintf(free_one->name, sizeof free_one->name, "%s", name);
    }
    return free_one;
}

/* Has a namespace that is new as programs expect one. */
static int begin(struct network *network, struct failure *failure) {
    if (network->namespace.is_other && namespace_make(&network->namespace, failure) < 0)
        return -1;
    if (network_enter(network, failure) < 0)
        return -1;
    defaults_set_network();
    int result = card_start_loopback(failure);
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
    if (begin(network, failure) < 0) {
        network_release(network, false);
        return NULL;
    }
    network->is_ready = true;
    return network;
}

void network_release(struct network *network, bool was_used) {
    network->users--;
    if (network->users > 0)
        return;
    cards_release(&network->namespace, was_used);
    if (network->namespace.is_other)
        namespace_close(&network->namespace);
}

int network_add_cards(struct network *network, const struct card_setup *cards, size_t count,
                      struct failure *failure) {
    if (count > 0 && network->users > 1)
        return fail(failure, STATUS_CONFLICT,
                    "cannot add network cards: others use the namespace already");
    return cards_take(&network->namespace, cards, count, failure);
}

int network_attach_card(struct network *network, const struct card_setup *setup,
                        struct failure *failure) {
    return cards_take(&network->namespace, setup, 1, failure);
}

int network_detach_card(struct network *network, unsigned index, struct failure *failure) {
    return cards_drop(&network->namespace, index, failure);
}

int network_descriptor(const struct network *network) { return network->namespace.descriptor; }

int network_enter(const struct network *network, struct failure *failure) {
    return namespace_enter(&network->namespace, failure);
}

void network_leave(const struct network *network) { namespace_leave(&network->namespace); }
