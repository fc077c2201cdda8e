/*
 * Speaks the protocol of testcontainers' reaper, in its stead: who connects sends filters, a line each
 * (`label=a=b&label=c=d`), and is answered ACK. When nobody has been connected for a while after that,
 * all containers that a filter selects are removed by the socket that is bound, and this ends.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { PORT = 8080, CLIENTS = 16, FILTERS = 64, LINE = 1024, WAIT_MS = 3000, ANSWER = 1 << 20 };

static char filters[FILTERS][LINE];
static int filter_count;
static char answer[ANSWER];

/* Asks the engine; gives the length of its whole answer, 0 when it can't be reached. */
static size_t ask(const char *method, const char *path) {
  struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "/var/run/docker.sock"};
  int engine = socket(AF_UNIX, SOCK_STREAM, 0);
  size_t length = 0;
  if (engine >= 0 && connect(engine, (struct sockaddr *)&name, sizeof name) == 0) {
    dprintf(engine, "%s %s HTTP/1.0\r\nHost: docker\r\n\r\n", method, path);
    ssize_t got;
    while (length < ANSWER - 1 && (got = read(engine, answer + length, ANSWER - 1 - length)) > 0)
      length += (size_t)got;
  }
  if (engine >= 0) close(engine);
  answer[length] = 0;
  return length;
}

/* Makes `{"label":["a=b","c=d"]}` of a line, percent-encoded. */
static void query_of(const char *line, char *query, size_t size) {
  char json[2 * LINE] = "{\"label\":[";
  size_t length = strlen(json);
  char copy[LINE];
  snprintf(copy, sizeof copy, "%s", line);
  const char *comma = "";
  for (char *rest = copy, *part; (part = strsep(&rest, "&")) != NULL;) {
    if (strncmp(part, "label=", 6) != 0 || length + strlen(part) + 8 > sizeof json) continue;
    length += (size_t)snprintf(json + length, sizeof json - length, "%s\"%s\"", comma, part + 6);
    comma = ",";
  }
  snprintf(json + length, sizeof json - length, "]}");
  size_t at = 0;
  for (const char *c = json; *c != 0 && at + 4 < size; c++)
    at += (size_t)snprintf(query + at, size - at, isalnum((unsigned char)*c) ? "%c" : "%%%02X",
                           (unsigned char)*c);
}

static void remove_selected(const char *line) {
  char query[8 * LINE], path[9 * LINE];
  query_of(line, query, sizeof query);
  snprintf(path, sizeof path, "/containers/json?all=1&filters=%s", query);
  if (ask("GET", path) == 0) return;
  char *listed = strdup(answer);
  for (const char *at = listed; at != NULL && (at = strstr(at, "\"Id\":\"")) != NULL;) {
    at += 6;
    snprintf(path, sizeof path, "/containers/%.64s?force=1&v=1", at);
    ask("DELETE", path);
  }
  free(listed);
}

/* Takes what a client sent; false when it has gone. */
static int serve(int client) {
  char line[LINE];
  ssize_t got = read(client, line, sizeof line - 1);
  if (got <= 0) return 0;
  line[got] = 0;
  for (char *rest = line, *part; (part = strsep(&rest, "\r\n")) != NULL;) {
    if (*part == 0) continue;
    if (filter_count < FILTERS) snprintf(filters[filter_count++], LINE, "%s", part);
    if (write(client, "ACK\n", 4) != 4) return 0;
  }
  return 1;
}

int main(void) {
  struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons(PORT)};
  struct pollfd open[1 + CLIENTS] = {{.fd = socket(AF_INET, SOCK_STREAM, 0), .events = POLLIN}};
  int count = 0, yes = 1;
  setsockopt(open[0].fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (bind(open[0].fd, (struct sockaddr *)&own, sizeof own) || listen(open[0].fd, CLIENTS)) return 1;
  puts("Started");
  fflush(stdout);
  for (;;) {
    int waits = count == 0 && filter_count > 0 ? WAIT_MS : -1;
    if (poll(open, (nfds_t)count + 1, waits) == 0) break;
    for (int i = count; i >= 1; i--)
      if (open[i].revents != 0 && !serve(open[i].fd)) {
        close(open[i].fd);
        open[i] = open[count--];
      }
    if (open[0].revents & POLLIN && count < CLIENTS)
      open[++count] = (struct pollfd){.fd = accept(open[0].fd, NULL, NULL), .events = POLLIN};
  }
  for (int i = 0; i < filter_count; i++) remove_selected(filters[i]);
  return 0;
}
