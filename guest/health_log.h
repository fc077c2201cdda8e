#ifndef DVM_HEALTH_LOG_H
#define DVM_HEALTH_LOG_H

#include "agent.h"

/* What came of a container's last probes. */

struct probe_result {
    uint8_t end; /* enum probe_end */
    bool is_cut;
    uint32_t code;
    uint64_t begun_ns; /* by the wall clock */
    uint64_t ended_ns;
    char *text; /* NULL: none */
    size_t count;
};

struct health_log {
    uint8_t status; /* enum health_status */
    uint32_t streak;
    uint32_t probes;   /* that have begun */
    uint64_t begun_ns; /* the last one, by the wall clock; 0: none runs */
    uint32_t results;  /* that there were */
    struct probe_result kept[DVM_PROBES_KEPT];
};

void health_log_begin(struct health_log *log);
void health_log_give_up(struct health_log *log);
void health_log_add(struct health_log *log, enum probe_end end, uint32_t code, const char *text,
                    size_t count, bool is_cut);
/* Sends all of it as a frame. */
void health_log_tell(const struct health_log *log, const char *container);
void health_log_close(struct health_log *log);

#endif
