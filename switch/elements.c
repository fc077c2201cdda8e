#include "elements.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#define BATCH_BYTES 65536u
#define NEST(type) ((uint16_t)((type) | NLA_F_NESTED))

static const uint8_t families[] = {
    [TABLE_OF_TAPS] = NFPROTO_BRIDGE, [TABLE_OF_ROUTES] = NFPROTO_INET};

static int opened = -1;
static uint32_t sequence;

struct batch {
    _Alignas(struct nlmsghdr) uint8_t bytes[BATCH_BYTES];
    size_t used;
};

static struct element *next_element(struct elements *elements, enum element_table table,
                                    const char *set) {
    static struct element spare; /* all that we add is bounded far below */
    struct element *element =
        elements->count < ELEMENTS_MAX ? &elements->all[elements->count++] : &spare;
    *element = (struct element){.set = set, .table = table};
    return element;
}

void element_name(struct elements *elements, enum element_table table, const char *set,
                  const char *name) {
    struct element *element = next_element(elements, table, set);
    strncpy((char *)element->key, name, IFNAMSIZ - 1);
    element->key_length = IFNAMSIZ;
}

void element_pair(struct elements *elements, enum element_table table, const char *set,
                  const char *name, const void *value, size_t count) {
    struct element *element = next_element(elements, table, set);
    strncpy((char *)element->key, name, IFNAMSIZ - 1);
    memcpy(element->key + IFNAMSIZ, value, count);
    element->key_length = IFNAMSIZ + NLA_ALIGN(count); /* a part of a key fills whole registers */
}

void element_bytes(struct elements *elements, enum element_table table, const char *set,
                   const void *value, size_t count) {
    struct element *element = next_element(elements, table, set);
    memcpy(element->key, value, count);
    element->key_length = count;
}

int elements_open(void) {
    opened = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
    int size = 1 << 20;
    if (opened >= 0)
        setsockopt(opened, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    return opened < 0 ? -1 : 0;
}

static struct nlmsghdr *begin(struct batch *batch, uint16_t type, uint16_t flags,
                              const struct nfgenmsg *body) {
    struct nlmsghdr *head = (struct nlmsghdr *)(batch->bytes + batch->used);
    *head = (struct nlmsghdr){
        .nlmsg_type = type, .nlmsg_flags = flags | NLM_F_REQUEST, .nlmsg_seq = ++sequence};
    memcpy(NLMSG_DATA(head), body, sizeof *body);
    batch->used += NLMSG_LENGTH(sizeof *body);
    return head;
}

static void end(struct batch *batch, struct nlmsghdr *head) {
    head->nlmsg_len = (uint32_t)(batch->bytes + batch->used - (uint8_t *)head);
}

static struct nlattr *add(struct batch *batch, uint16_t type, const void *value, size_t count) {
    struct nlattr *attribute = (struct nlattr *)(batch->bytes + batch->used);
    *attribute = (struct nlattr){.nla_len = (uint16_t)(NLA_HDRLEN + count), .nla_type = type};
    if (count > 0)
        memcpy((uint8_t *)attribute + NLA_HDRLEN, value, count);
    size_t padded = NLA_ALIGN(count);
    memset((uint8_t *)attribute + NLA_HDRLEN + count, 0, padded - count);
    batch->used += NLA_HDRLEN + padded;
    return attribute;
}

static void close_nest(struct batch *batch, struct nlattr *nest) {
    nest->nla_len = (uint16_t)(batch->bytes + batch->used - (uint8_t *)nest);
}

static void add_element(struct batch *batch, const struct element *element, bool in) {
    struct nfgenmsg body = {.nfgen_family = families[element->table]};
    uint16_t type = in ? NFT_MSG_NEWSETELEM : NFT_MSG_DELSETELEM;
    struct nlmsghdr *head =
        begin(batch, NFNL_SUBSYS_NFTABLES << 8 | type, in ? NLM_F_CREATE : 0, &body);
    add(batch, NFTA_SET_ELEM_LIST_TABLE, "dvm", sizeof "dvm");
    add(batch, NFTA_SET_ELEM_LIST_SET, element->set, strlen(element->set) + 1);
    struct nlattr *list = add(batch, NEST(NFTA_SET_ELEM_LIST_ELEMENTS), NULL, 0);
    struct nlattr *one = add(batch, NEST(NFTA_LIST_ELEM), NULL, 0);
    struct nlattr *key = add(batch, NEST(NFTA_SET_ELEM_KEY), NULL, 0);
    add(batch, NFTA_DATA_VALUE, element->key, element->key_length);
    close_nest(batch, key);
    close_nest(batch, one);
    close_nest(batch, list);
    end(batch, head);
}

/* What the kernel has against it; it has answered when it was sent. */
static int read_refusals(void) {
    _Alignas(struct nlmsghdr) uint8_t answer[8192];
    int refused = 0;
    for (;;) {
        ssize_t count = recv(opened, answer, sizeof answer, MSG_DONTWAIT);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            break;
        size_t left = (size_t)count;
        for (struct nlmsghdr *message = (struct nlmsghdr *)answer; NLMSG_OK(message, left);
             message = NLMSG_NEXT(message, left)) {
            const struct nlmsgerr *error = NLMSG_DATA(message);
            if (message->nlmsg_type == NLMSG_ERROR && error->error != 0)
                refused = -error->error;
        }
    }
    errno = refused;
    return refused == 0 ? 0 : -1;
}

int elements_change(const struct elements *out, const struct elements *in) {
    static struct batch batch;
    struct nfgenmsg body = {.res_id = htons(NFNL_SUBSYS_NFTABLES)};
    batch.used = 0;
    end(&batch, begin(&batch, NFNL_MSG_BATCH_BEGIN, 0, &body));
    for (size_t index = 0; out != NULL && index < out->count; index++)
        add_element(&batch, &out->all[index], false);
    for (size_t index = 0; in != NULL && index < in->count; index++)
        add_element(&batch, &in->all[index], true);
    end(&batch, begin(&batch, NFNL_MSG_BATCH_END, 0, &body));
    if (send(opened, batch.bytes, batch.used, 0) < 0)
        return -1;
    return read_refusals();
}
