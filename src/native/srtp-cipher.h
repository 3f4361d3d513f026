// What a cipher suite does to the bytes of one SRTP or SRTCP packet, on OpenSSL. No JavaScript, no index state, no replay:
// who calls has proved nothing about the sizes, so every one is checked here against the bytes there are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include <openssl/crypto.h>
#include <openssl/evp.h>

constexpr size_t kRtpFixedBytes = 12;
constexpr size_t kRtcpClearBytes = 8;
constexpr size_t kIndexBytes = 4;
constexpr size_t kBlockBytes = 16;
constexpr size_t kMaxMkiBytes = 128;
// No UDP datagram is longer, and the block counter of AES-CM has room for sixteen times as much.
constexpr size_t kMaxPacketBytes = 65535;
constexpr uint32_t kEncryptedBit = 0x80000000u;

inline uint32_t ReadWord(const uint8_t* at) {
  return uint32_t{at[0]} << 24 | uint32_t{at[1]} << 16 | uint32_t{at[2]} << 8 | at[3];
}

inline void WriteWord(uint8_t* at, uint32_t value) {
  at[0] = static_cast<uint8_t>(value >> 24);
  at[1] = static_cast<uint8_t>(value >> 16);
  at[2] = static_cast<uint8_t>(value >> 8);
  at[3] = static_cast<uint8_t>(value);
}

inline void XorWord(uint8_t* at, uint32_t value) { WriteWord(at, ReadWord(at) ^ value); }

// Zeroed when it goes, whatever holds it.
class Secret {
 public:
  Secret(const uint8_t* bytes, size_t size) : bytes_(bytes, bytes + size) {}
  ~Secret() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;

  const uint8_t* data() const { return bytes_.data(); }

 private:
  std::vector<uint8_t> bytes_;
};

// Freeing an EVP context cleanses the key schedule in it.
struct FreeCipherContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, FreeCipherContext>;

// Session keys of one kind of packet, as the caller has them; nothing here is kept.
struct PacketKeys {
  const uint8_t* cipher_key;
  size_t cipher_key_bytes;  // 16 or 32
  const uint8_t* salt;      // 14 bytes for counter mode, 12 for GCM
  const uint8_t* auth_key;  // 20 bytes for counter mode
};

// Opening verifies first: false, with the packet untouched, when it is not authentic. Sealing writes behind the `size`
// bytes of the packet, into a buffer of `capacity`. False as well for sizes that cannot be.
class SrtpCipher {
 public:
  virtual ~SrtpCipher() = default;
  virtual bool OpenRtp(uint8_t* packet, size_t size, size_t header_bytes, uint32_t roc) = 0;
  virtual bool SealRtp(uint8_t* packet, size_t size, size_t capacity, size_t header_bytes, uint32_t roc) = 0;
  virtual bool OpenRtcp(uint8_t* packet, size_t size) = 0;
  virtual bool SealRtcp(uint8_t* packet, size_t size, size_t capacity, uint32_t index) = 0;
};

using Mki = std::vector<uint8_t>;

// Null when OpenSSL refuses, which it does only without memory.
std::unique_ptr<SrtpCipher> MakeCounterModeCipher(const PacketKeys& rtp, const PacketKeys& rtcp, size_t rtp_tag_bytes,
                                                  Mki mki);
std::unique_ptr<SrtpCipher> MakeGcmCipher(const PacketKeys& rtp, const PacketKeys& rtcp, Mki mki);
