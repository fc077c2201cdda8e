#include "control.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "doors.h"
#include "grants.h"
#include "mux.h"
#include "mux_lines.h"
#include "owners.h"
#include "ports.h"
#include "published.h"

static int listen_on(char **words, char *said, size_t room) {
    const struct owner *owner = owner_make(words[1]);
    if (owner == NULL)
        return -1;
    const struct port_words port = {.address = words[2],
                                    .port = words[3],
                                    .guest_address = words[4],
                                    .guest_port = words[5],
                                    .client_address = words[6]};
    int number = port_listen(owner, &port);
    if (number < 0)
        return -1;
    snprintf(said, room, "%d", number);
    return 0;
}

static int grant(char **words) {
    const struct owner *owner = owner_make(words[1]);
    return owner == NULL || mux_word_decode(words[3]) < 0 ? -1
                                                          : grant_add(owner, words[2], words[3]);
}

static int lead(char **words) {
    const struct place_words given[2] = {{words[2], words[3]}, {words[4], words[5]}};
    struct place place;
    const struct owner *owner = owner_make(words[1]);
    if (owner == NULL || place_parse(given, &place) < 0)
        return -1;
    if (memcmp(&owner->place, &place, sizeof place) == 0)
        return 0;
    published_break(owner);
    owner_lead(owner, &place);
    doors_resume();
    return 0;
}

static int publish_by(char **words, char *said, size_t room) {
    const struct owner *owner = owner_make(words[1]);
    const struct published_words port = {words[2], words[3], words[4], words[5]};
    if (owner == NULL || strcmp(words[0], "unpublish") == 0)
        return owner == NULL ? -1 : unpublish(owner, &port);
    int number = publish(owner, &port);
    if (number < 0)
        return -1;
    snprintf(said, room, "%d", number);
    return 0;
}

static int withdraw(char **words) {
    const struct owner *owner = owner_find(words[1]);
    if (owner != NULL)
        published_end(owner);
    return 0;
}

static int release(char **words) {
    const struct owner *owner = owner_find(words[1]);
    if (owner == NULL)
        return 0;
    published_end(owner);
    mux_end_owned(owner);
    grants_end(owner);
    owner_free(owner);
    return 0;
}

static int answer(char **words, size_t count, char *said, size_t room) {
    if (count == 7 && strcmp(words[0], "listen") == 0)
        return listen_on(words, said, room);
    if (count == 6 && strcmp(words[0], "lead") == 0)
        return lead(words);
    if (count == 6 && (strcmp(words[0], "publish") == 0 || strcmp(words[0], "unpublish") == 0))
        return publish_by(words, said, room);
    if (count == 2 && strcmp(words[0], "withdraw") == 0)
        return withdraw(words);
    if (count == 4 && strcmp(words[0], "grant") == 0)
        return grant(words);
    if (count == 2 && strcmp(words[0], "release") == 0)
        return release(words);
    if (count == 1 && strcmp(words[0], "ping") == 0)
        return 0;
    errno = EINVAL;
    return -1;
}

int control_open(const char *path) { return mux_lines_open(path, answer); }
