// One DTLS-SRTP association on OpenSSL: datagrams in, datagrams out, and keys once the handshake is whole and the
// peer's certificate is the one that SDP named. It has no socket and starts no timer.
#pragma once

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

struct AssociationOptions {
  bool is_client;
  // Whether a peer must return a cookie before anything is kept of it (RFC 6347 §4.2.1). Otherwise the caller vouches
  // for the address, as ICE does.
  bool uses_cookies;
  // Digests the peer's certificate may have, one after the other.
  const EVP_MD* hash;
  std::vector<uint8_t> digests;
  unsigned first_timeout_us;
  unsigned longest_timeout_us;
  // How often a flight is sent before we give up.
  unsigned transmissions;
};

struct SrtpKeys {
  unsigned long profile;
  size_t size;
  // Master key, then salt.
  uint8_t send[64];
  uint8_t receive[64];
};

class Association {
 public:
  enum class State { kHandshaking, kDone, kFailed, kClosed };
  enum class Failure { kNone, kFingerprintMismatch, kHandshakeFailed, kNoProfile, kTimeout, kClosedByPeer };
  using Datagram = std::vector<uint8_t>;

  explicit Association(AssociationOptions options) : options_(std::move(options)) {}
  Association(const Association&) = delete;
  Association& operator=(const Association&) = delete;
  ~Association();

  // False when there was no memory; then it must not be used.
  bool Open(SSL_CTX* context);

  State state() const { return state_; }
  Failure failure() const { return failure_; }

  void Start();
  // `from` is the peer's address and port in any form that is the same every time.
  void Receive(const uint8_t* bytes, size_t size, const std::string& from);
  void Wake();
  // Ms until Wake is due, -1 when nothing is awaited.
  long WakeInMs() const;
  // Says goodbye, wipes all keys.
  void Close();
  // False unless done. The caller wipes them.
  bool ExportKeys(SrtpKeys* keys);
  // What there is to send since it was last asked.
  std::vector<Datagram> TakeOutput();

  // Asked by OpenSSL in the middle of a handshake.
  bool AcceptsCertificate(X509* certificate);
  bool MakeCookie(uint8_t* cookie, unsigned* size) const;
  bool IsOurCookie(const uint8_t* cookie, unsigned size) const;
  unsigned NextTimeoutUs(unsigned current_us);
  int ReadDatagram(uint8_t* into, size_t capacity);
  void WriteDatagram(const uint8_t* bytes, size_t size);

 private:
  bool IsOpen() const { return state_ == State::kHandshaking || state_ == State::kDone; }
  bool Admits(const uint8_t* bytes, size_t size, const std::string& from);
  void Listen();
  void Handshake();
  void Conclude();
  void DrainRecords();
  void Fail(Failure failure);
  void Free();

  AssociationOptions options_;
  SSL* ssl_ = nullptr;
  State state_ = State::kHandshaking;
  Failure failure_ = Failure::kNone;
  std::vector<Datagram> output_;

  // The datagram being received, until OpenSSL has read it; it is not ours.
  const uint8_t* input_ = nullptr;
  size_t input_size_ = 0;
  // Where it came from, and after a cookie the only place that is heard.
  std::string from_;
  uint8_t cookie_secret_[32];

  bool is_listening_ = false;
  enum class Certificate { kUnseen, kNamed, kForeign };
  Certificate certificate_ = Certificate::kUnseen;
  // After `done`: OpenSSL has given up on this association; its keys are good all the same.
  bool is_deaf_ = false;

  bool is_address_proven_ = false;
  size_t allowance_bytes_ = 0;

  unsigned timeouts_ = 0;
  size_t handshake_bytes_ = 0;
  unsigned handshake_datagrams_ = 0;
  unsigned early_records_ = 0;
};
