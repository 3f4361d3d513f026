/*
 * The media of one phone, protected by libsrtp and not by us: it sends numbered packets and judges those it receives.
 * SIP, SDP and every decision are its owner's, who tells it what to do in lines and reads what it says in lines of JSON.
 *
 *   libsrtp-phone SSRC FIRST_SEQUENCE        says {"port":…} of its RTP; RTCP is the one after it
 *     connect ADDRESS RTP_PORT RTCP_PORT SUITE SEND_KEY RECEIVE_KEY     keys with salts, in hexadecimal
 *     send PACKETS EVERY                                                one packet every 5 ms, a report after so many
 *     count                                                             says its counts
 *
 * It ends with its standard input. A packet is payload type 0 with 160 bytes: its number, then bytes that follow from it.
 */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "libsrtp-suites.h"

enum { HEADER = 12, PAYLOAD = 160, REPORT = 28, ROOM = 2048, INTERVAL_MS = 5 };

static int rtp, rtcp;
static struct sockaddr_in rtp_peer, rtcp_peer;
static srtp_t sender, receiver;
static char sender_key[2 * SRTP_MAX_KEY_LEN + 1];
static uint32_t ssrc, first_sequence, heard_ssrc, first_heard;
static long packets_left, report_every;
static unsigned char seen[65536];
static struct {
    long sent, received, repeated, altered, forged, replayed, refused;
    long reports_sent, reports_received, reports_altered, reports_refused;
} count;

static void fail(const char *what) {
    fprintf(stderr, "libsrtp-phone: %s\n", what);
    exit(1);
}

/* A socket on loopback; port 0 is any that is free. */
static int bind_to(uint16_t port, struct sockaddr_in *here) {
    socklen_t size = sizeof *here;
    int udp = socket(AF_INET, SOCK_DGRAM, 0);
    if (udp < 0) fail("no socket");
    *here = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
    here->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(udp, (struct sockaddr *)here, size) == 0 && getsockname(udp, (struct sockaddr *)here, &size) == 0) return udp;
    close(udp);
    return -1;
}

/* An even port and the one after it, where RTCP goes by default. */
static uint16_t bind_pair(void) {
    struct sockaddr_in here, next;
    for (int attempt = 0; attempt < 100; attempt++) {
        rtp = bind_to(0, &here);
        uint16_t port = ntohs(here.sin_port);
        rtcp = rtp < 0 || port % 2 ? -1 : bind_to(port + 1, &next);
        if (rtcp >= 0) return port;
        close(rtp);
    }
    fail("no free ports");
    return 0;
}

static srtp_t open_session(const char *suite, const char *hex, srtp_ssrc_type_t direction) {
    unsigned char key[SRTP_MAX_KEY_LEN];
    srtp_policy_t policy;
    srtp_t session;
    memset(&policy, 0, sizeof policy);
    int bytes = set_suite(&policy, suite);
    if (bytes == 0 || read_hex(hex, key, sizeof key) != bytes) fail("not a suite, or not its key");
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

static void send_packet(void) {
    unsigned char packet[ROOM] = {0x80, 0};
    int length = HEADER + PAYLOAD;
    uint16_t sequence = (uint16_t)(first_sequence + count.sent);
    packet[2] = sequence >> 8;
    packet[3] = sequence & 0xff;
    put32(packet + 4, (uint32_t)count.sent * PAYLOAD);
    put32(packet + 8, ssrc);
    put32(packet + HEADER, (uint32_t)count.sent);
    for (int i = 4; i < PAYLOAD; i++) packet[HEADER + i] = payload_byte((uint32_t)count.sent, i);
    if (srtp_protect(sender, packet, &length) != srtp_err_status_ok) fail("a packet was not protected");
    sendto(rtp, packet, (size_t)length, 0, (struct sockaddr *)&rtp_peer, sizeof rtp_peer);
    count.sent++;
}

/* A sender report without blocks (RFC 3550 section 6.4.1). */
static void send_report(void) {
    unsigned char report[ROOM] = {0x80, 200, 0, REPORT / 4 - 1};
    int length = REPORT;
    put32(report + 4, ssrc);
    put32(report + 16, (uint32_t)count.sent * PAYLOAD);
    put32(report + 20, (uint32_t)count.sent);
    put32(report + 24, (uint32_t)count.sent * PAYLOAD);
    if (srtp_protect_rtcp(sender, report, &length) != srtp_err_status_ok) fail("a report was not protected");
    sendto(rtcp, report, (size_t)length, 0, (struct sockaddr *)&rtcp_peer, sizeof rtcp_peer);
    count.reports_sent++;
}

static void receive_packet(void) {
    unsigned char packet[ROOM];
    int length = (int)recv(rtp, packet, sizeof packet, 0);
    srtp_err_status_t status = receiver && length > 0 ? srtp_unprotect(receiver, packet, &length) : srtp_err_status_fail;
    if (status == srtp_err_status_auth_fail) count.forged++;
    else if (status == srtp_err_status_replay_fail || status == srtp_err_status_replay_old) count.replayed++;
    if (status != srtp_err_status_ok) {
        count.refused++;
        return;
    }
    uint32_t sequence = packet[2] << 8 | packet[3], number = get32(packet + HEADER);
    if (count.received == 0) first_heard = sequence - number;
    heard_ssrc = get32(packet + 8);
    if (seen[sequence]++) count.repeated++;
    else count.received++;
    int is_altered = length != HEADER + PAYLOAD || ((sequence - number - first_heard) & 0xffff) != 0;
    for (int i = 4; i < PAYLOAD && !is_altered; i++) is_altered = packet[HEADER + i] != payload_byte(number, i);
    count.altered += is_altered;
}

static void receive_report(void) {
    unsigned char report[ROOM];
    int length = (int)recv(rtcp, report, sizeof report, 0);
    if (!receiver || length <= 0 || srtp_unprotect_rtcp(receiver, report, &length) != srtp_err_status_ok) {
        count.reports_refused++;
        return;
    }
    count.reports_received++;
    if (report[1] != 200 || get32(report + 4) != heard_ssrc) count.reports_altered++;
}

static void obey(const char *line) {
    char address[64], suite[32], send_key[2 * SRTP_MAX_KEY_LEN + 1], receive_key[2 * SRTP_MAX_KEY_LEN + 1];
    unsigned rtp_port, rtcp_port;
    if (sscanf(line, "connect %63s %u %u %31s %128s %128s", address, &rtp_port, &rtcp_port, suite, send_key,
               receive_key) == 6) {
        rtp_peer.sin_family = rtcp_peer.sin_family = AF_INET;
        rtp_peer.sin_port = htons((uint16_t)rtp_port);
        rtcp_peer.sin_port = htons((uint16_t)rtcp_port);
        if (inet_pton(AF_INET, address, &rtp_peer.sin_addr) != 1) fail("not an address");
        rtcp_peer.sin_addr = rtp_peer.sin_addr;
        /* A sender under the same key again would use its indices again. */
        if (strcmp(send_key, sender_key) != 0) {
            if (sender) srtp_dealloc(sender);
            sender = open_session(suite, send_key, ssrc_any_outbound);
            memcpy(sender_key, send_key, sizeof sender_key);
        }
        if (receiver) srtp_dealloc(receiver);
        receiver = open_session(suite, receive_key, ssrc_any_inbound);
    } else if (sscanf(line, "send %ld %ld", &packets_left, &report_every) == 2) {
        if (!sender || report_every < 1) fail("not connected, or no reports");
    } else if (strcmp(line, "count\n") == 0) {
        printf("{\"sent\":%ld,\"received\":%ld,\"repeated\":%ld,", count.sent, count.received, count.repeated);
        printf("\"altered\":%ld,\"forged\":%ld,\"replayed\":%ld,", count.altered, count.forged, count.replayed);
        printf("\"refused\":%ld,\"reportsSent\":%ld,", count.refused, count.reports_sent);
        printf("\"reportsReceived\":%ld,\"reportsAltered\":%ld,", count.reports_received, count.reports_altered);
        printf("\"reportsRefused\":%ld}\n", count.reports_refused);
    } else {
        fail("not understood");
    }
}

static long now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int main(int argc, char **argv) {
    char line[512];
    if (argc != 3 || srtp_init() != srtp_err_status_ok) fail("SSRC and first sequence number, please");
    ssrc = (uint32_t)strtoul(argv[1], NULL, 10);
    first_sequence = (uint32_t)strtoul(argv[2], NULL, 10);
    setvbuf(stdout, NULL, _IOLBF, 0);
    /* A line that stays in a buffer of ours would not wake the poll. */
    setvbuf(stdin, NULL, _IONBF, 0);
    printf("{\"port\":%u}\n", bind_pair());
    struct pollfd fds[] = {{0, POLLIN, 0}, {rtp, POLLIN, 0}, {rtcp, POLLIN, 0}};
    for (long due = now_ms();;) {
        long wait = due - now_ms();
        poll(fds, 3, wait > 0 ? (int)wait : 0);
        if (fds[1].revents) receive_packet();
        if (fds[2].revents) receive_report();
        if (fds[0].revents) {
            if (!fgets(line, sizeof line, stdin)) return 0;
            obey(line);
        }
        if (now_ms() < due) continue;
        due += INTERVAL_MS;
        if (packets_left > 0) {
            send_packet();
            packets_left--;
            if (packets_left % report_every == 0) send_report();
        }
    }
}
