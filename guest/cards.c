#include "cards.h"

#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "card.h"
#include "card_state.h"

#define MACHINE_CARDS_MAX 24u

struct card {
    int link;                      /* its number as an interface; 0: nobody has looked for it yet */
    struct namespace *where;       /* NULL: in the machine's own */
    const struct namespace *owner; /* NULL: it is nobody's */
    bool is_worn;                  /* programs may have changed it */
    struct card_state state;
};

static struct card cards[MACHINE_CARDS_MAX];
/* Cards may be in the machine's own namespace that are nobody's. */
static bool has_strays = true;

/* Where cards are that nobody has; NULL: the kernel has no such place. */
static struct namespace *parking(void) {
    static struct namespace place;
    static bool was_tried, is_there;
    struct failure failure;
    if (!was_tried)
        is_there = namespace_make(&place, &failure) == 0;
    was_tried = true;
    return is_there ? &place : NULL;
}

static unsigned index_of(const struct card *card) { return (unsigned)(card - cards); }

static bool is_in(const struct card *card, const struct namespace *place) {
    return place->is_other ? card->where == place : card->where == NULL;
}

static int find(struct card *card, char name[CARD_NAME_MAX], struct failure *failure) {
    if (card_find(index_of(card), name, failure) < 0)
        return -1;
    card->link = (int)if_nametoindex(name);
    return card->link > 0 ? 0 : fail_errno(failure, "cannot find network card %s", name);
}

/* The kernel would move the card, and only then find the name taken. */
static int check_name(const struct namespace *in, const char *name, struct failure *failure) {
    if (namespace_enter(in, failure) < 0)
        return -1;
    bool is_taken = if_nametoindex(name) != 0;
    namespace_leave(in);
    return is_taken ? fail(failure, STATUS_CONFLICT,
                           "cannot name a network card %s: there is one of this name", name)
                    : 0;
}

static int move(struct card *card, struct namespace *to, const char *name,
                struct failure *failure) {
    struct namespace *from = card->where;
    if (check_name(to, name, failure) < 0)
        return -1;
    if (from != NULL && namespace_enter(from, failure) < 0)
        return -1;
    int result = card_move(card->link, namespace_target(to), name, failure);
    if (from != NULL)
        namespace_leave(from);
    if (result < 0)
        return -1;
    card->where = to->is_other ? to : NULL;
    card->is_worn = false;
    card->state = (struct card_state){0};
    if (namespace_enter(to, failure) < 0)
        return -1;
    card->link = (int)if_nametoindex(name);
    namespace_leave(to);
    return card->link > 0 ? 0 : fail_errno(failure, "cannot find network card %s", name);
}

static int park(struct card *card, struct failure *failure) {
    char name[CARD_NAME_MAX];
    snprintf(name, sizeof name, "card%u", index_of(card));
    return move(card, parking(), name, failure);
}

/* Of a card that is nobody's, in the machine's own namespace: whether it can stay for `setup`. */
static bool may_stay(const struct card *card, const char *name, const struct card_setup *setup) {
    return !card->is_worn && strcmp(name, setup->name) == 0;
}

static const struct card_setup *setup_for(const struct card *card, const struct card_setup *setups,
                                          size_t count) {
    for (size_t at = 0; at < count; at++)
        if (setups[at].index == index_of(card))
            return &setups[at];
    return NULL;
}

/* What `into` is to have and is not in its way stays where it is. */
static int park_strays(const struct namespace *into, const struct card_setup *setups, size_t count,
                       struct failure *failure) {
    unsigned there = card_count();
    for (unsigned index = 0; index < there && index < MACHINE_CARDS_MAX; index++) {
        struct card *card = &cards[index];
        const struct card_setup *setup = setup_for(card, setups, count);
        char name[CARD_NAME_MAX];
        if (card->owner != NULL || card->where != NULL || (setup != NULL && into->is_other))
            continue;
        if (find(card, name, failure) < 0)
            return -1;
        if ((setup == NULL || !may_stay(card, name, setup)) && park(card, failure) < 0)
            return -1;
    }
    return 0;
}

static int check(const struct namespace *into, const struct card_setup *setup,
                 struct failure *failure) {
    size_t length = strlen(setup->name);
    if (length == 0 || length >= CARD_NAME_MAX || strpbrk(setup->name, "/: \t\n%") != NULL)
        return fail(failure, STATUS_INVALID, "cannot name a network card \"%.64s\"", setup->name);
    if (setup->index >= MACHINE_CARDS_MAX)
        return fail(failure, STATUS_UNAVAILABLE, "there is no network card %u", setup->index);
    const struct namespace *owner = cards[setup->index].owner;
    if (owner != NULL && owner != into)
        return fail(failure, STATUS_CONFLICT,
                    "cannot use network card %u: another namespace has it", setup->index);
    return 0;
}

static int claim(struct namespace *into, const struct card_setup *setup, struct failure *failure) {
    struct card *card = &cards[setup->index];
    char name[CARD_NAME_MAX] = "";
    if (card->owner == into)
        return 0;
    if (card->where == NULL && find(card, name, failure) < 0)
        return -1;
    if (!is_in(card, into) && move(card, into, setup->name, failure) < 0)
        return -1;
    if (name[0] != 0 && is_in(card, into) && !into->is_other && strcmp(name, setup->name) != 0 &&
        card_rename(card->link, setup->name, failure) < 0)
        return -1;
    card->owner = into;
    return 0;
}

/* There is one default route for each family: who gets it takes it from the others. */
static void forget_gateways(const struct card *winner) {
    for (unsigned index = 0; index < MACHINE_CARDS_MAX; index++) {
        struct card *card = &cards[index];
        size_t kept = 0;
        if (card == winner || card->owner != winner->owner)
            continue;
        for (size_t at = 0; at < card->state.gateway_count; at++) {
            bool is_lost = false;
            for (size_t won = 0; won < winner->state.gateway_count; won++)
                is_lost |= winner->state.gateways[won].family == card->state.gateways[at].family;
            if (!is_lost)
                card->state.gateways[kept++] = card->state.gateways[at];
        }
        card->state.gateway_count = kept;
    }
}

static int configure(const struct card_setup *setup, struct failure *failure) {
    struct card *card = &cards[setup->index];
    if (card_configure(card->link, &card->state, setup, failure) < 0)
        return -1;
    forget_gateways(card);
    return 0;
}

int cards_take(struct namespace *into, const struct card_setup *setups, size_t count,
               struct failure *failure) {
    for (size_t at = 0; at < count; at++)
        if (check(into, &setups[at], failure) < 0)
            return -1;
    if (has_strays && parking() != NULL && park_strays(into, setups, count, failure) < 0)
        return -1;
    has_strays = false;
    /* they are found where they are, and set up where they are to be */
    for (size_t at = 0; at < count; at++)
        if (claim(into, &setups[at], failure) < 0)
            return -1;
    if (namespace_enter(into, failure) < 0)
        return -1;
    int result = 0;
    for (size_t at = 0; at < count && result == 0; at++)
        result = configure(&setups[at], failure);
    namespace_leave(into);
    return result;
}

int cards_drop(struct namespace *from, unsigned index, struct failure *failure) {
    struct card *card = &cards[index < MACHINE_CARDS_MAX ? index : 0];
    if (index >= MACHINE_CARDS_MAX || card->owner != from)
        return 0;
    if (parking() != NULL && park(card, failure) < 0)
        return -1;
    if (parking() == NULL && card_clear(card->link, &card->state, failure) < 0)
        return -1;
    card->owner = NULL;
    return 0;
}

/* Where a namespace goes the kernel gives its cards back to the machine's own. */
static void give_back(struct card *card) {
    struct failure failure;
    if (parking() != NULL && park(card, &failure) == 0)
        return;
    card->link = 0;
    card->where = NULL;
    card->state = (struct card_state){0};
    has_strays = true;
}

void cards_release(struct namespace *from, bool was_used) {
    for (unsigned index = 0; index < MACHINE_CARDS_MAX; index++) {
        struct card *card = &cards[index];
        if (card->owner != from)
            continue;
        card->owner = NULL;
        if (from->is_other) {
            give_back(card);
            continue;
        }
        card->is_worn = was_used;
        has_strays = true;
    }
}
