/* Feeds messages to what reads PREPARE, SET_UP, CREATE, START and their like; for sanitizers. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "health_spec.h"
#include "process_spec.h"
#include "protocol.h"
#include "setup.h"

static size_t seen;

/* Every byte of a string is there to be read. */
static void see(const char *text) { seen += strlen(text); }

static void see_all(char **texts) {
    for (; *texts != NULL; texts++)
        see(*texts);
}

static void see_cards(const struct card_setup *cards, size_t count) {
    if (count > CARDS_MAX)
        abort();
    for (size_t index = 0; index < count; index++) {
        see(cards[index].name);
        see(cards[index].mac);
        see_all(cards[index].addresses);
        see_all(cards[index].gateways);
        see_all(cards[index].sysctls);
        seen += cards[index].mtu;
    }
}

static void see_confinement(const struct confinement *confinement) {
    if (confinement->device_count > DEVICES_MAX || confinement->rule_count > DEVICE_RULES_MAX ||
        confinement->filter.count > FILTER_BYTES_MAX)
        abort();
    for (size_t index = 0; index < confinement->filter.count; index++)
        seen += confinement->filter.bytes[index];
    see_all(confinement->masked);
    see_all(confinement->read_only);
    for (size_t index = 0; index < confinement->device_count; index++) {
        see(confinement->devices[index].source);
        see(confinement->devices[index].disk);
        see(confinement->devices[index].target);
    }
    for (size_t index = 0; index < confinement->rule_count; index++)
        seen += confinement->rules[index].major;
}

static void see_container(const struct container_setup *setup) {
    const char *const words[] = {setup->id,         setup->hostname,   setup->domainname,
                                 setup->machine_id, setup->image_disk, setup->scratch_disk,
                                 setup->network,    setup->hosts,      setup->resolver,
                                 setup->relay};
    for (size_t index = 0; index < sizeof words / sizeof *words; index++)
        see(words[index]);
    see(setup->ipc);
    see(setup->pid);
    see_cards(setup->cards, setup->card_count);
    see_all(setup->sysctls);
    see_confinement(&setup->confinement);
    if (setup->mount_count > MOUNTS_MAX)
        abort();
    for (size_t index = 0; index < setup->mount_count; index++) {
        see(setup->mounts[index].target);
        see(setup->mounts[index].options);
    }
    see(setup->limits.processors);
    seen += setup_mounts_on(setup, "/etc") + setup_name_is_legal(setup->id);
}

static void see_spec(const struct process_spec *spec) {
    see_all(spec->arguments);
    see_all(spec->environment);
    see_all(spec->groups);
    see(spec->folder);
    see(spec->user);
    if (spec->limit_count > RLIMIT_COUNT)
        abort();
    for (size_t index = 0; index < spec->limit_count; index++)
        seen += spec->limits[index].resource;
}

/* True when the message is whole, and such a request. */
static bool read_request(uint8_t kind, struct reader *reader) {
    struct preparation preparation;
    struct machine_setup machine;
    struct clock_setting clock;
    struct container_setup container;
    struct card_setup card;
    struct names_change change;
    struct process_spec spec;
    struct health_spec health;
    switch (kind) {
    case REQUEST_PREPARE:
        setup_read_preparation(reader, &preparation);
        if (!reader->bad)
            see_cards(preparation.cards, preparation.card_count);
        break;
    case REQUEST_SET_UP:
        setup_read_machine(reader, &machine);
        for (size_t index = 0; index < machine.entropy_count; index++)
            seen += machine.entropy[index];
        break;
    case REQUEST_SET_CLOCK:
        setup_read_clock(reader, &clock);
        seen += clock.instant_ns + clock.wall_clock_ns + clock.doubt_ns;
        break;
    case REQUEST_CREATE:
        setup_read_container(reader, &container);
        if (!reader->bad)
            see_container(&container);
        break;
    case REQUEST_UPDATE:
        see(read_string(reader));
        setup_read_limits(reader, &container.limits);
        see(container.limits.processors);
        break;
    case REQUEST_ATTACH_CARD:
        see(read_string(reader));
        setup_read_card(reader, &card);
        if (!reader->bad)
            see_cards(&card, 1);
        break;
    case REQUEST_NAMES:
        see(read_string(reader));
        setup_read_names(reader, &change);
        if (!reader->bad) {
            see_all(change.removed);
            see_all(change.added);
            see(change.resolver_before);
            see(change.resolver_after);
            see(change.relay);
        }
        break;
    case REQUEST_START:
        see(read_string(reader));
        process_spec_read(reader, &spec);
        if (!reader->bad)
            see_spec(&spec);
        break;
    case REQUEST_HEALTH:
        see(read_string(reader));
        health_spec_read(reader, &health);
        if (!reader->bad)
            see_spec(&health.probe);
        break;
    default:
        return false;
    }
    return !reader->bad && reader->at == reader->end;
}

/* Messages come as u8 type, u32 length, bytes; tells how many of them were whole requests. */
int main(void) {
    uint8_t head[5];
    unsigned long whole = 0;
    while (fread(head, 1, sizeof head, stdin) == sizeof head) {
        uint32_t length = get_u32(head + 1);
        /* of the exact size: a byte read beyond it is found */
        uint8_t *bytes = length > DVM_MESSAGE_MAX ? NULL : malloc(length == 0 ? 1 : length);
        struct reader reader;
        if (bytes == NULL || fread(bytes, 1, length, stdin) != length) {
            free(bytes);
            break;
        }
        if (reader_open(&reader, bytes, length) < 0)
            abort();
        whole += read_request(head[0], &reader);
        reader_close(&reader);
        free(bytes);
    }
    printf("%lu\n", whole);
    return seen == SIZE_MAX;
}
