/*
 * The media of many phones at once, protected by libsrtp and not by us: each sends numbered packets at 50 a second and a
 * report every half second, judges what it hears, and knows by the kernel's clock how long it heard nothing.
 *
 *   talkers COUNT [CAPTURE]                  says {"ports":[…]} of their RTP; RTCP of each is the one after it. All that
 *                                            comes is written to the file as it came, with whose it is and its length
 *     talk N RTP_PORT SSRC SEND RECEIVE      talker N begins, or is told the same again; keys are of AES_CM_128_HMAC_SHA1_80,
 *                                            in hexadecimal. Talkers 2k and 2k+1 are expected to hear each other
 *     hush N                                 and ends
 *     mark                                   from here on the longest silence of each is measured, and old packets are kept
 *     replay                                 each sends again what it had sent in the two seconds before the mark
 *     report                                 says {"talkers":[…]}, then forgets nothing
 *
 * It ends with its standard input.
 */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <endian.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "../libsrtp-suites.h"

enum { MOST = 512, HEADER = 12, PAYLOAD = 160, REPORT = 28, ROOM = 512, KEPT = 100, NUMBERS = 1 << 16, NAMES = 8 };
#define PERIOD_NS 20000000LL
#define REPORTS_NS 500000000LL
#define SUITE "AES_CM_128_HMAC_SHA1_80"

struct kept {
    int length;
    unsigned char bytes[ROOM];
};

struct talker {
    int rtp, rtcp, is_on;
    uint16_t port;
    struct sockaddr_in rtp_peer, rtcp_peer;
    uint32_t ssrc, number, number_at_mark;
    int64_t due_ns, report_due_ns;
    char send_key[2 * SRTP_MAX_KEY_LEN + 1], receive_key[2 * SRTP_MAX_KEY_LEN + 1];
    srtp_t sender, receiver;
    struct kept kept[KEPT], at_mark[KEPT];
    /* What was heard: numbers of the other's packets, the names it came under, and when the last one came. */
    unsigned char seen[NUMBERS / 8];
    uint32_t names[NAMES], report_names[NAMES];
    int name_count, report_name_count;
    int64_t last_ns, hole_ns;
    long received, repeated, altered, forged, replayed, refused, from_elsewhere;
    long reports, reports_refused;
};

static struct talker *talkers;
static int count;
static FILE *capture;

static void fail(const char *what) {
    fprintf(stderr, "talkers: %s\n", what);
    exit(1);
}

static int64_t now_ns(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static int bind_to(uint16_t port, uint16_t *bound) {
    int udp = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1, room = 1 << 20;
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(port)};
    socklen_t size = sizeof here;
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (udp < 0) fail("no socket");
    setsockopt(udp, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
    setsockopt(udp, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    if (bind(udp, (struct sockaddr *)&here, size) != 0 || getsockname(udp, (struct sockaddr *)&here, &size) != 0) {
        close(udp);
        return -1;
    }
    *bound = ntohs(here.sin_port);
    return udp;
}

static void bind_pair(struct talker *talker) {
    uint16_t next;
    for (int attempt = 0; attempt < 100; attempt++) {
        talker->rtp = bind_to(0, &talker->port);
        if (talker->rtp < 0) continue;
        talker->rtcp = talker->port % 2 ? -1 : bind_to(talker->port + 1, &next);
        if (talker->rtcp >= 0) return;
        close(talker->rtp);
    }
    fail("no free ports");
}

static srtp_t open_session(const char *hex, srtp_ssrc_type_t direction) {
    unsigned char key[SRTP_MAX_KEY_LEN];
    srtp_policy_t policy;
    srtp_t session;
    memset(&policy, 0, sizeof policy);
    int bytes = set_suite(&policy, SUITE);
    if (read_hex(hex, key, sizeof key) != bytes) fail("not a key of the suite");
    policy.ssrc.type = direction;
    policy.key = key;
    policy.window_size = 128;
    if (srtp_create(&session, &policy) != srtp_err_status_ok) fail("no session");
    return session;
}

static void put32(unsigned char *at, uint32_t value) {
    value = htonl(value);
    memcpy(at, &value, 4);
}

static uint32_t get32(const unsigned char *at) {
    uint32_t value;
    memcpy(&value, at, 4);
    return ntohl(value);
}

static unsigned char payload_byte(uint32_t number, int at) { return (unsigned char)(number * 7 + at); }

static void send_packet(struct talker *talker) {
    unsigned char packet[ROOM] = {0x80, 0};
    int length = HEADER + PAYLOAD;
    /* Near the end of a cycle, so that a restart has a roll-over counter to keep. */
    uint16_t sequence = (uint16_t)(65500 + talker->number);
    packet[2] = sequence >> 8;
    packet[3] = sequence & 0xff;
    put32(packet + 4, talker->number * PAYLOAD);
    put32(packet + 8, talker->ssrc);
    put32(packet + HEADER, (uint32_t)(talker - talkers));
    put32(packet + HEADER + 4, talker->number);
    for (int i = 8; i < PAYLOAD; i++) packet[HEADER + i] = payload_byte(talker->number, i);
    if (srtp_protect(talker->sender, packet, &length) != srtp_err_status_ok) fail("a packet was not protected");
    struct kept *kept = &talker->kept[talker->number % KEPT];
    kept->length = length;
    memcpy(kept->bytes, packet, (size_t)length);
    sendto(talker->rtp, packet, (size_t)length, 0, (struct sockaddr *)&talker->rtp_peer, sizeof talker->rtp_peer);
    talker->number++;
}

/* A sender report without blocks (RFC 3550 section 6.4.1). */
static void send_report(struct talker *talker) {
    unsigned char report[ROOM] = {0x80, 200, 0, REPORT / 4 - 1};
    int length = REPORT;
    put32(report + 4, talker->ssrc);
    put32(report + 20, talker->number);
    put32(report + 24, talker->number * PAYLOAD);
    if (srtp_protect_rtcp(talker->sender, report, &length) != srtp_err_status_ok) fail("a report was not protected");
    sendto(talker->rtcp, report, (size_t)length, 0, (struct sockaddr *)&talker->rtcp_peer, sizeof talker->rtcp_peer);
}

static void keep(const struct talker *talker, const unsigned char *bytes, int length) {
    uint16_t header[2] = {htole16((uint16_t)(talker - talkers)), htole16((uint16_t)length)};
    if (!capture) return;
    if (fwrite(header, sizeof header, 1, capture) != 1 || fwrite(bytes, (size_t)length, 1, capture) != 1)
        fail("the capture is not written");
}

static int receive(int udp, unsigned char *bytes, int64_t *at_ns, uint16_t *from) {
    char control[128];
    struct sockaddr_in peer;
    struct iovec part = {bytes, ROOM};
    struct msghdr message = {.msg_name = &peer,
                             .msg_namelen = sizeof peer,
                             .msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    int length = (int)recvmsg(udp, &message, 0);
    if (length < 0) return length;
    *at_ns = now_ns(CLOCK_REALTIME);
    *from = ntohs(peer.sin_port);
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
        struct timespec stamp;
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SO_TIMESTAMPNS) continue;
        memcpy(&stamp, CMSG_DATA(c), sizeof stamp);
        *at_ns = stamp.tv_sec * 1000000000LL + stamp.tv_nsec;
    }
    return length;
}

static void note_name(uint32_t *names, int *known, uint32_t ssrc) {
    for (int i = 0; i < *known; i++)
        if (names[i] == ssrc) return;
    if (*known < NAMES) names[(*known)++] = ssrc;
}

static void hear_packets(struct talker *talker) {
    unsigned char packet[ROOM];
    int64_t at_ns;
    uint16_t from;
    for (int length; (length = receive(talker->rtp, packet, &at_ns, &from)) >= 0;) {
        keep(talker, packet, length);
        if (!talker->receiver) continue;
        srtp_err_status_t status = srtp_unprotect(talker->receiver, packet, &length);
        if (status == srtp_err_status_auth_fail) talker->forged++;
        else if (status == srtp_err_status_replay_fail || status == srtp_err_status_replay_old) talker->replayed++;
        if (status != srtp_err_status_ok) {
            talker->refused++;
            continue;
        }
        uint32_t other = get32(packet + HEADER), number = get32(packet + HEADER + 4) % NUMBERS;
        int is_altered = length != HEADER + PAYLOAD || other != ((uint32_t)(talker - talkers) ^ 1);
        for (int i = 8; i < PAYLOAD && !is_altered; i++) is_altered = packet[HEADER + i] != payload_byte(number, i);
        talker->altered += is_altered;
        talker->from_elsewhere += from != ntohs(talker->rtp_peer.sin_port);
        if (talker->seen[number / 8] & 1 << number % 8) talker->repeated++;
        talker->seen[number / 8] |= (unsigned char)(1 << number % 8);
        note_name(talker->names, &talker->name_count, get32(packet + 8));
        if (talker->last_ns != 0 && at_ns - talker->last_ns > talker->hole_ns) talker->hole_ns = at_ns - talker->last_ns;
        talker->last_ns = at_ns;
        talker->received++;
    }
}

static void hear_reports(struct talker *talker) {
    unsigned char report[ROOM];
    int64_t at_ns;
    uint16_t from;
    for (int length; (length = receive(talker->rtcp, report, &at_ns, &from)) >= 0;) {
        keep(talker, report, length);
        if (!talker->receiver) continue;
        if (srtp_unprotect_rtcp(talker->receiver, report, &length) == srtp_err_status_ok) {
            talker->reports++;
            note_name(talker->report_names, &talker->report_name_count, get32(report + 4));
        } else {
            talker->reports_refused++;
        }
    }
}

static void talk(struct talker *talker, unsigned port, uint32_t ssrc, const char *send_key, const char *receive_key) {
    talker->rtp_peer.sin_family = talker->rtcp_peer.sin_family = AF_INET;
    talker->rtp_peer.sin_port = htons((uint16_t)port);
    talker->rtcp_peer.sin_port = htons((uint16_t)(port + 1));
    talker->rtp_peer.sin_addr.s_addr = talker->rtcp_peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    /* What libsrtp knows of indices under a key goes on being true while the key is the same. */
    if (strcmp(talker->send_key, send_key) != 0) {
        if (talker->sender) srtp_dealloc(talker->sender);
        talker->sender = open_session(send_key, ssrc_any_outbound);
        strcpy(talker->send_key, send_key);
    }
    if (strcmp(talker->receive_key, receive_key) != 0) {
        if (talker->receiver) srtp_dealloc(talker->receiver);
        talker->receiver = open_session(receive_key, ssrc_any_inbound);
        strcpy(talker->receive_key, receive_key);
    }
    talker->ssrc = ssrc;
    if (talker->is_on) return;
    talker->is_on = 1;
    /* Spread over a period, as calls that were made at their own times are. */
    talker->due_ns = now_ns(CLOCK_MONOTONIC) + (talker - talkers) % 20 * PERIOD_NS / 20;
    talker->report_due_ns = talker->due_ns + (talker - talkers) % 50 * REPORTS_NS / 50;
}

static void mark(void) {
    for (struct talker *talker = talkers; talker < talkers + count; talker++) {
        talker->hole_ns = 0;
        talker->number_at_mark = talker->number;
        memcpy(talker->at_mark, talker->kept, sizeof talker->kept);
    }
}

static void replay(void) {
    for (struct talker *talker = talkers; talker < talkers + count; talker++) {
        for (int i = 0; i < KEPT && talker->is_on; i++) {
            struct kept *kept = &talker->at_mark[i];
            if (kept->length == 0) continue;
            sendto(talker->rtp, kept->bytes, (size_t)kept->length, 0, (struct sockaddr *)&talker->rtp_peer,
                   sizeof talker->rtp_peer);
        }
    }
}

static void report(void) {
    int64_t now = now_ns(CLOCK_REALTIME);
    printf("{\"talkers\":[");
    for (int i = 0; i < count; i++) {
        struct talker *t = &talkers[i];
        printf("%s{\"sent\":%u,\"received\":%ld,\"repeated\":%ld,", i ? "," : "", t->number, t->received, t->repeated);
        printf("\"altered\":%ld,\"forged\":%ld,\"replayed\":%ld,\"refused\":%ld,", t->altered, t->forged, t->replayed,
               t->refused);
        printf("\"fromElsewhere\":%ld,\"names\":%d,\"reports\":%ld,", t->from_elsewhere, t->name_count, t->reports);
        printf("\"reportNames\":%d,\"reportsRefused\":%ld,", t->report_name_count, t->reports_refused);
        printf("\"holeMs\":%.1f,\"silentMs\":%.1f}", t->hole_ns / 1e6, t->last_ns == 0 ? -1 : (now - t->last_ns) / 1e6);
    }
    printf("]}\n");
    if (capture) fflush(capture);
}

static void obey(const char *line) {
    char send_key[2 * SRTP_MAX_KEY_LEN + 1], receive_key[2 * SRTP_MAX_KEY_LEN + 1];
    unsigned at, port, ssrc;
    if (sscanf(line, "talk %u %u %u %128s %128s", &at, &port, &ssrc, send_key, receive_key) == 5 && at < (unsigned)count)
        talk(&talkers[at], port, ssrc, send_key, receive_key);
    else if (sscanf(line, "hush %u", &at) == 1 && at < (unsigned)count) talkers[at].is_on = 0;
    else if (strcmp(line, "mark\n") == 0) mark();
    else if (strcmp(line, "replay\n") == 0) replay();
    else if (strcmp(line, "report\n") == 0) report();
    else fail("not understood");
}

int main(int argc, char **argv) {
    count = argc == 2 || argc == 3 ? atoi(argv[1]) : 0;
    if (argc == 3 && !(capture = fopen(argv[2], "wb"))) fail("no capture");
    if (count < 1 || count > MOST || srtp_init() != srtp_err_status_ok) fail("how many, please");
    talkers = calloc((size_t)count, sizeof *talkers);
    struct pollfd *fds = calloc((size_t)count * 2 + 1, sizeof *fds);
    setvbuf(stdout, NULL, _IOLBF, 0);
    /* A line that stays in a buffer of ours would not wake the poll. */
    setvbuf(stdin, NULL, _IONBF, 0);
    fds[0] = (struct pollfd){0, POLLIN, 0};
    printf("{\"ports\":[");
    for (int i = 0; i < count; i++) {
        bind_pair(&talkers[i]);
        fds[2 * i + 1] = (struct pollfd){talkers[i].rtp, POLLIN, 0};
        fds[2 * i + 2] = (struct pollfd){talkers[i].rtcp, POLLIN, 0};
        printf("%s%u", i ? "," : "", talkers[i].port);
    }
    printf("]}\n");
    for (char line[512];;) {
        poll(fds, (nfds_t)count * 2 + 1, 1);
        for (int i = 0; i < count; i++) {
            if (fds[2 * i + 1].revents) hear_packets(&talkers[i]);
            if (fds[2 * i + 2].revents) hear_reports(&talkers[i]);
        }
        if (fds[0].revents) {
            if (!fgets(line, sizeof line, stdin)) return 0;
            obey(line);
        }
        int64_t now = now_ns(CLOCK_MONOTONIC);
        for (struct talker *talker = talkers; talker < talkers + count; talker++) {
            if (!talker->is_on) continue;
            for (; talker->due_ns <= now; talker->due_ns += PERIOD_NS) send_packet(talker);
            for (; talker->report_due_ns <= now; talker->report_due_ns += REPORTS_NS) send_report(talker);
        }
    }
}
