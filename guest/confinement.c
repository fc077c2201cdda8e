#include "confinement.h"

#include "protocol.h"

static void read_filter(struct reader *reader, struct system_call_filter *filter) {
    filter->bytes = read_bytes(reader, &filter->count);
    filter->flags = read_u32(reader);
    filter->is_required = read_u8(reader) != 0;
    if (filter->count > FILTER_BYTES_MAX || filter->count % 8 != 0)
        reader->bad = true;
}

static void read_devices(struct reader *reader, struct confinement *confinement) {
    size_t count = read_u32(reader);
    if (count > DEVICES_MAX)
        reader->bad = true;
    confinement->devices = reader_allocate(reader, count, sizeof *confinement->devices);
    for (; confinement->device_count < count && !reader->bad; confinement->device_count++) {
        struct device_setup *device = &confinement->devices[confinement->device_count];
        device->source = read_string(reader);
        device->disk = read_string(reader);
        device->target = read_string(reader);
        device->access = read_u8(reader);
    }
}

static void read_rules(struct reader *reader, struct confinement *confinement) {
    size_t count = read_u32(reader);
    if (count > DEVICE_RULES_MAX)
        reader->bad = true;
    confinement->rules = reader_allocate(reader, count, sizeof *confinement->rules);
    for (; confinement->rule_count < count && !reader->bad; confinement->rule_count++) {
        struct device_rule *rule = &confinement->rules[confinement->rule_count];
        rule->kind = read_u8(reader);
        rule->major = read_u32(reader);
        rule->minor = read_u32(reader);
        rule->access = read_u8(reader);
    }
}

void confinement_read(struct reader *reader, struct confinement *confinement) {
    *confinement = (struct confinement){0};
    read_filter(reader, &confinement->filter);
    confinement->has_own_paths = read_u8(reader) != 0;
    confinement->masked = read_strings(reader, &(size_t){0});
    confinement->read_only = read_strings(reader, &(size_t){0});
    confinement->has_writable_cgroups = read_u8(reader) != 0;
    confinement->has_all_devices = read_u8(reader) != 0;
    read_devices(reader, confinement);
    read_rules(reader, confinement);
}
