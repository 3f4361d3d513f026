/*
 * libsrtp as a judge of single packets: it protects and opens what it is given in hexadecimal, and says what it makes of
 * it. It sends nothing and decides nothing.
 *
 *   libsrtp-oracle SUITE KEY [MKI]      key with salt, and a master key identifier, in hexadecimal
 *     protect rtp|rtcp PACKET           says the protected packet, or ! and libsrtp's number for why not
 *     open rtp|rtcp PACKET              says the plain packet, or the same
 *
 * One line for each line of its standard input; it ends with that.
 */

#include <stdlib.h>

#include "libsrtp-suites.h"

enum { ROOM = 4096 };

static void fail(const char *what) {
    fprintf(stderr, "libsrtp-oracle: %s\n", what);
    exit(1);
}

static srtp_t open_session(char **arguments, int count, srtp_ssrc_type_t direction) {
    static unsigned char key[SRTP_MAX_KEY_LEN], mki[SRTP_MAX_MKI_LEN];
    srtp_master_key_t master = {key, mki, 0};
    srtp_master_key_t *masters[] = {&master};
    srtp_policy_t policy;
    srtp_t session;
    memset(&policy, 0, sizeof policy);
    int bytes = set_suite(&policy, arguments[0]);
    if (bytes == 0 || read_hex(arguments[1], key, sizeof key) != bytes) fail("not a suite, or not its key");
    policy.ssrc.type = direction;
    policy.window_size = 128;
    if (count > 2) {
        int mki_bytes = read_hex(arguments[2], mki, sizeof mki);
        if (mki_bytes < 1) fail("not an identifier");
        master.mki_size = (unsigned)mki_bytes;
        policy.keys = masters;
        policy.num_master_keys = 1;
    } else {
        policy.key = key;
    }
    if (srtp_create(&session, &policy) != srtp_err_status_ok) fail("no session");
    return session;
}

int main(int argc, char **argv) {
    static char line[2 * ROOM + 32], verb[8], kind[8], hex[2 * ROOM + 1];
    /* libsrtp wants packets at the boundary of a word. */
    static union {
        unsigned char bytes[ROOM + SRTP_MAX_TRAILER_LEN + 4];
        uint32_t word;
    } packet;
    if (argc < 3 || argc > 4 || srtp_init() != srtp_err_status_ok) fail("a suite and a key, please");
    srtp_t sender = open_session(argv + 1, argc - 1, ssrc_any_outbound);
    srtp_t receiver = open_session(argv + 1, argc - 1, ssrc_any_inbound);
    unsigned use_mki = argc > 3;
    setvbuf(stdout, NULL, _IOLBF, 0);
    while (fgets(line, sizeof line, stdin)) {
        if (sscanf(line, "%7s %7s %8192s", verb, kind, hex) != 3) fail("not understood");
        int length = read_hex(hex, packet.bytes, ROOM);
        if (length < 0) fail("not hexadecimal");
        int is_rtp = strcmp(kind, "rtp") == 0;
        srtp_err_status_t status =
            strcmp(verb, "open") == 0
                ? (is_rtp ? srtp_unprotect_mki : srtp_unprotect_rtcp_mki)(receiver, packet.bytes, &length, use_mki)
                : (is_rtp ? srtp_protect_mki : srtp_protect_rtcp_mki)(sender, packet.bytes, &length, use_mki, 0);
        if (status != srtp_err_status_ok) {
            printf("!%d\n", (int)status);
            continue;
        }
        for (int i = 0; i < length; i++) printf("%02x", packet.bytes[i]);
        printf("\n");
    }
    return 0;
}
