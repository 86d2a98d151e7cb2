// A closed loop of HTTP/1.1 POST requests over keep-alive connections: as one is answered, the next goes out.
//
//   requests --port 8081 --path /holdfast.v1.PushService/Emit --bodies file --inflight 64 --seconds 10
//
// The file holds one JSON body per line, taken in turn. Prints one JSON line at the end. A response must carry
// Content-Length.
#define _GNU_SOURCE
#include "latency.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { RESPONSE = 65536, MOST = 1024 };

struct body {
  char *request;  // head and body
  size_t length;
};

struct caller {
  int fd;
  double asked;
  size_t length;
  char response[RESPONSE];
};

static struct body *bodies;
static size_t body_count, body_turn;
static struct samples times;
static long answered, refused;
static char first_refusal[200];

static void fail(const char *why) {
  fprintf(stderr, "requests: %s\n", why);
  exit(70);
}

static void load_bodies(const char *file, const char *host, int port, const char *path) {
  FILE *f = fopen(file, "r");
  if (!f) fail("cannot open the bodies");
  char *line = NULL;
  size_t room = 0;
  ssize_t n;
  while ((n = getline(&line, &room, f)) > 0) {
    if (line[n - 1] == '\n') n--;
    bodies = realloc(bodies, (body_count + 1) * sizeof *bodies);
    struct body *b = &bodies[body_count++];
    b->length = (size_t)asprintf(&b->request,
                                 "POST %s HTTP/1.1\r\nHost: %s:%d\r\nContent-Type: application/json\r\nContent-Length: %zd\r\n\r\n%.*s",
                                 path, host, port, n, (int)n, line);
  }
  fclose(f);
  if (!body_count) fail("no bodies");
}

static void ask(struct caller *c) {
  struct body *b = &bodies[body_turn++ % body_count];
  c->asked = seconds_now();
  c->length = 0;
  if (send(c->fd, b->request, b->length, MSG_NOSIGNAL) != (ssize_t)b->length) fail("a request did not fit the send buffer");
}

// True when the response is whole.
static bool on_readable(struct caller *c) {
  ssize_t n = recv(c->fd, c->response + c->length, RESPONSE - 1 - c->length, 0);
  if (n == 0) fail("the server closed a keep-alive connection");
  if (n < 0) {
    if (errno == EAGAIN || errno == EINTR) return false;
    fail(strerror(errno));
  }
  c->length += (size_t)n;
  c->response[c->length] = 0;
  char *body = strstr(c->response, "\r\n\r\n");
  if (!body) return false;
  char *field = strcasestr(c->response, "\r\ncontent-length:");
  if (!field || field > body) fail("a response without Content-Length");
  if (c->length < (size_t)(body + 4 - c->response) + strtoul(field + 17, NULL, 10)) return false;
  samples_add(&times, (seconds_now() - c->asked) * 1e6);
  if (!strncmp(c->response, "HTTP/1.1 200", 12)) {
    answered++;
  } else {
    refused++;
    if (!first_refusal[0]) {
      size_t i = 0;
      for (char *p = c->response; *p && i < sizeof first_refusal - 1; p++) {
        first_refusal[i++] = *p < 32 || *p == '"' || *p == '\\' ? ' ' : *p;
      }
    }
  }
  return true;
}

int main(int argc, char **argv) {
  const char *host = "127.0.0.1", *path = "/", *file = NULL;
  int port = 0, inflight = 64;
  double seconds = 10;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (!strcmp(argv[i], "--host")) host = argv[i + 1];
    else if (!strcmp(argv[i], "--port")) port = atoi(argv[i + 1]);
    else if (!strcmp(argv[i], "--path")) path = argv[i + 1];
    else if (!strcmp(argv[i], "--bodies")) file = argv[i + 1];
    else if (!strcmp(argv[i], "--inflight")) inflight = atoi(argv[i + 1]);
    else if (!strcmp(argv[i], "--seconds")) seconds = atof(argv[i + 1]);
    else fail("unknown option");
  }
  if (!file || inflight < 1 || inflight > MOST) fail("usage: --port --path --bodies --inflight --seconds");
  load_bodies(file, host, port, path);

  int poller = epoll_create1(EPOLL_CLOEXEC);
  struct caller *callers = calloc((size_t)inflight, sizeof *callers);
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  inet_pton(AF_INET, host, &to.sin_addr);
  for (int i = 0; i < inflight; i++) {
    callers[i].fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int one = 1;
    setsockopt(callers[i].fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(callers[i].fd, (struct sockaddr *)&to, sizeof to)) fail(strerror(errno));
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = &callers[i]};
    epoll_ctl(poller, EPOLL_CTL_ADD, callers[i].fd, &e);
  }
  double began = seconds_now(), until = began + seconds;
  for (int i = 0; i < inflight; i++) ask(&callers[i]);
  static struct epoll_event ready[MOST];
  int waiting = inflight;
  while (waiting > 0) {
    int n = epoll_wait(poller, ready, MOST, 1000);
    double now = seconds_now();
    if (n == 0 && now > until + 5) fail("requests were never answered");
    for (int i = 0; i < n; i++) {
      struct caller *c = ready[i].data.ptr;
      if (!on_readable(c)) continue;
      if (now < until) ask(c);
      else waiting--;
    }
  }
  double took = seconds_now() - began;
  samples_sort(&times);
  printf("{\"answered\":%ld,\"refused\":%ld,\"seconds\":%.3f,\"perSecond\":%.0f,\"p50\":%.3f,\"p99\":%.3f,\"firstRefusal\":\"%s\"}\n", answered,
         refused, took, (double)answered / took, samples_percentile(&times, .5), samples_percentile(&times, .99), first_refusal);
  return 0;
}
