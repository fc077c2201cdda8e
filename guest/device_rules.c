#include "device_rules.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

/* Of a rule: load three fields, compare four things, give back. */
#define RULE_LENGTH 8u
#define ALLOWED_LENGTH 2u
#define START_LENGTH 6u

enum { RESULT = BPF_REG_0, CONTEXT = BPF_REG_1, KIND, ACCESS, MAJOR, MINOR, REST };

static struct bpf_insn instruction(uint8_t code, uint8_t to, uint8_t from, int32_t value) {
    return (struct bpf_insn){
        .code = code, .dst_reg = to & 0xf, .src_reg = from & 0xf, .imm = value};
}

static struct bpf_insn load(uint8_t to, size_t offset) {
    struct bpf_insn one = instruction(BPF_LDX | BPF_MEM | BPF_W, to, CONTEXT, 0);
    one.off = (int16_t)offset;
    return one;
}

static struct bpf_insn skip_unless(uint8_t field, uint32_t value, size_t count) {
    struct bpf_insn one = instruction(BPF_JMP32 | BPF_JNE | BPF_K, field, 0, (int32_t)value);
    one.off = (int16_t)count;
    return one;
}

/* access_type is the access in its upper half, the kind in its lower one. */
static size_t write_start(struct bpf_insn *at) {
    size_t used = 0;
    at[used++] = load(ACCESS, offsetof(struct bpf_cgroup_dev_ctx, access_type));
    at[used++] = load(MAJOR, offsetof(struct bpf_cgroup_dev_ctx, major));
    at[used++] = load(MINOR, offsetof(struct bpf_cgroup_dev_ctx, minor));
    at[used++] = instruction(BPF_ALU | BPF_MOV | BPF_X, KIND, ACCESS, 0);
    at[used++] = instruction(BPF_ALU | BPF_AND | BPF_K, KIND, 0, 0xffff);
    at[used++] = instruction(BPF_ALU | BPF_RSH | BPF_K, ACCESS, 0, 16);
    return used;
}

/* All of the access that is asked for must be the rule's. */
static size_t write_rule(const struct device_rule *rule, struct bpf_insn *at) {
    size_t used = 0;
    const size_t length = 2 + (rule->kind != DEVICE_ALL) + (rule->major != DEVICE_ANY) +
                          (rule->minor != DEVICE_ANY) + 1 + ALLOWED_LENGTH;
    if (rule->kind != DEVICE_ALL) {
        at[used] =
            skip_unless(KIND, rule->kind == DEVICE_BLOCK ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR,
                        length - used - 1);
        used++;
    }
    at[used++] = instruction(BPF_ALU | BPF_MOV | BPF_X, REST, ACCESS, 0);
    at[used++] = instruction(BPF_ALU | BPF_AND | BPF_K, REST, 0, (uint8_t)~rule->access);
    at[used] = skip_unless(REST, 0, length - used - 1);
    used++;
    if (rule->major != DEVICE_ANY) {
        at[used] = skip_unless(MAJOR, rule->major, length - used - 1);
        used++;
    }
    if (rule->minor != DEVICE_ANY) {
        at[used] = skip_unless(MINOR, rule->minor, length - used - 1);
        used++;
    }
    at[used++] = instruction(BPF_ALU64 | BPF_MOV | BPF_K, RESULT, 0, 1);
    at[used++] = instruction(BPF_JMP | BPF_EXIT, 0, 0, 0);
    return used;
}

static int load_program(const struct bpf_insn *instructions, size_t count) {
    const union bpf_attr program = {.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
                                    .insn_cnt = (uint32_t)count,
                                    .insns = (uint64_t)(uintptr_t)instructions,
                                    .license = (uint64_t)(uintptr_t) "Dual MIT/GPL",
                                    .expected_attach_type = BPF_CGROUP_DEVICE};
    return (int)syscall(SYS_bpf, BPF_PROG_LOAD, &program, sizeof program);
}

static bool is_not_in_kernel(int number) {
    return number == ENOSYS || number == EINVAL || number == EOPNOTSUPP;
}

/* The program stays with the cgroup, and goes with it. */
static int attach(const struct place *place, int program, struct failure *failure) {
    cleanup_close int cgroup = open(place->cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const union bpf_attr attachment = {.target_fd = (uint32_t)cgroup,
                                       .attach_bpf_fd = (uint32_t)program,
                                       .attach_type = BPF_CGROUP_DEVICE,
                                       .attach_flags = BPF_F_ALLOW_MULTI};
    if (cgroup < 0 || (syscall(SYS_bpf, BPF_PROG_ATTACH, &attachment, sizeof attachment) < 0 &&
                       !is_not_in_kernel(errno)))
        return fail_errno(failure, "cannot limit the container's devices");
    return 0;
}

int device_rules_set(const struct place *place, const struct device_rules *rules,
                     struct failure *failure) {
    size_t room = START_LENGTH + rules->count * (RULE_LENGTH + ALLOWED_LENGTH) + ALLOWED_LENGTH;
    cleanup_free struct bpf_insn *instructions = calloc(room, sizeof *instructions);
    if (instructions == NULL)
        return fail_errno(failure, "cannot limit the container's devices");
    size_t used = write_start(instructions);
    for (size_t index = 0; index < rules->count; index++)
        used += write_rule(&rules->list[index], instructions + used);
    instructions[used++] = instruction(BPF_ALU64 | BPF_MOV | BPF_K, RESULT, 0, 0);
    instructions[used++] = instruction(BPF_JMP | BPF_EXIT, 0, 0, 0);
    cleanup_close int program = load_program(instructions, used);
    if (program < 0)
        return is_not_in_kernel(errno)
                   ? 0
                   : fail_errno(failure, "cannot limit the container's devices");
    return attach(place, program, failure);
}
