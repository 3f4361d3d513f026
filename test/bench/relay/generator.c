/*
 * Both peers of every flow, on the wire: sends packets that were sealed before at their moments and writes down what
 * comes back, with the kernel's times of both. It understands nothing of a packet but its sequence number.
 *
 *   generator FILE SPEAKERS PACKETS      FILE is SPEAKERS rows, then SPEAKERS x PACKETS utterances, shared with who asks
 *   stdin    speak SPEAKERS PACKETS      the first so many of each
 *   stdout   ports N N N ...             once;   then   done SENT   for each time it was asked
 *
 * Speaker 2n is the caller of flow n and 2n+1 its callee; each hears the other.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PTIME_NS 20000000LL
/* What is due within this goes out together. */
#define STEP_NS 250000LL
#define DRAIN_NS 150000000LL
/* Times of sending cost a system call each: taken of so many speakers, and of every one where there are no more. */
#define MAX_TIMED 100

struct row {
  uint16_t target, first_sequence;
  uint32_t unused;
};

struct utterance {
  int64_t sent_ns, arrived_ns; /* CLOCK_REALTIME by the kernel, 0 for unknown */
  uint16_t wire_bytes, heard_bytes;
  uint16_t copies, unused;
  uint8_t wire[240], heard[240];
};

static struct row *rows;
static struct utterance *utterances;
static int speakers, packets;
static int *sockets;
static int watched;

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static struct utterance *utterance(int speaker, int n) {
  return &utterances[(int64_t)speaker * packets + n];
}

static int64_t now_ns(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static int step_of(int spoken) {
  return spoken <= MAX_TIMED ? 1 : (spoken + MAX_TIMED - 1) / MAX_TIMED;
}

static int open_socket(void) {
  const struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  const int bytes = 1 << 18;
  const int made = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  if (made < 0 || bind(made, (const struct sockaddr *)&any, sizeof any) != 0) fail("socket");
  setsockopt(made, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  return made;
}

static void set_stamps(int socket_fd, int with_sends) {
  int flags = SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_RX_SOFTWARE;
  if (with_sends) flags |= SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_OPT_ID | SOF_TIMESTAMPING_OPT_TSONLY;
  if (setsockopt(socket_fd, SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof flags) != 0) fail("SO_TIMESTAMPING");
}

static int64_t stamp_of(struct msghdr *message, uint32_t *key) {
  int64_t ns = 0;
  for (struct cmsghdr *at = CMSG_FIRSTHDR(message); at; at = CMSG_NXTHDR(message, at)) {
    if (at->cmsg_level == SOL_SOCKET && at->cmsg_type == SCM_TIMESTAMPING) {
      const struct timespec *stamp = (const struct timespec *)CMSG_DATA(at);
      ns = stamp->tv_sec * 1000000000LL + stamp->tv_nsec;
    } else if (at->cmsg_level == SOL_IP && at->cmsg_type == IP_RECVERR && key) {
      *key = ((const struct sock_extended_err *)CMSG_DATA(at))->ee_data;
    }
  }
  return ns;
}

static void take_send_stamps(int speaker, int asked) {
  uint8_t control[256];
  for (;;) {
    struct msghdr message = {.msg_control = control, .msg_controllen = sizeof control};
    uint32_t key = 0;
    if (recvmsg(sockets[speaker], &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) return;
    const int64_t ns = stamp_of(&message, &key);
    if (key < (uint32_t)asked) utterance(speaker, (int)key)->sent_ns = ns;
  }
}

static void hear(int speaker, int asked) {
  uint8_t bytes[2048], control[256];
  for (;;) {
    struct iovec part = {bytes, sizeof bytes};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    const ssize_t length = recvmsg(sockets[speaker], &message, MSG_DONTWAIT);
    if (length < 0) return;
    if (length < 12) continue;
    const int other = speaker ^ 1;
    const uint16_t n = (uint16_t)((bytes[2] << 8 | bytes[3]) - rows[other].first_sequence);
    if (n >= asked) continue;
    struct utterance *heard = utterance(other, n);
    heard->copies++;
    if (heard->heard_bytes != 0 || length > (ssize_t)sizeof heard->heard) continue;
    heard->heard_bytes = (uint16_t)length;
    heard->arrived_ns = stamp_of(&message, NULL);
    memcpy(heard->heard, bytes, (size_t)length);
  }
}

static void listen_all(int asked) {
  struct epoll_event ready[256];
  int found;
  do {
    found = epoll_wait(watched, ready, 256, 0);
    for (int at = 0; at < found; at++) {
      if (ready[at].events & EPOLLERR) take_send_stamps((int)ready[at].data.u32, asked);
      if (ready[at].events & EPOLLIN) hear((int)ready[at].data.u32, asked);
    }
  } while (found == 256);
}

static void sleep_until(int64_t ns) {
  const struct timespec until = {ns / 1000000000LL, ns % 1000000000LL};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR) {
  }
}

/* Every speaker has its own moment in each 20 ms; what a late wake held up is sent at once. */
static int64_t speak(int spoken, int asked) {
  const int64_t total = (int64_t)spoken * asked;
  const int64_t start_ns = now_ns(CLOCK_MONOTONIC);
  int64_t sent = 0;
  int64_t heard_at_ns = start_ns;
  while (sent < total) {
    const int64_t now = now_ns(CLOCK_MONOTONIC);
    int64_t due = (now - start_ns) * spoken / PTIME_NS + 1;
    if (due > total) due = total;
    for (; sent < due; sent++) {
      const int speaker = (int)(sent % spoken);
      const struct utterance *said = utterance(speaker, (int)(sent / spoken));
      const struct sockaddr_in to = {AF_INET, htons(rows[speaker].target), {htonl(INADDR_LOOPBACK)}, {0}};
      while (sendto(sockets[speaker], said->wire, said->wire_bytes, 0, (const struct sockaddr *)&to, sizeof to) < 0) {
        if (errno != EAGAIN && errno != EINTR) fail("sendto");
      }
    }
    if (now - heard_at_ns > 2000000) {
      listen_all(asked);
      heard_at_ns = now;
    }
    const int64_t next_ns = start_ns + (sent * PTIME_NS) / spoken;
    sleep_until(next_ns > now + STEP_NS ? next_ns : now + STEP_NS);
  }
  const int64_t end_ns = now_ns(CLOCK_MONOTONIC) + DRAIN_NS;
  while (now_ns(CLOCK_MONOTONIC) < end_ns) {
    listen_all(asked);
    sleep_until(now_ns(CLOCK_MONOTONIC) + 5000000);
  }
  return sent;
}

static void *map_file(const char *path) {
  const size_t bytes = (size_t)speakers * sizeof(struct row) + (size_t)speakers * (size_t)packets * sizeof(struct utterance);
  const int file = open(path, O_RDWR);
  if (file < 0 || ftruncate(file, (off_t)bytes) != 0) fail(path);
  void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, file, 0);
  if (at == MAP_FAILED) fail("mmap");
  return at;
}

int main(int argc, char **argv) {
  if (argc != 4) return 2;
  speakers = atoi(argv[2]);
  packets = atoi(argv[3]);
  if (speakers < 2 || speakers > 4096 || packets < 1 || packets > 10000) return 2;
  rows = map_file(argv[1]);
  utterances = (struct utterance *)(rows + speakers);
  sockets = calloc((size_t)speakers, sizeof *sockets);
  watched = epoll_create1(0);
  printf("ports");
  for (int at = 0; at < speakers; at++) {
    struct sockaddr_in bound;
    socklen_t bytes = sizeof bound;
    sockets[at] = open_socket();
    getsockname(sockets[at], (struct sockaddr *)&bound, &bytes);
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)at};
    if (epoll_ctl(watched, EPOLL_CTL_ADD, sockets[at], &event) != 0) fail("epoll");
    printf(" %d", ntohs(bound.sin_port));
  }
  printf("\n");
  fflush(stdout);
  char line[128];
  int spoken, asked;
  while (fgets(line, sizeof line, stdin)) {
    if (sscanf(line, "speak %d %d", &spoken, &asked) != 2) return 2;
    if (spoken < 2 || spoken > speakers || asked < 1 || asked > packets) return 2;
    for (int at = 0; at < spoken; at++) {
      const int is_timed = at / 2 % step_of(spoken) == 0;
      /* Off and on again, so that its count of what it sent begins anew. */
      set_stamps(sockets[at], 0);
      if (is_timed) set_stamps(sockets[at], 1);
    }
    printf("done %lld\n", (long long)speak(spoken, asked));
    fflush(stdout);
  }
  return 0;
}
