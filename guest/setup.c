#include "setup.h"

#include <string.h>

#include "protocol.h"

static char **read_pairs(struct reader *reader) {
    size_t count;
    char **pairs = read_strings(reader, &count);
    if (count % 2 != 0)
        reader->bad = true;
    return pairs;
}

void setup_read_card(struct reader *reader, struct card_setup *card) {
    card->index = read_u8(reader);
    card->name = read_string(reader);
    card->mac = read_string(reader);
    card->addresses = read_strings(reader, &(size_t){0});
    card->gateways = read_strings(reader, &(size_t){0});
    card->mtu = read_u32(reader);
    card->sysctls = read_pairs(reader);
}

static void read_cards(struct reader *reader, struct card_setup **cards, size_t *count) {
    size_t items = read_u32(reader);
    *count = 0;
    if (items > CARDS_MAX)
        reader->bad = true;
    *cards = reader_allocate(reader, items, sizeof **cards);
    for (; *count < items && !reader->bad; (*count)++)
        setup_read_card(reader, *cards + *count);
}

void setup_read_preparation(struct reader *reader, struct preparation *preparation) {
    preparation->flags = read_u8(reader);
    preparation->image_disk = read_string(reader);
    preparation->scratch_disk = read_string(reader);
    read_cards(reader, &preparation->cards, &preparation->card_count);
}

void setup_read_machine(struct reader *reader, struct machine_setup *setup) {
    setup->clock_instant_ns = read_u64(reader);
    setup->wall_clock_ns = read_u64(reader);
    setup->entropy = read_bytes(reader, &setup->entropy_count);
}

void setup_read_clock(struct reader *reader, struct clock_setting *setting) {
    setting->instant_ns = read_u64(reader);
    setting->wall_clock_ns = read_u64(reader);
    setting->doubt_ns = read_u64(reader);
}

static void read_mounts(struct reader *reader, struct container_setup *setup) {
    size_t count = read_u32(reader);
    if (count > MOUNTS_MAX)
        reader->bad = true;
    setup->mounts = reader_allocate(reader, count, sizeof *setup->mounts);
    for (; setup->mount_count < count && !reader->bad; setup->mount_count++) {
        struct guest_mount *mount = &setup->mounts[setup->mount_count];
        mount->kind = read_u8(reader);
        mount->share = read_string(reader);
        mount->target = read_string(reader);
        mount->options = read_string(reader);
        mount->read_only = read_u8(reader) != 0;
        mount->populate = read_u8(reader) != 0;
    }
}

static void read_network(struct reader *reader, struct container_setup *setup) {
    setup->network = read_string(reader);
    setup->ipc = read_string(reader);
    setup->pid = read_string(reader);
    read_cards(reader, &setup->cards, &setup->card_count);
    setup->hosts = read_string(reader);
    setup->resolver = read_string(reader);
    setup->relay = read_string(reader);
}

void setup_read_limits(struct reader *reader, struct container_limits *limits) {
    limits->cpu_quota_us = read_u64(reader);
    limits->cpu_period_us = read_u64(reader);
    limits->cpu_weight = read_u64(reader);
    limits->memory = read_u64(reader);
    limits->memory_low = read_u64(reader);
    limits->processes = read_u64(reader);
    limits->processors = read_string(reader);
}

void setup_read_container(struct reader *reader, struct container_setup *setup) {
    *setup = (struct container_setup){.id = read_string(reader)};
    setup->hostname = read_string(reader);
    setup->domainname = read_string(reader);
    setup->machine_id = read_string(reader);
    setup->image_disk = read_string(reader);
    setup->scratch_disk = read_string(reader);
    setup->read_only_root = read_u8(reader) != 0;
    setup->privileged = read_u8(reader) != 0;
    read_network(reader, setup);
    read_mounts(reader, setup);
    setup->shm_size = read_u64(reader);
    setup->sysctls = read_pairs(reader);
    setup_read_limits(reader, &setup->limits);
    confinement_read(reader, &setup->confinement);
}

void setup_read_names(struct reader *reader, struct names_change *change) {
    change->removed = read_strings(reader, &(size_t){0});
    change->added = read_strings(reader, &(size_t){0});
    change->resolver_before = read_string(reader);
    change->resolver_after = read_string(reader);
    change->relay = read_string(reader);
}

bool setup_name_is_legal(const char *name) {
    static const char legal[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_.-";
    size_t length = strlen(name);
    return length > 0 && length <= DVM_NAME_MAX && strspn(name, legal) == length;
}

bool setup_mounts_on(const struct container_setup *setup, const char *target) {
    for (size_t index = 0; index < setup->mount_count; index++)
        if (strcmp(setup->mounts[index].target, target) == 0)
            return true;
    return false;
}
