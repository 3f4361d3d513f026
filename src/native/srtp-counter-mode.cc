// AES counter mode with a truncated HMAC-SHA1 tag (RFC 3711 section 4, RFC 6188). The layout of packets is drawn in
// protocol/srtp/aes-cm-hmac-sha1.ts; this does the same to the same bytes.

// SHA1_* is deprecated for its name, not its strength in an HMAC. A saved state of it is a struct that can be copied,
// where EVP_MAC allocates for each packet: 0.29 microseconds against 0.75, for 172 bytes.
#define OPENSSL_SUPPRESS_DEPRECATED

#include <cstring>
#include <utility>

#include <openssl/sha.h>

#include "srtp-cipher.h"

namespace {

constexpr size_t kSaltBytes = 14;
constexpr size_t kAuthKeyBytes = 20;
constexpr size_t kRtcpTagBytes = 10;
// A usual packet is one round.
constexpr size_t kRoundBlocks = 16;

// The keystream of one session key and salt, from counter blocks of our own: a new IV costs EVP's counter mode more time
// than all the blocks of a packet cost its ECB.
class Keystream {
 public:
  bool Init(const PacketKeys& keys) {
    std::memcpy(salt_, keys.salt, kSaltBytes);
    cipher_.reset(EVP_CIPHER_CTX_new());
    const EVP_CIPHER* aes = keys.cipher_key_bytes == 32 ? EVP_aes_256_ecb() : EVP_aes_128_ecb();
    return cipher_ && EVP_EncryptInit_ex(cipher_.get(), aes, nullptr, keys.cipher_key, nullptr) == 1 &&
           EVP_CIPHER_CTX_set_padding(cipher_.get(), 0) == 1;
  }
  ~Keystream() { OPENSSL_cleanse(salt_, sizeof salt_); }

  // XORs keystream into `bytes`, for the packet of that SSRC and 48-bit index.
  bool Apply(uint8_t* bytes, size_t size, uint32_t ssrc, uint64_t index) {
    uint8_t counter[kBlockBytes] = {};
    std::memcpy(counter, salt_, kSaltBytes);
    XorWord(counter + 4, ssrc);
    XorWord(counter + 8, static_cast<uint32_t>(index >> 16));
    counter[12] ^= static_cast<uint8_t>(index >> 8);
    counter[13] ^= static_cast<uint8_t>(index);
    uint8_t stream[kRoundBlocks * kBlockBytes];
    for (size_t done = 0; done < size;) {
      const size_t round = size - done < sizeof stream ? size - done : sizeof stream;
      const size_t blocks = (round + kBlockBytes - 1) / kBlockBytes;
      for (size_t block = 0; block < blocks; block++) {
        const size_t number = done / kBlockBytes + block;
        uint8_t* at = stream + block * kBlockBytes;
        std::memcpy(at, counter, kSaltBytes);
        at[14] = static_cast<uint8_t>(number >> 8);
        at[15] = static_cast<uint8_t>(number);
      }
      int made = 0;
      if (EVP_EncryptUpdate(cipher_.get(), stream, &made, stream, static_cast<int>(blocks * kBlockBytes)) != 1) {
        return false;
      }
      for (size_t i = 0; i < round; i++) bytes[done + i] ^= stream[i];
      done += round;
    }
    return true;
  }

 private:
  CipherContext cipher_;
  uint8_t salt_[kSaltBytes];
};

// HMAC-SHA1 whose key has already been hashed in (RFC 2104 section 4).
class Authenticator {
 public:
  void Init(const uint8_t* key) {
    uint8_t pad[SHA_CBLOCK];
    Absorb(&inner_, pad, key, 0x36);
    Absorb(&outer_, pad, key, 0x5c);
    OPENSSL_cleanse(pad, sizeof pad);
  }
  ~Authenticator() {
    OPENSSL_cleanse(&inner_, sizeof inner_);
    OPENSSL_cleanse(&outer_, sizeof outer_);
  }

  // Tag over `bytes`, then over `more` if there is any.
  void Tag(const uint8_t* bytes, size_t size, const uint8_t* more, size_t more_size, uint8_t tag[SHA_DIGEST_LENGTH]) {
    SHA_CTX state = inner_;
    SHA1_Update(&state, bytes, size);
    SHA1_Update(&state, more, more_size);
    SHA1_Final(tag, &state);
    state = outer_;
    SHA1_Update(&state, tag, SHA_DIGEST_LENGTH);
    SHA1_Final(tag, &state);
  }

 private:
  static void Absorb(SHA_CTX* state, uint8_t* pad, const uint8_t* key, uint8_t filler) {
    std::memset(pad, filler, SHA_CBLOCK);
    for (size_t i = 0; i < kAuthKeyBytes; i++) pad[i] ^= key[i];
    SHA1_Init(state);
    SHA1_Update(state, pad, SHA_CBLOCK);
  }

  SHA_CTX inner_;
  SHA_CTX outer_;
};

class CounterModeCipher final : public SrtpCipher {
 public:
  CounterModeCipher(size_t rtp_tag_bytes, Mki mki) : rtp_tag_bytes_(rtp_tag_bytes), mki_(std::move(mki)) {}

  bool Init(const PacketKeys& rtp, const PacketKeys& rtcp) {
    rtp_auth_.Init(rtp.auth_key);
    rtcp_auth_.Init(rtcp.auth_key);
    return rtp_.Init(rtp) && rtcp_.Init(rtcp);
  }

  bool OpenRtp(uint8_t* packet, size_t size, size_t header_bytes, uint32_t roc) override {
    const size_t overhead = mki_.size() + rtp_tag_bytes_;
    if (header_bytes < kRtpFixedBytes || size > kMaxPacketBytes || size < overhead || size - overhead < header_bytes) {
      return false;
    }
    const size_t end = size - overhead;
    uint8_t tag[SHA_DIGEST_LENGTH];
    RtpTag(packet, end, roc, tag);
    if (!HasTrailer(packet + end, tag, rtp_tag_bytes_)) return false;
    return rtp_.Apply(packet + header_bytes, end - header_bytes, ReadWord(packet + 8), RtpIndex(packet, roc));
  }

  bool SealRtp(uint8_t* packet, size_t size, size_t capacity, size_t header_bytes, uint32_t roc) override {
    const size_t overhead = mki_.size() + rtp_tag_bytes_;
    if (header_bytes < kRtpFixedBytes || size < header_bytes || size > kMaxPacketBytes || capacity < size ||
        capacity - size < overhead) {
      return false;
    }
    if (!rtp_.Apply(packet + header_bytes, size - header_bytes, ReadWord(packet + 8), RtpIndex(packet, roc))) {
      return false;
    }
    uint8_t tag[SHA_DIGEST_LENGTH];
    RtpTag(packet, size, roc, tag);
    AddTrailer(packet + size, tag, rtp_tag_bytes_);
    return true;
  }

  bool OpenRtcp(uint8_t* packet, size_t size) override {
    const size_t overhead = kIndexBytes + mki_.size() + kRtcpTagBytes;
    if (size > kMaxPacketBytes || size < kRtcpClearBytes + overhead) return false;
    const size_t index_at = size - overhead;
    const size_t end = index_at + kIndexBytes;
    uint8_t tag[SHA_DIGEST_LENGTH];
    rtcp_auth_.Tag(packet, end, nullptr, 0, tag);
    if (!HasTrailer(packet + end, tag, kRtcpTagBytes)) return false;
    const uint32_t word = ReadWord(packet + index_at);
    if ((word & kEncryptedBit) == 0) return true;
    return rtcp_.Apply(packet + kRtcpClearBytes, index_at - kRtcpClearBytes, ReadWord(packet + 4),
                       word & ~kEncryptedBit);
  }

  bool SealRtcp(uint8_t* packet, size_t size, size_t capacity, uint32_t index) override {
    const size_t overhead = kIndexBytes + mki_.size() + kRtcpTagBytes;
    if (size < kRtcpClearBytes || size > kMaxPacketBytes || capacity < size || capacity - size < overhead ||
        index >= kEncryptedBit) {
      return false;
    }
    if (!rtcp_.Apply(packet + kRtcpClearBytes, size - kRtcpClearBytes, ReadWord(packet + 4), index)) return false;
    WriteWord(packet + size, kEncryptedBit | index);
    const size_t end = size + kIndexBytes;
    uint8_t tag[SHA_DIGEST_LENGTH];
    rtcp_auth_.Tag(packet, end, nullptr, 0, tag);
    AddTrailer(packet + end, tag, kRtcpTagBytes);
    return true;
  }

 private:
  static uint64_t RtpIndex(const uint8_t* packet, uint32_t roc) {
    return uint64_t{roc} << 16 | uint64_t{packet[2]} << 8 | packet[3];
  }

  void RtpTag(const uint8_t* packet, size_t end, uint32_t roc, uint8_t* tag) {
    uint8_t counter[4];
    WriteWord(counter, roc);
    rtp_auth_.Tag(packet, end, counter, sizeof counter, tag);
  }

  // MKI and tag as they must be; the tag in constant time.
  bool HasTrailer(const uint8_t* at, const uint8_t* tag, size_t tag_bytes) const {
    if (!mki_.empty() && std::memcmp(at, mki_.data(), mki_.size()) != 0) return false;
    return CRYPTO_memcmp(at + mki_.size(), tag, tag_bytes) == 0;
  }

  void AddTrailer(uint8_t* at, const uint8_t* tag, size_t tag_bytes) const {
    if (!mki_.empty()) std::memcpy(at, mki_.data(), mki_.size());
    std::memcpy(at + mki_.size(), tag, tag_bytes);
  }

  const size_t rtp_tag_bytes_;
  const Mki mki_;
  Keystream rtp_;
  Keystream rtcp_;
  Authenticator rtp_auth_;
  Authenticator rtcp_auth_;
};

}  // namespace

std::unique_ptr<SrtpCipher> MakeCounterModeCipher(const PacketKeys& rtp, const PacketKeys& rtcp, size_t rtp_tag_bytes,
                                                  Mki mki) {
  auto cipher = std::make_unique<CounterModeCipher>(rtp_tag_bytes, std::move(mki));
  if (!cipher->Init(rtp, rtcp)) return nullptr;
  return cipher;
}
