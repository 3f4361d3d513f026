/* SRTP suites by their SDES names, as libsrtp's policies; keys with salts from hexadecimal. For the programs beside it. */
#pragma once

#include <srtp2/srtp.h>
#include <stdio.h>
#include <string.h>

/* Bytes of master key and salt, or 0 for a name that is no suite. The suites with a short tag keep 80 bits for SRTCP. */
static int set_suite(srtp_policy_t *policy, const char *name) {
    typedef void (*setter)(srtp_crypto_policy_t *);
    /* The default is AES_CM_128_HMAC_SHA1_80, which has only a macro of its own. */
    static const struct {
        const char *name;
        int bytes;
        setter rtp, rtcp;
    } suites[] = {
        {"AES_CM_128_HMAC_SHA1_80", 30, srtp_crypto_policy_set_rtp_default, NULL},
        {"AES_CM_128_HMAC_SHA1_32", 30, srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32,
         srtp_crypto_policy_set_rtp_default},
        {"AES_256_CM_HMAC_SHA1_80", 46, srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80, NULL},
        {"AES_256_CM_HMAC_SHA1_32", 46, srtp_crypto_policy_set_aes_cm_256_hmac_sha1_32,
         srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80},
        {"AEAD_AES_128_GCM", 28, srtp_crypto_policy_set_aes_gcm_128_16_auth, NULL},
        {"AEAD_AES_256_GCM", 44, srtp_crypto_policy_set_aes_gcm_256_16_auth, NULL},
    };
    for (unsigned i = 0; i < sizeof suites / sizeof *suites; i++) {
        if (strcmp(suites[i].name, name) != 0) continue;
        suites[i].rtp(&policy->rtp);
        (suites[i].rtcp ? suites[i].rtcp : suites[i].rtp)(&policy->rtcp);
        return suites[i].bytes;
    }
    return 0;
}

/* Bytes read, all of `hex`, or -1 when it is not hexadecimal or more than `room`. */
static int read_hex(const char *hex, unsigned char *bytes, int room) {
    size_t digits = strlen(hex);
    if (digits % 2 || digits / 2 > (size_t)room) return -1;
    for (size_t i = 0; i < digits / 2; i++)
        if (sscanf(hex + 2 * i, "%2hhx", &bytes[i]) != 1) return -1;
    return (int)(digits / 2);
}
