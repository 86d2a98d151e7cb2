// Many Socket.IO clients (Engine.IO 4, websocket) in one thread on one epoll, driven by lines on stdin.
//
//   open <n> <window>     connect n more, at most <window> of them on their way at a time  -> {"event":"opened",…}
//   reset                 zero the counters                                                -> {"event":"reset"}
//   report                say what was seen since the last reset                           -> {"event":"report",…}
//   ids                   public socket ids of the connected clients                       -> {"event":"ids","ids":[…]}
//   send <rate> <frame>   from now on send <frame> <rate> times a second, in turn over the clients; 0 ends it;
//                         @now@ in it becomes the time, in µs since 1970
//   stop                  all clients stop reading                                         -> {"event":"stopped"}
//   resume                they read again                                                  -> {"event":"resumed"}
//   close                 reset (RST) all connections                                      -> {"event":"closed"}
//
// Pings are answered, and events that want an acknowledgement get one. A message that carries "at":<µs since 1970>
// near its beginning yields a latency sample. Ends with stdin.
#define _GNU_SOURCE
#include "latency.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PREFIX = 160, SID = 48, READ_BYTES = 1 << 18, COMMAND = 70000 };
enum state { CONNECTING, UPGRADING, AWAIT_OPEN, AWAIT_CONNECT, CONNECTED, GONE };

struct client {
  int fd;
  uint8_t state;
  bool deaf;       // in no epoll set: stopped, or hung up while stopped
  uint8_t opcode;  // of the frame being read; continuation frames keep the first one's
  bool final;
  uint8_t header_length;
  uint8_t header[10];
  uint16_t prefix_length;
  char prefix[PREFIX];  // the beginning of the message being read: enough to tell what it is
  uint64_t payload_left;
  uint64_t message_bytes;
  double began;
  uint32_t messages;
  char sid[SID];
};

static const char *host = "127.0.0.1", *path = "/socket.io/?EIO=4&transport=websocket";
static int port, poller;
static struct client *clients;
static int client_room, client_count;
static int wanted, window = 200, on_their_way, up, failed;
static double open_began;
static bool opening;

static struct samples connect_times, delivery_times;
static long messages, bytes, pings, acks, sent, write_failures, lost, disconnect_packets, close_frames;
static int close_code;
static char close_reason[124], first_failure[200];

static double send_rate, send_began;
static long send_done;
static int send_turn;
static bool stamp_pending;
static char send_frame[COMMAND];
static size_t send_length;

// What can stand between quotes in a line of JSON.
static void copy_plain(char *to, size_t room, const char *from, size_t length) {
  size_t kept = length < room - 1 ? length : room - 1;
  for (size_t i = 0; i < kept; i++) to[i] = from[i] < 32 || from[i] == '"' || from[i] == '\\' ? ' ' : from[i];
  to[kept] = 0;
}

static void note_failure(const char *what, size_t length) {
  if (!first_failure[0]) copy_plain(first_failure, sizeof first_failure, what, length);
}

// A masked frame; the mask is zero, which costs the server the same as any other.
static void write_frame(struct client *c, uint8_t opcode, const char *payload, size_t length) {
  static unsigned char frame[COMMAND + 14];
  size_t head = 0;
  frame[head++] = 0x80 | opcode;
  if (length < 126) {
    frame[head++] = 0x80 | (uint8_t)length;
  } else {
    frame[head++] = 0x80 | 126;
    frame[head++] = (uint8_t)(length >> 8);
    frame[head++] = (uint8_t)length;
  }
  memset(frame + head, 0, 4);
  head += 4;
  memcpy(frame + head, payload, length);
  if (send(c->fd, frame, head + length, MSG_NOSIGNAL) != (ssize_t)(head + length)) write_failures++;
}

static void poll_for(struct client *c, int operation, uint32_t events) {
  struct epoll_event e = {.events = events, .data.u32 = (uint32_t)(c - clients)};
  epoll_ctl(poller, operation, c->fd, &e);
}

static void begin(struct client *c) {
  memset(c, 0, sizeof *c);
  c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (c->fd < 0) {
    perror("socket");
    exit(71);
  }
  int one = 1;
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  struct linger reset = {1, 0};  // no TIME_WAIT: the next wave needs the ports
  setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  inet_pton(AF_INET, host, &to.sin_addr);
  c->began = seconds_now();
  on_their_way++;
  connect(c->fd, (struct sockaddr *)&to, sizeof to);
  poll_for(c, EPOLL_CTL_ADD, EPOLLOUT);
}

static void end(struct client *c) {
  if (c->state == GONE) return;
  if (c->state == CONNECTED) {
    up--;
    lost++;
  } else {
    failed++;
    on_their_way--;
  }
  c->state = GONE;
  close(c->fd);
}

static void note_sid(struct client *c) {
  char *found = memmem(c->prefix, c->prefix_length, "\"sid\":\"", 7);
  if (!found) return;
  found += 7;
  size_t i = 0;
  while (i < SID - 1 && found + i < c->prefix + c->prefix_length && found[i] != '"') {
    c->sid[i] = found[i];
    i++;
  }
}

static void on_event(struct client *c) {
  messages++;
  c->messages++;
  bytes += (long)c->message_bytes;
  char *stamp = memmem(c->prefix, c->prefix_length, "\"at\":", 5);
  if (stamp) {
    uint64_t then = strtoull(stamp + 5, NULL, 10);
    samples_add(&delivery_times, (double)wall_microseconds() - (double)then);
  }
  char answer[32] = "43";
  size_t length = 2;
  for (size_t i = 2; i < c->prefix_length && c->prefix[i] >= '0' && c->prefix[i] <= '9' && length < 28; i++) {
    answer[length++] = c->prefix[i];
  }
  if (length == 2) return;
  answer[length++] = '[';
  answer[length++] = ']';
  write_frame(c, 1, answer, length);
  acks++;
}

static void on_message(struct client *c) {
  char *p = c->prefix;
  p[c->prefix_length] = 0;
  if (c->opcode == 9) {
    write_frame(c, 10, p, c->prefix_length < 125 ? c->prefix_length : 125);
    return;
  }
  if (c->opcode == 8) {
    close_frames++;
    if (!close_code && c->prefix_length >= 2) {
      close_code = (uint8_t)p[0] << 8 | (uint8_t)p[1];
      copy_plain(close_reason, sizeof close_reason, p + 2, (size_t)c->prefix_length - 2);
    }
    end(c);
    return;
  }
  if (c->opcode != 1) return;
  if (p[0] == '2' && c->message_bytes == 1) {
    pings++;
    write_frame(c, 1, "3", 1);
  } else if (c->state == AWAIT_OPEN && p[0] == '0') {
    c->state = AWAIT_CONNECT;
    write_frame(c, 1, "40", 2);
  } else if (c->state == AWAIT_CONNECT && p[0] == '4' && p[1] == '0') {
    note_sid(c);
    c->state = CONNECTED;
    on_their_way--;
    up++;
    samples_add(&connect_times, (seconds_now() - c->began) * 1e6);
  } else if (c->state == AWAIT_CONNECT && p[0] == '4' && p[1] == '4') {
    note_failure(p, c->prefix_length);
    end(c);
  } else if (c->state == CONNECTED && p[0] == '4' && p[1] == '2') {
    on_event(c);
  } else if (c->state == CONNECTED && p[0] == '4' && p[1] == '1') {
    disconnect_packets++;
  }
}

static size_t header_size(const struct client *c) {
  if (c->header_length < 2) return 2;
  int length = c->header[1] & 127;
  return length == 126 ? 4 : length == 127 ? 10 : 2;
}

static void begin_payload(struct client *c) {
  uint64_t length = c->header[1] & 127;
  int extra = length == 126 ? 2 : length == 127 ? 8 : 0;
  if (extra) length = 0;
  for (int i = 0; i < extra; i++) length = length << 8 | c->header[2 + i];
  int opcode = c->header[0] & 15;
  c->final = c->header[0] & 0x80;
  if (opcode) {
    c->opcode = (uint8_t)opcode;
    c->prefix_length = 0;
    c->message_bytes = 0;
  }
  c->payload_left = length;
  c->message_bytes += length;
}

static void on_bytes(struct client *c, const uint8_t *at, size_t n) {
  while (c->state != GONE) {
    size_t needed = header_size(c);
    if (c->header_length < needed) {
      if (!n) return;
      c->header[c->header_length++] = *at++;
      n--;
      if (c->header_length == header_size(c)) begin_payload(c);
      continue;
    }
    size_t take = c->payload_left < n ? (size_t)c->payload_left : n;
    size_t room = PREFIX - 1 - c->prefix_length, keep = take < room ? take : room;
    memcpy(c->prefix + c->prefix_length, at, keep);
    c->prefix_length += (uint16_t)keep;
    at += take;
    n -= take;
    c->payload_left -= take;
    if (c->payload_left) return;
    c->header_length = 0;
    if (c->final) on_message(c);
  }
}

static void request_upgrade(struct client *c) {
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error) {
    note_failure(strerror(error), strlen(strerror(error)));
    end(c);
    return;
  }
  char request[1024];
  int length = snprintf(request, sizeof request,
                        "GET %s HTTP/1.1\r\nHost: %s:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
                        path, host, port);
  c->state = UPGRADING;
  if (send(c->fd, request, (size_t)length, MSG_NOSIGNAL) != length) {
    end(c);
    return;
  }
  poll_for(c, EPOLL_CTL_MOD, EPOLLIN);
}

static void on_readable(struct client *c) {
  static uint8_t buffer[READ_BYTES + 1];
  ssize_t n = recv(c->fd, buffer, READ_BYTES, 0);
  if (n <= 0) {
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (c->state != CONNECTED) note_failure("closed before CONNECT was answered", 34);
    end(c);
    return;
  }
  uint8_t *at = buffer;
  if (c->state == UPGRADING) {  // servers answer the upgrade in one segment
    buffer[n] = 0;
    char *body = strstr((char *)buffer, "\r\n\r\n");
    if (!body || strncmp((char *)buffer, "HTTP/1.1 101", 12)) {
      note_failure((char *)buffer, (size_t)n);
      end(c);
      return;
    }
    at = (uint8_t *)body + 4;
    n -= at - buffer;
    c->state = AWAIT_OPEN;
  }
  on_bytes(c, at, (size_t)n);
}

static void say_report(void) {
  long of_connected = 0;
  for (int i = 0; i < client_count; i++) {
    if (clients[i].state == CONNECTED) of_connected += clients[i].messages;
  }
  samples_sort(&delivery_times);
  samples_sort(&connect_times);
  printf("{\"event\":\"report\",\"up\":%d,\"lost\":%ld,\"messages\":%ld,\"messagesOfConnected\":%ld,\"bytes\":%ld,\"acks\":%ld,\"pings\":%ld,\"sent\":%ld,"
         "\"writeFailures\":%ld,\"disconnectPackets\":%ld,\"closeFrames\":%ld,\"closeCode\":%d,\"closeReason\":\"%s\","
         "\"deliveryP50\":%.3f,\"deliveryP99\":%.3f,\"deliveryMax\":%.3f}\n",
         up, lost, messages, of_connected, bytes, acks, pings, sent, write_failures, disconnect_packets, close_frames, close_code, close_reason,
         samples_percentile(&delivery_times, .5), samples_percentile(&delivery_times, .99),
         samples_percentile(&delivery_times, 1));
}

static void reset_counters(void) {
  messages = bytes = acks = pings = sent = write_failures = lost = disconnect_packets = close_frames = 0;
  close_code = 0;
  close_reason[0] = 0;
  delivery_times.count = connect_times.count = 0;
  for (int i = 0; i < client_count; i++) clients[i].messages = 0;
}

static void on_command(char *line) {
  int n = 0, w = 0, offset = 0;
  double rate = 0;
  if (sscanf(line, "open %d %d", &n, &w) == 2) {
    if (!up && !on_their_way) client_count = 0;
    if (client_count + n > client_room) {
      fprintf(stderr, "more than %d clients\n", client_room);
      exit(64);
    }
    wanted = n;
    window = w;
    failed = 0;
    connect_times.count = 0;
    open_began = seconds_now();
    opening = true;
  } else if (sscanf(line, "send %lf %n", &rate, &offset) == 1) {
    send_rate = rate;
    send_length = strlen(line + offset);
    memcpy(send_frame, line + offset, send_length + 1);
    send_began = seconds_now();
    send_done = 0;
    send_turn = 0;
    stamp_pending = true;
  } else if (!strcmp(line, "reset")) {
    reset_counters();
    puts("{\"event\":\"reset\"}");
  } else if (!strcmp(line, "report")) {
    say_report();
  } else if (!strcmp(line, "ids")) {
    fputs("{\"event\":\"ids\",\"ids\":[", stdout);
    const char *comma = "";
    for (int i = 0; i < client_count; i++) {
      if (clients[i].state != CONNECTED) continue;
      printf("%s\"%s\"", comma, clients[i].sid);
      comma = ",";
    }
    puts("]}");
  } else if (!strcmp(line, "stop")) {
    for (int i = 0; i < client_count; i++) {
      if (clients[i].state == GONE || clients[i].deaf) continue;
      poll_for(&clients[i], EPOLL_CTL_DEL, 0);
      clients[i].deaf = true;
    }
    puts("{\"event\":\"stopped\"}");
  } else if (!strcmp(line, "resume")) {
    for (int i = 0; i < client_count; i++) {
      if (clients[i].state == GONE || !clients[i].deaf) continue;
      clients[i].deaf = false;
      poll_for(&clients[i], EPOLL_CTL_ADD, EPOLLIN);
    }
    puts("{\"event\":\"resumed\"}");
  } else if (!strcmp(line, "close")) {
    for (int i = 0; i < client_count; i++) end(&clients[i]);
    client_count = 0;
    puts("{\"event\":\"closed\"}");
  } else {
    fprintf(stderr, "unknown command: %.80s\n", line);
    exit(64);
  }
}

static void on_stdin(void) {
  static char pending[COMMAND];
  static size_t length;
  ssize_t n = read(0, pending + length, sizeof pending - 1 - length);
  if (n == 0) exit(0);
  if (n < 0) return;
  length += (size_t)n;
  pending[length] = 0;
  char *start = pending, *newline;
  while ((newline = strchr(start, '\n'))) {
    *newline = 0;
    on_command(start);
    start = newline + 1;
  }
  length -= (size_t)(start - pending);
  memmove(pending, start, length);
}

static void open_more(void) {
  while (wanted > 0 && on_their_way < window) {
    begin(&clients[client_count++]);
    wanted--;
  }
  if (wanted == 0 && on_their_way == 0) {
    opening = false;
    samples_sort(&connect_times);
    printf("{\"event\":\"opened\",\"up\":%d,\"failed\":%d,\"seconds\":%.4f,\"connectP50\":%.3f,\"connectP99\":%.3f,\"firstFailure\":\"%s\"}\n",
           up, failed, seconds_now() - open_began, samples_percentile(&connect_times, .5),
           samples_percentile(&connect_times, .99), first_failure);
  }
}

// Writes the time over the place for it; returns the length of the frame.
static size_t stamp_frame(void) {
  static char *place;
  static size_t tail;
  if (stamp_pending) {
    stamp_pending = false;
    place = strstr(send_frame, "@now@");
    if (place) {
      tail = strlen(place + 5);
      memmove(place + 16, place + 5, tail + 1);
      send_length += 11;
    }
  }
  if (place) {
    char digits[24];
    snprintf(digits, sizeof digits, "%016llu", (unsigned long long)wall_microseconds());
    memcpy(place, digits, 16);
  }
  return send_length;
}

// Catches up with the wanted rate, evenly over the clients.
static void send_due(void) {
  long due = (long)((seconds_now() - send_began) * send_rate);
  for (int steps = 0; send_done < due && steps < client_count + 1000; steps++) {
    struct client *c = &clients[send_turn];
    send_turn = (send_turn + 1) % client_count;
    if (c->state != CONNECTED) continue;
    write_frame(c, 1, send_frame, stamp_frame());
    send_done++;
    sent++;
  }
}

int main(int argc, char **argv) {
  int most = 20000;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (!strcmp(argv[i], "--port")) port = atoi(argv[i + 1]);
    else if (!strcmp(argv[i], "--host")) host = argv[i + 1];
    else if (!strcmp(argv[i], "--path")) path = argv[i + 1];
    else if (!strcmp(argv[i], "--most")) most = atoi(argv[i + 1]);
    else {
      fprintf(stderr, "unknown option %s\n", argv[i]);
      return 64;
    }
  }
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  setvbuf(stdout, NULL, _IOLBF, 1 << 16);
  client_room = most;
  clients = calloc((size_t)client_room, sizeof *clients);
  poller = epoll_create1(EPOLL_CLOEXEC);
  fcntl(0, F_SETFL, fcntl(0, F_GETFL) | O_NONBLOCK);
  struct epoll_event input = {.events = EPOLLIN, .data.u32 = UINT32_MAX};
  epoll_ctl(poller, EPOLL_CTL_ADD, 0, &input);

  static struct epoll_event ready[1024];
  for (;;) {
    int n = epoll_wait(poller, ready, 1024, send_rate > 0 ? 1 : opening ? 10 : 1000);
    for (int i = 0; i < n; i++) {
      if (ready[i].data.u32 == UINT32_MAX) {
        on_stdin();
        continue;
      }
      struct client *c = &clients[ready[i].data.u32];
      if (c->state == GONE || c->deaf) continue;
      if (c->state == CONNECTING) request_upgrade(c);
      else on_readable(c);
    }
    if (opening) open_more();
    if (send_rate > 0 && up > 0) send_due();
  }
}
