/*
 * The wire of the isolation benchmark: sends SRTP at 50 packets a second and flow into a relay, and watches the loopback
 * interface for what goes in and what comes out. Delay is the difference of two kernel timestamps of one capture; the
 * clock and the pace of this program are no part of it.
 *
 *   stdin   flow FROM_PORT TO_PORT SSRC KEYHEX     one direction of one call; keys are AES_CM_128_HMAC_SHA1_80
 *           clear                                  forgets every flow
 *           run MS                                 sends for so long, and answers when the last packet had time to come
 *   stdout  one JSON object for each run
 *
 * argv: the first and the last port of the relay.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <poll.h>
#include <srtp2/srtp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_FLOWS 2048
#define PAYLOAD 160
#define PERIOD_NS 20000000LL
#define BLOCK (1 << 20)
#define BLOCKS 32
#define TAIL_NS 500000000LL

struct flow {
  int fd;
  struct sockaddr_in to;
  uint32_t ssrc;
  uint16_t sequence;
  uint32_t timestamp;
  int64_t due_ns;
  srtp_t srtp;
};

struct seen {
  uint64_t key; /* ssrc and sequence; 0 is empty */
  int64_t in_ns;
  int64_t out_ns;
};

static struct flow flows[MAX_FLOWS];
static int flow_count;
static int relay_from, relay_to;
static uint8_t *ring;
static int capture_fd, block_at;
static struct seen *table;
static uint32_t table_size;
static uint64_t doubled;

static void fail(const char *what) {
  fprintf(stderr, "wire: %s: %s\n", what, strerror(errno));
  exit(1);
}

static int64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static struct seen *find(uint64_t key) {
  uint64_t at = (key * 0x9E3779B97F4A7C15ULL) >> 32;
  for (;; at++) {
    struct seen *slot = &table[at & (table_size - 1)];
    if (slot->key == key || slot->key == 0) return slot;
  }
}

static int is_relay(int port) { return port >= relay_from && port <= relay_to; }

static void note(const uint8_t *packet, uint32_t length, int64_t at_ns) {
  if (length < 20 || packet[0] >> 4 != 4) return;
  uint32_t head = (packet[0] & 15) * 4;
  if (packet[9] != IPPROTO_UDP || length < head + 8 + 12) return;
  int from = packet[head] << 8 | packet[head + 1], to = packet[head + 2] << 8 | packet[head + 3];
  const uint8_t *rtp = packet + head + 8;
  if (rtp[0] >> 6 != 2 || (rtp[1] & 127) != 0) return; /* payload type 0 alone is ours */
  uint32_t ssrc;
  memcpy(&ssrc, rtp + 8, 4);
  uint64_t key = (uint64_t)ntohl(ssrc) << 16 | (uint64_t)(rtp[2] << 8 | rtp[3]);
  struct seen *slot = find(key);
  slot->key = key;
  if (is_relay(to)) {
    if (slot->in_ns == 0) slot->in_ns = at_ns;
  } else if (is_relay(from)) {
    if (slot->out_ns == 0) slot->out_ns = at_ns;
    else doubled++;
  }
}

static void drain_capture(void) {
  for (;;) {
    struct tpacket_block_desc *block = (void *)(ring + (size_t)block_at * BLOCK);
    if (!(__atomic_load_n(&block->hdr.bh1.block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER)) return;
    struct tpacket3_hdr *packet = (void *)((uint8_t *)block + block->hdr.bh1.offset_to_first_pkt);
    for (uint32_t i = 0; i < block->hdr.bh1.num_pkts; i++) {
      struct sockaddr_ll *link = (void *)((uint8_t *)packet + TPACKET_ALIGN(sizeof *packet));
      /* Loopback shows every packet twice: on its way out and on its way in. One of the two is enough. */
      if (link->sll_pkttype == PACKET_HOST)
        note((uint8_t *)packet + packet->tp_net, packet->tp_snaplen, packet->tp_sec * 1000000000LL + packet->tp_nsec);
      packet = (void *)((uint8_t *)packet + packet->tp_next_offset);
    }
    __atomic_store_n(&block->hdr.bh1.block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
    block_at = (block_at + 1) % BLOCKS;
  }
}

static void open_capture(void) {
  capture_fd = socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_IP));
  if (capture_fd < 0) fail("capture needs CAP_NET_RAW");
  int version = TPACKET_V3;
  if (setsockopt(capture_fd, SOL_PACKET, PACKET_VERSION, &version, sizeof version)) fail("PACKET_VERSION");
  /* UDP alone: the audio on its way to processors is TCP, and far more. */
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 9),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, 96),
      BPF_STMT(BPF_RET | BPF_K, 0),
  };
  struct sock_fprog filter = {4, code};
  if (setsockopt(capture_fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter)) fail("SO_ATTACH_FILTER");
  struct tpacket_req3 request = {.tp_block_size = BLOCK,
                                 .tp_block_nr = BLOCKS,
                                 .tp_frame_size = 2048,
                                 .tp_frame_nr = BLOCK / 2048 * BLOCKS,
                                 .tp_retire_blk_tov = 20};
  if (setsockopt(capture_fd, SOL_PACKET, PACKET_RX_RING, &request, sizeof request)) fail("PACKET_RX_RING");
  ring = mmap(NULL, (size_t)BLOCK * BLOCKS, PROT_READ | PROT_WRITE, MAP_SHARED, capture_fd, 0);
  if (ring == MAP_FAILED) fail("mmap");
  struct sockaddr_ll at = {
      .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP), .sll_ifindex = (int)if_nametoindex("lo")};
  if (bind(capture_fd, (struct sockaddr *)&at, sizeof at)) fail("bind to lo");
}

static void add_flow(int from, int to, uint32_t ssrc, const char *hex) {
  if (flow_count == MAX_FLOWS || strlen(hex) != 60) fail("a flow");
  struct flow *flow = &flows[flow_count++];
  memset(flow, 0, sizeof *flow);
  uint8_t key[30];
  for (int i = 0; i < 30; i++) sscanf(hex + 2 * i, "%2hhx", &key[i]);
  srtp_policy_t policy;
  memset(&policy, 0, sizeof policy);
  srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtp);
  srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtcp);
  policy.ssrc.type = ssrc_any_outbound;
  policy.key = key;
  policy.window_size = 128;
  if (srtp_create(&flow->srtp, &policy) != srtp_err_status_ok) fail("srtp_create");
  flow->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(from), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (bind(flow->fd, (struct sockaddr *)&here, sizeof here)) fail("bind a flow");
  /* What is relayed to us is never read: the capture has seen it before the socket drops it. */
  int small = 1;
  setsockopt(flow->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  flow->to = here;
  flow->to.sin_port = htons(to);
  flow->ssrc = ssrc;
  flow->sequence = 1000;
}

static void clear_flows(void) {
  for (int i = 0; i < flow_count; i++) {
    srtp_dealloc(flows[i].srtp);
    close(flows[i].fd);
  }
  flow_count = 0;
}

static void send_one(struct flow *flow) {
  uint8_t packet[12 + PAYLOAD + SRTP_MAX_TRAILER_LEN];
  uint32_t timestamp = htonl(flow->timestamp), ssrc = htonl(flow->ssrc);
  packet[0] = 0x80;
  packet[1] = 0;
  packet[2] = flow->sequence >> 8;
  packet[3] = flow->sequence & 255;
  memcpy(packet + 4, &timestamp, 4);
  memcpy(packet + 8, &ssrc, 4);
  for (int i = 0; i < PAYLOAD; i++) packet[12 + i] = (uint8_t)(0x55 ^ (i * 7 + flow->sequence));
  int length = 12 + PAYLOAD;
  if (srtp_protect(flow->srtp, packet, &length) != srtp_err_status_ok) fail("srtp_protect");
  sendto(flow->fd, packet, length, 0, (struct sockaddr *)&flow->to, sizeof flow->to);
  flow->sequence++;
  flow->timestamp += PAYLOAD;
}

static int by_value(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

static double ms_at(const int64_t *sorted, uint32_t count, double share) {
  if (count == 0) return 0;
  uint32_t at = (uint32_t)(count * share);
  return sorted[at < count ? at : count - 1] / 1e6;
}

static void report(uint64_t sent) {
  int64_t *delays = malloc(sizeof(int64_t) * (sent + 1));
  uint32_t count = 0;
  uint64_t in = 0, lost = 0;
  for (uint32_t i = 0; i < table_size; i++) {
    struct seen *slot = &table[i];
    if (slot->key == 0 || slot->in_ns == 0) continue;
    in++;
    if (slot->out_ns == 0) lost++;
    else if (count < sent) delays[count++] = slot->out_ns - slot->in_ns;
  }
  qsort(delays, count, sizeof *delays, by_value);
  struct tpacket_stats_v3 stats = {0};
  socklen_t size = sizeof stats;
  getsockopt(capture_fd, SOL_PACKET, PACKET_STATISTICS, &stats, &size);
  printf("{\"sent\":%llu,\"in\":%llu,\"out\":%u,\"lost\":%llu,\"doubled\":%llu,\"uncaptured\":%u,"
         "\"p50_ms\":%.4f,\"p99_ms\":%.4f,\"p999_ms\":%.4f,\"max_ms\":%.4f}\n",
         (unsigned long long)sent, (unsigned long long)in, count, (unsigned long long)lost,
         (unsigned long long)doubled, stats.tp_drops, ms_at(delays, count, 0.5), ms_at(delays, count, 0.99),
         ms_at(delays, count, 0.999), ms_at(delays, count, 1));
  fflush(stdout);
  free(delays);
}

static void run(int ms) {
  drain_capture();
  table_size = 1 << 16;
  while (table_size < (uint64_t)flow_count * (ms / 20 + 2) * 3) table_size *= 2;
  table = calloc(table_size, sizeof *table);
  if (!table) fail("memory");
  doubled = 0;
  uint64_t sent = 0;
  int64_t start = now_ns(), end = start + ms * 1000000LL;
  for (int i = 0; i < flow_count; i++) flows[i].due_ns = start + PERIOD_NS * i / flow_count;
  for (int64_t now = start; now < end + TAIL_NS; now = now_ns()) {
    for (int i = 0; now < end && i < flow_count; i++) {
      if (flows[i].due_ns > now) continue;
      send_one(&flows[i]);
      flows[i].due_ns += PERIOD_NS;
      sent++;
    }
    drain_capture();
    struct timespec rest = {0, 1000000};
    nanosleep(&rest, NULL);
  }
  drain_capture();
  report(sent);
  free(table);
}

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: wire FIRST_RELAY_PORT LAST_RELAY_PORT\n");
    return 2;
  }
  relay_from = atoi(argv[1]);
  relay_to = atoi(argv[2]);
  if (srtp_init() != srtp_err_status_ok) fail("srtp_init");
  open_capture();
  char line[256], hex[80];
  while (fgets(line, sizeof line, stdin)) {
    int from, to, ms;
    unsigned ssrc;
    if (sscanf(line, "flow %d %d %u %79s", &from, &to, &ssrc, hex) == 4) add_flow(from, to, ssrc, hex);
    else if (sscanf(line, "run %d", &ms) == 1) run(ms);
    else if (strncmp(line, "clear", 5) == 0) clear_flows();
    else fail("a command");
  }
  return 0;
}
