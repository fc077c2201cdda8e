#include <stdlib.h>
#include <string.h>

#include "relay_parts.h"

static struct question *find_free(struct relay *relay) {
    for (size_t at = 0; at < QUESTIONS_MAX; at++)
        if (!relay->questions[at].is_used)
            return &relay->questions[at];
    return NULL;
}

struct question *question_begin(struct relay *relay, const uint8_t *bytes, size_t count,
                                const struct sockaddr_in *from, struct relay_client *client) {
    struct question *question = find_free(relay);
    uint8_t *copy = question == NULL ? NULL : malloc(count);
    if (copy == NULL)
        return NULL;
    memcpy(copy, bytes, count);
    uint32_t place = (uint32_t)(question - relay->questions);
    *question = (struct question){.is_used = true,
                                  .relay = relay,
                                  .tag = relay->uses++ * QUESTIONS_MAX + place,
                                  .client = client,
                                  .bytes = copy,
                                  .count = count,
                                  .begun_ms = relay_now_ms()};
    if (from != NULL)
        question->from = *from;
    relay_watch_time(relay);
    link_bring(question);
    return question;
}

void question_forget(struct question *question) {
    if (!question->is_used)
        return;
    ask_drop(question);
    free(question->bytes);
    *question = (struct question){0};
}

void question_answer(struct question *question, const uint8_t *bytes, size_t count) {
    /* the bytes may be those of who was asked, and go with the question */
    if (question->client != NULL)
        client_send(question->client, bytes, count);
    else
        sendto(question->relay->datagrams->fd, bytes, count, MSG_DONTWAIT,
               (const struct sockaddr *)&question->from, sizeof question->from);
    question_forget(question);
}

/* Where what follows the first question begins; 0: there is none that is whole. */
static size_t question_end(const uint8_t *bytes, size_t count) {
    size_t at = MESSAGE_MIN;
    if (count < MESSAGE_MIN || bytes[4] != 0 || bytes[5] != 1)
        return 0;
    while (at < count && bytes[at] != 0 && bytes[at] < 64)
        at += 1u + bytes[at];
    return at + 5 <= count && bytes[at] == 0 ? at + 5 : 0;
}

size_t failure_answer(const uint8_t *query, size_t count, unsigned code, uint8_t *answer) {
    size_t end = question_end(query, count);
    size_t length = end == 0 ? MESSAGE_MIN : end;
    memcpy(answer, query, length);
    answer[2] = (uint8_t)(0x80 | (query[2] & 0x79)); /* an answer; its kind and RD as they were */
    answer[3] = (uint8_t)(0x80 | code);
    memset(answer + 4, 0, 8);
    answer[5] = end != 0;
    return length;
}

void question_fail(struct question *question, unsigned code) {
    uint8_t *answer = malloc(question->count);
    if (answer == NULL)
        question_forget(question);
    else
        question_answer(question, answer,
                        failure_answer(question->bytes, question->count, code, answer));
    free(answer);
}
