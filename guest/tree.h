#ifndef DVM_TREE_H
#define DVM_TREE_H

/* Trees that go in and out as records. All run in a child of the agent's, in the folder meant. */

#include <sys/stat.h>

#include "agent.h"
#include "record.h"

/* The path of what is being sent, relative to the start of the walk. */
struct tree_path {
    char text[4096];
    size_t length;
};

/* Appends a name, gives the length before for `path_leave`; -1: it grows too long. */
ssize_t path_enter(struct tree_path *path, const char *name, struct failure *failure);
void path_leave(struct tree_path *path, size_t length);

/* Calls `each` for every name in the working folder, which is back in place afterwards. */
int each_name(int (*each)(const char *name, void *what, struct failure *failure), void *what,
              struct failure *failure);

/* Whether `name` in the working folder has a link that was sent already; remembers it. */
bool was_linked(const struct stat *information);

/* Sends what stands at `name` in the working folder, without what is below. */
int send_one(const char *name, const struct tree_path *path, const struct stat *information,
             struct failure *failure);
/* Sends a mark that stands for no file: TREE_WHITEOUT, TREE_OPAQUE. */
int send_mark(uint8_t type, const struct tree_path *path, struct failure *failure);
int sent(int result, struct failure *failure);

/* FILES_STAT: what stands at `path` of the root, and where it leads when it is a link. */
int tree_stat(const char *path, struct failure *failure);
/* FILES_OUT, FILES_EXPORT: what stands at `path` of the root, and below. */
int tree_out(const char *path, struct failure *failure);

/* tree_upper.c, FILES_CHANGES and FILES_LAYER: the working folder is the writable layer. */
int tree_upper(int image, bool as_layer, struct failure *failure);

/* tree_in.c, FILES_IN: makes what comes below the working folder. */
struct tree_in_options {
    bool keep_kind;
    bool has_owner;
    uid_t uid;
    gid_t gid;
};
int tree_in(const struct tree_in_options *options, struct failure *failure);

#endif
