#ifndef DVM_SWITCH_ELEMENTS_H
#define DVM_SWITCH_ELEMENTS_H

#include <stddef.h>
#include <stdint.h>

/*
 * Elements of the sets of ruleset.h, put in and taken out without the program nft, which takes ten
 * times as long as all else that a start asks of the switch.
 */

enum element_table { TABLE_OF_TAPS, TABLE_OF_ROUTES };

struct element {
    const char *set;
    enum element_table table;
    uint8_t key[32];
    size_t key_length;
};

#define ELEMENTS_MAX 128u

struct elements {
    struct element all[ELEMENTS_MAX];
    size_t count;
};

/* Of an interface's name. */
void element_name(struct elements *elements, enum element_table table, const char *set,
                  const char *name);
/* Of an interface's name, and something else. */
void element_pair(struct elements *elements, enum element_table table, const char *set,
                  const char *name, const void *value, size_t count);
/* Of bytes. */
void element_bytes(struct elements *elements, enum element_table table, const char *set,
                   const void *value, size_t count);

int elements_open(void);
/* At once, all or none: what is in `out`, then what is in `in`. -1 with errno. */
int elements_change(const struct elements *out, const struct elements *in);

#endif
