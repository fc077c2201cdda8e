/* Prints what inotify tells of the paths that it is given: `path EVENT,EVENT name`, a line each. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

static const struct {
    unsigned mask;
    const char *word;
} words[] = {{IN_MODIFY, "modify"},       {IN_ATTRIB, "attrib"},
             {IN_CLOSE_WRITE, "close"},   {IN_MOVED_FROM, "from"},
             {IN_MOVED_TO, "to"},         {IN_CREATE, "create"},
             {IN_DELETE, "delete"},       {IN_DELETE_SELF, "delete-self"},
             {IN_MOVE_SELF, "move-self"}, {IN_ISDIR, "folder"},
             {IN_IGNORED, "ignored"}};

int main(int argc, char **argv) {
    static _Alignas(struct inotify_event) char buffer[16384];
    unsigned wanted = IN_MODIFY | IN_ATTRIB | IN_CLOSE_WRITE | IN_MOVE | IN_CREATE | IN_DELETE |
                      IN_DELETE_SELF | IN_MOVE_SELF;
    int fd = inotify_init1(IN_CLOEXEC);
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (int index = 1; index < argc; index++) {
        if (inotify_add_watch(fd, argv[index], wanted) != index) {
            fprintf(stderr, "%s: %s\n", argv[index], strerror(errno));
            return 1;
        }
    }
    puts("watching");
    for (;;) {
        ssize_t size = read(fd, buffer, sizeof buffer);
        if (size <= 0)
            return 1;
        for (ssize_t at = 0; at < size;) {
            const struct inotify_event *event = (const void *)(buffer + at);
            const char *comma = "";
            printf("%s ", argv[event->wd]);
            for (size_t word = 0; word < sizeof words / sizeof *words; word++) {
                if ((event->mask & words[word].mask) == 0)
                    continue;
                printf("%s%s", comma, words[word].word);
                comma = ",";
            }
            printf("%s%s\n", event->len > 0 ? " " : "", event->len > 0 ? event->name : "");
            at += (ssize_t)(sizeof *event + event->len);
        }
    }
}
