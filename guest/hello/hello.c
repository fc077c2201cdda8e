/* The image "hello": says what has just happened. */

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

/* A field of /proc/meminfo, in MiB; -1 when it isn't there. */
static long memory_mib(const char *name) {
    char line[128];
    long kib = -1;
    FILE *file = fopen("/proc/meminfo", "re");
    if (file == NULL)
        return -1;
    while (kib < 0 && fgets(line, sizeof line, file) != NULL) {
        size_t length = strlen(name);
        if (strncmp(line, name, length) == 0 && line[length] == ':')
            sscanf(line + length + 1, "%ld", &kib);
    }
    fclose(file);
    return kib < 0 ? -1 : kib / 1024;
}

static long milliseconds_since_boot(void) {
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int main(void) {
    long age = milliseconds_since_boot();
    long total = memory_mib("MemTotal");
    long available = memory_mib("MemAvailable");
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    struct utsname system;
    if (uname(&system) < 0 || total < 0 || available < 0) {
        perror("hello: cannot look around");
        return 1;
    }
    printf("\n  Hello from a machine of my own.\n\n"
           "    kernel      Linux %s, for nobody but me\n"
           "    boot        this line came %ld ms after my kernel's first instruction\n"
           "    memory      %ld MiB, of which %ld MiB are in use and %ld MiB available\n"
           "    processors  %ld\n\n"
           "  Your image was a block device, my first process a small static agent.\n"
           "  When this program ends, all of it is gone.\n\n",
           system.release, age, total, total - available, available, processors);
    return 0;
}
