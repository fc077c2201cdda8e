#include "rehearse.h"

#include <fcntl.h>

#include "create.h"
#include "machine.h"

static void drain(int fd) {
    char bytes[64];
    fcntl(fd, F_SETFL, 0);
    while (read(fd, bytes, sizeof bytes) > 0)
        continue;
}

static int rehearse_start(struct container *container, const struct process_spec *spec,
                          struct failure *failure) {
    struct stdio_pair pair __attribute__((cleanup(stdio_pair_close))) = STDIO_PAIR_NONE;
    if (stdio_pair_open(&pair, spec, container->place.root, failure) < 0 ||
        first_process_rehearse(&container->first, spec, &pair.child, failure) < 0)
        return -1;
    stdio_close(&pair.child);
    drain(pair.agent[1]);
    return 0;
}

int machine_rehearse(struct reader *reader, struct failure *failure) {
    struct machine_setup machine;
    struct creation creation;
    struct process_spec spec;
    setup_read_machine(reader, &machine);
    creation_read(reader, &creation);
    process_spec_read(reader, &spec);
    if (reader->bad)
        return fail(failure, STATUS_INVALID, "cannot read the rehearsal: it breaks the protocol");
    struct container *container = container_prepared();
    if (container == NULL || !container->root.joined || creation.setup.mount_count > 0 ||
        spec.argument_count == 0)
        return fail(failure, STATUS_CONFLICT, "cannot rehearse: there is no image");
    if (machine_apply(&machine, failure) < 0 ||
        container_configure(container, &creation, true, failure) < 0)
        return -1;
    return rehearse_start(container, &spec, failure);
}
