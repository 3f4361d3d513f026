// AES in Galois/counter mode (RFC 7714). The layout of packets, associated data and IVs is drawn in
// protocol/srtp/aes-gcm.ts; this does the same to the same bytes.

#include <cstring>
#include <utility>

#include "srtp-cipher.h"

namespace {

constexpr size_t kTagBytes = 16;
constexpr size_t kIvBytes = 12;

// What was decrypted but not yet verified: it goes into the packet only once the tag is true. One a thread is enough,
// since nothing here is re-entered.
thread_local uint8_t unverified[kMaxPacketBytes];

// One session key and salt; the key schedule is made once and each packet brings its IV.
class GcmKey {
 public:
  bool Init(const PacketKeys& keys) {
    std::memcpy(salt_, keys.salt, kIvBytes);
    context_.reset(EVP_CIPHER_CTX_new());
    const EVP_CIPHER* aes = keys.cipher_key_bytes == 32 ? EVP_aes_256_gcm() : EVP_aes_128_gcm();
    return context_ && EVP_CipherInit_ex(context_.get(), aes, nullptr, keys.cipher_key, nullptr, 1) == 1;
  }
  ~GcmKey() { OPENSSL_cleanse(salt_, sizeof salt_); }

  void RtpIv(const uint8_t* packet, uint32_t roc, uint8_t iv[kIvBytes]) const {
    std::memcpy(iv, salt_, kIvBytes);
    XorWord(iv + 2, ReadWord(packet + 8));
    XorWord(iv + 6, roc);
    iv[10] ^= packet[2];
    iv[11] ^= packet[3];
  }

  void RtcpIv(const uint8_t* packet, uint32_t index, uint8_t iv[kIvBytes]) const {
    std::memcpy(iv, salt_, kIvBytes);
    XorWord(iv + 2, ReadWord(packet + 4));
    XorWord(iv + 8, index);
  }

  // Begins a packet; what is authenticated in clear is told to Associate before the rest.
  bool Begin(const uint8_t* iv, bool is_sealing) {
    return EVP_CipherInit_ex(context_.get(), nullptr, nullptr, nullptr, iv, is_sealing ? 1 : 0) == 1;
  }

  bool Associate(const uint8_t* bytes, size_t size) {
    int length = 0;
    return EVP_CipherUpdate(context_.get(), nullptr, &length, bytes, static_cast<int>(size)) == 1;
  }

  bool Seal(uint8_t* bytes, size_t size, uint8_t* tag) {
    int length = 0;
    // An empty update would be taken for associated data.
    if (size > 0 && EVP_CipherUpdate(context_.get(), bytes, &length, bytes, static_cast<int>(size)) != 1) return false;
    return EVP_CipherFinal_ex(context_.get(), bytes + size, &length) == 1 &&
           EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_GET_TAG, kTagBytes, tag) == 1;
  }

  bool Open(uint8_t* bytes, size_t size, uint8_t* tag) {
    int length = 0;
    if (EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_SET_TAG, kTagBytes, tag) != 1) return false;
    if (size > 0 && EVP_CipherUpdate(context_.get(), unverified, &length, bytes, static_cast<int>(size)) != 1) {
      return false;
    }
    uint8_t nothing[kBlockBytes];
    if (EVP_CipherFinal_ex(context_.get(), nothing, &length) != 1) return false;
    std::memcpy(bytes, unverified, size);
    return true;
  }

 private:
  CipherContext context_;
  uint8_t salt_[kIvBytes];
};

class GcmCipher final : public SrtpCipher {
 public:
  explicit GcmCipher(Mki mki) : mki_(std::move(mki)) {}

  bool Init(const PacketKeys& rtp, const PacketKeys& rtcp) { return rtp_.Init(rtp) && rtcp_.Init(rtcp); }

  bool OpenRtp(uint8_t* packet, size_t size, size_t header_bytes, uint32_t roc) override {
    const size_t overhead = kTagBytes + mki_.size();
    if (header_bytes < kRtpFixedBytes || size > kMaxPacketBytes || size < overhead || size - overhead < header_bytes) {
      return false;
    }
    const size_t end = size - overhead;
    if (!HasMki(packet + end + kTagBytes)) return false;
    uint8_t iv[kIvBytes];
    rtp_.RtpIv(packet, roc, iv);
    return rtp_.Begin(iv, false) && rtp_.Associate(packet, header_bytes) &&
           rtp_.Open(packet + header_bytes, end - header_bytes, packet + end);
  }

  bool SealRtp(uint8_t* packet, size_t size, size_t capacity, size_t header_bytes, uint32_t roc) override {
    if (header_bytes < kRtpFixedBytes || size < header_bytes || size > kMaxPacketBytes || capacity < size ||
        capacity - size < kTagBytes + mki_.size()) {
      return false;
    }
    uint8_t iv[kIvBytes];
    rtp_.RtpIv(packet, roc, iv);
    if (!rtp_.Begin(iv, true) || !rtp_.Associate(packet, header_bytes) ||
        !rtp_.Seal(packet + header_bytes, size - header_bytes, packet + size)) {
      return false;
    }
    AddMki(packet + size + kTagBytes);
    return true;
  }

  bool OpenRtcp(uint8_t* packet, size_t size) override {
    const size_t overhead = kTagBytes + kIndexBytes + mki_.size();
    if (size > kMaxPacketBytes || size < kRtcpClearBytes + overhead) return false;
    const size_t end = size - overhead;
    const uint8_t* index_at = packet + end + kTagBytes;
    if (!HasMki(index_at + kIndexBytes)) return false;
    const uint32_t word = ReadWord(index_at);
    // Without the E bit the whole packet is associated data (RFC 7714 section 9.3).
    const size_t clear_bytes = (word & kEncryptedBit) != 0 ? kRtcpClearBytes : end;
    uint8_t iv[kIvBytes];
    rtcp_.RtcpIv(packet, word & ~kEncryptedBit, iv);
    return rtcp_.Begin(iv, false) && rtcp_.Associate(packet, clear_bytes) && rtcp_.Associate(index_at, kIndexBytes) &&
           rtcp_.Open(packet + clear_bytes, end - clear_bytes, packet + end);
  }

  bool SealRtcp(uint8_t* packet, size_t size, size_t capacity, uint32_t index) override {
    if (size < kRtcpClearBytes || size > kMaxPacketBytes || capacity < size ||
        capacity - size < kTagBytes + kIndexBytes + mki_.size() || index >= kEncryptedBit) {
      return false;
    }
    uint8_t* index_at = packet + size + kTagBytes;
    uint8_t iv[kIvBytes];
    rtcp_.RtcpIv(packet, index, iv);
    WriteWord(index_at, kEncryptedBit | index);
    if (!rtcp_.Begin(iv, true) || !rtcp_.Associate(packet, kRtcpClearBytes) ||
        !rtcp_.Associate(index_at, kIndexBytes) ||
        !rtcp_.Seal(packet + kRtcpClearBytes, size - kRtcpClearBytes, packet + size)) {
      return false;
    }
    AddMki(index_at + kIndexBytes);
    return true;
  }

 private:
  bool HasMki(const uint8_t* at) const { return mki_.empty() || std::memcmp(at, mki_.data(), mki_.size()) == 0; }

  void AddMki(uint8_t* at) const {
    if (!mki_.empty()) std::memcpy(at, mki_.data(), mki_.size());
  }

  const Mki mki_;
  GcmKey rtp_;
  GcmKey rtcp_;
};

}  // namespace

std::unique_ptr<SrtpCipher> MakeGcmCipher(const PacketKeys& rtp, const PacketKeys& rtcp, Mki mki) {
  auto cipher = std::make_unique<GcmCipher>(std::move(mki));
  if (!cipher->Init(rtp, rtcp)) return nullptr;
  return cipher;
}
