// The life of one association: listening, handshaking, done, failed or closed. OpenSSL speaks the protocol; here stand
// the limits around it. Every byte it is fed may be an attacker's.

#include "dtls-association.h"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/srtp.h>
#include <openssl/x509.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "dtls-bio.h"

namespace {

// Fits every path (RFC 8200 §5: 1280) with IPv6 and UDP headers, and ICE or a tunnel around them.
constexpr long kMtuBytes = 1200;
// Nobody sends handshakes in larger ones than a jumbo frame.
constexpr size_t kMaxDatagramBytes = 9000;
// One handshake with the largest certificate, sent several times over.
constexpr size_t kMaxHandshakeBytes = 128 * 1024;
constexpr unsigned kMaxHandshakeDatagrams = 256;
// OpenSSL keeps a record of the next epoch in a buffer of 17 KB until its keys are there, and a hundred of them.
constexpr unsigned kMaxEarlyRecords = 16;
// Before its address is proven a peer gets three times what it sent; ClientHellos that signaling asked for come first.
constexpr size_t kAmplification = 3;
constexpr size_t kActiveHeadStartBytes = 4 * kMtuBytes;
// NIST SP 800-57: RSA-2048, P-256. A certificate whose key can be computed names nobody.
constexpr int kMinKeyStrengthBits = 112;

constexpr size_t kRecordHeaderBytes = 13;
// Explicit nonce and tag of AES-GCM, which is all we negotiate (RFC 5288 §3).
constexpr size_t kAeadOverheadBytes = 24;
constexpr size_t kCookieBytes = 32;
constexpr char kExporterLabel[] = "EXTRACTOR-dtls_srtp";  // RFC 5764 §4.2

// Node uses the same error queue: it must find it as empty as we did.
struct CleanErrorQueue {
  CleanErrorQueue() { ERR_clear_error(); }
  ~CleanErrorQueue() { ERR_clear_error(); }
};

struct KeyLengths {
  unsigned long profile;
  size_t key;
  size_t salt;
};
// RFC 5764 §4.1.2, RFC 7714 §14.2.
constexpr KeyLengths kKeyLengths[] = {
    {SRTP_AES128_CM_SHA1_80, 16, 14},
    {SRTP_AES128_CM_SHA1_32, 16, 14},
    {SRTP_AEAD_AES_128_GCM, 16, 12},
    {SRTP_AEAD_AES_256_GCM, 32, 12},
};

// Walks the records of a datagram without believing them (RFC 6347 §4.1):
//   type(1) version(2) epoch(2) sequence(6) length(2) fragment(length)
// How many are of the next epoch, or -1 when it is no whole number of records that one handshake may have. An encrypted
// record too short for its tag must not get any further: OpenSSL takes it for an error of its own and sends a fatal
// alert, so that one forged datagram would end an association that is done.
int CountNextEpoch(const uint8_t* bytes, size_t size) {
  int found = size == 0 ? -1 : 0;
  for (size_t at = 0; at < size;) {
    if (size - at < kRecordHeaderBytes) return -1;
    const uint8_t* header = bytes + at;
    const bool is_dtls = header[0] >= 20 && header[0] <= 23 && header[1] == 0xfe;
    const unsigned epoch = static_cast<unsigned>(header[3] << 8 | header[4]);
    const size_t length = static_cast<size_t>(header[11] << 8 | header[12]);
    if (!is_dtls || epoch > 1 || length > size - at - kRecordHeaderBytes) return -1;
    if (epoch == 1 && length < kAeadOverheadBytes) return -1;
    found += static_cast<int>(epoch);
    at += kRecordHeaderBytes + length;
  }
  return found;
}

// A client gets so far only after the server has signed our random value (RFC 8422 §5.4): it hears us.
bool HasSeenSignature(const SSL* ssl) {
  switch (SSL_get_state(ssl)) {
    case TLS_ST_CW_CERT:
    case TLS_ST_CW_KEY_EXCH:
    case TLS_ST_CW_CERT_VRFY:
    case TLS_ST_CW_CHANGE:
    case TLS_ST_CW_FINISHED:
      return true;
    default:
      return false;
  }
}

Association* AssociationOf(const SSL* ssl) { return static_cast<Association*>(SSL_get_app_data(ssl)); }

unsigned OnTimer(SSL* ssl, unsigned current_us) { return AssociationOf(ssl)->NextTimeoutUs(current_us); }

}  // namespace

Association::~Association() { Free(); }

bool Association::Open(SSL_CTX* context) {
  const CleanErrorQueue clean;
  ssl_ = SSL_new(context);
  BIO* bio = ssl_ == nullptr ? nullptr : NewDatagramBio(this);
  if (bio == nullptr || RAND_bytes(cookie_secret_, sizeof cookie_secret_) != 1) {
    BIO_free(bio);
    return false;
  }
  SSL_set_bio(ssl_, bio, bio);
  SSL_set_app_data(ssl_, this);
  SSL_set_mtu(ssl_, kMtuBytes);
  DTLS_set_timer_cb(ssl_, OnTimer);
  if (options_.is_client) {
    SSL_set_connect_state(ssl_);
    allowance_bytes_ = kActiveHeadStartBytes;
  } else {
    SSL_set_accept_state(ssl_);
    is_listening_ = options_.uses_cookies;
    is_address_proven_ = !options_.uses_cookies;
  }
  return true;
}

void Association::Start() {
  if (state_ == State::kHandshaking && options_.is_client) Handshake();
}

void Association::Receive(const uint8_t* bytes, size_t size, const std::string& from) {
  if (!IsOpen() || is_deaf_ || !Admits(bytes, size, from)) return;
  input_ = bytes;
  input_size_ = size;
  if (is_listening_) {
    from_ = from;
    allowance_bytes_ = kAmplification * size;
    Listen();
  } else if (!is_address_proven_) {
    allowance_bytes_ += kAmplification * size;
  }
  if (!is_listening_) {
    if (state_ == State::kHandshaking) Handshake();
    if (state_ == State::kDone) DrainRecords();
  }
  input_ = nullptr;
}

void Association::Wake() {
  if (state_ != State::kHandshaking || is_listening_) return;
  const CleanErrorQueue clean;
  const long handled = DTLSv1_handle_timeout(ssl_);
  if (handled < 0 || timeouts_ >= options_.transmissions) {
    output_.clear();
    Fail(Failure::kTimeout);
  }
}

long Association::WakeInMs() const {
  if (state_ != State::kHandshaking || is_listening_) return -1;
  timeval left;
  if (DTLSv1_get_timeout(ssl_, &left) != 1) return -1;
  // OpenSSL measures with the wall clock: set back by an hour, it would let us wait for an hour.
  const long longest_ms = static_cast<long>(options_.longest_timeout_us / 1000);
  return left.tv_sec > 60 ? longest_ms : std::min(longest_ms, left.tv_sec * 1000 + (left.tv_usec + 999) / 1000);
}

void Association::Close() {
  if (!IsOpen()) return;
  const CleanErrorQueue clean;
  if (state_ == State::kDone && !is_deaf_) SSL_shutdown(ssl_);
  state_ = State::kClosed;
  Free();
}

bool Association::ExportKeys(SrtpKeys* keys) {
  if (state_ != State::kDone) return false;
  const CleanErrorQueue clean;
  const unsigned long profile = SSL_get_selected_srtp_profile(ssl_)->id;
  const auto* lengths = std::find_if(std::begin(kKeyLengths), std::end(kKeyLengths),
                                     [&](const KeyLengths& known) { return known.profile == profile; });
  if (lengths == std::end(kKeyLengths)) return false;
  const auto [_, key, salt] = *lengths;
  // client key, server key, client salt, server salt (RFC 5764 §4.2)
  uint8_t material[2 * (32 + 14)];
  const bool is_exported = SSL_export_keying_material(ssl_, material, 2 * (key + salt), kExporterLabel,
                                                      sizeof kExporterLabel - 1, nullptr, 0, 0) == 1;
  if (is_exported) {
    uint8_t* const client = options_.is_client ? keys->send : keys->receive;
    uint8_t* const server = options_.is_client ? keys->receive : keys->send;
    std::memcpy(client, material, key);
    std::memcpy(server, material + key, key);
    std::memcpy(client + key, material + 2 * key, salt);
    std::memcpy(server + key, material + 2 * key + salt, salt);
    keys->profile = profile;
    keys->size = key + salt;
  }
  OPENSSL_cleanse(material, sizeof material);
  return is_exported;
}

std::vector<Association::Datagram> Association::TakeOutput() { return std::exchange(output_, {}); }

// Any one of several may fit. A comparison looks at every byte of every digest, whatever the earlier ones said.
bool Association::AcceptsCertificate(X509* certificate) {
  uint8_t digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (certificate == nullptr || X509_digest(certificate, options_.hash, digest, &size) != 1) return false;
  bool fits = false;
  for (size_t at = 0; at + size <= options_.digests.size(); at += size) {
    fits |= CRYPTO_memcmp(digest, options_.digests.data() + at, size) == 0;
  }
  certificate_ = fits ? Certificate::kNamed : Certificate::kForeign;
  EVP_PKEY* key = X509_get0_pubkey(certificate);
  return fits && key != nullptr && EVP_PKEY_get_security_bits(key) >= kMinKeyStrengthBits;
}

// An HMAC over where the peer says it is, with a secret of this association: a cookie is of no use elsewhere or later.
bool Association::MakeCookie(uint8_t* cookie, unsigned* size) const {
  *size = kCookieBytes;
  return HMAC(EVP_sha256(), cookie_secret_, sizeof cookie_secret_, reinterpret_cast<const uint8_t*>(from_.data()),
              from_.size(), cookie, nullptr) != nullptr;
}

bool Association::IsOurCookie(const uint8_t* cookie, unsigned size) const {
  uint8_t ours[kCookieBytes];
  unsigned ours_size = 0;
  return MakeCookie(ours, &ours_size) && size == ours_size && CRYPTO_memcmp(cookie, ours, size) == 0;
}

// Doubles from flight to flight until the longest (RFC 6347 §4.2.4.1); 0 is a new flight.
unsigned Association::NextTimeoutUs(unsigned current_us) {
  if (current_us == 0) {
    timeouts_ = 0;
    return options_.first_timeout_us;
  }
  timeouts_ += 1;
  return std::min(2 * current_us, options_.longest_timeout_us);
}

int Association::ReadDatagram(uint8_t* into, size_t capacity) {
  if (input_ == nullptr) return -1;
  // As with a socket: what does not fit is lost.
  const size_t size = std::min(capacity, input_size_);
  std::memcpy(into, input_, size);
  input_ = nullptr;
  return static_cast<int>(size);
}

void Association::WriteDatagram(const uint8_t* bytes, size_t size) {
  if (!is_address_proven_) {
    is_address_proven_ = options_.is_client && HasSeenSignature(ssl_);
    // As if lost on its way: the timer sends it again.
    if (!is_address_proven_ && size > allowance_bytes_) return;
    allowance_bytes_ -= std::min(size, allowance_bytes_);
  }
  output_.emplace_back(bytes, bytes + size);
}

// Bounds what one association may cost. What is not admitted was never received; the timer ends what is stuck.
bool Association::Admits(const uint8_t* bytes, size_t size, const std::string& from) {
  if (size > kMaxDatagramBytes) return false;
  // Who returned a cookie is the only one that is heard.
  if (options_.uses_cookies && !options_.is_client && !is_listening_ && from != from_) return false;
  const int next_epoch_records = CountNextEpoch(bytes, size);
  if (next_epoch_records < 0) return false;
  if (state_ == State::kDone || is_listening_) return true;
  handshake_bytes_ += size;
  handshake_datagrams_ += 1;
  early_records_ += static_cast<unsigned>(next_epoch_records);
  return handshake_bytes_ <= kMaxHandshakeBytes && handshake_datagrams_ <= kMaxHandshakeDatagrams &&
         early_records_ <= kMaxEarlyRecords;
}

// Answers a ClientHello without a good cookie and forgets it, so that nobody's spoofed one is in another's way.
void Association::Listen() {
  const CleanErrorQueue clean;
  BIO_ADDR* const unused = BIO_ADDR_new();
  if (unused != nullptr && DTLSv1_listen(ssl_, unused) == 1) {
    is_listening_ = false;
    is_address_proven_ = true;
  }
  BIO_ADDR_free(unused);
}

void Association::Handshake() {
  const CleanErrorQueue clean;
  const int result = SSL_do_handshake(ssl_);
  if (result == 1) return Conclude();
  if (timeouts_ >= options_.transmissions) return Fail(Failure::kTimeout);
  switch (SSL_get_error(ssl_, result)) {
    case SSL_ERROR_WANT_READ:
      return;
    case SSL_ERROR_ZERO_RETURN:
      return Fail(Failure::kClosedByPeer);
    default:
      return Fail(certificate_ == Certificate::kForeign ? Failure::kFingerprintMismatch : Failure::kHandshakeFailed);
  }
}

void Association::Conclude() {
  if (certificate_ != Certificate::kNamed) return Fail(Failure::kFingerprintMismatch);
  if (SSL_get_selected_srtp_profile(ssl_) == nullptr) {
    SSL_shutdown(ssl_);
    return Fail(Failure::kNoProfile);
  }
  state_ = State::kDone;
}

// After the handshake: a Finished that comes again has ours sent again, a goodbye is heard, anything else is dropped.
void Association::DrainRecords() {
  const CleanErrorQueue clean;
  const size_t sent_before = output_.size();
  uint8_t unread[1024];
  int size;
  do size = SSL_read(ssl_, unread, sizeof unread);
  while (size > 0);
  if ((SSL_get_shutdown(ssl_) & SSL_RECEIVED_SHUTDOWN) != 0) {
    SSL_shutdown(ssl_);
    return Fail(Failure::kClosedByPeer);
  }
  is_deaf_ = SSL_get_error(ssl_, size) != SSL_ERROR_WANT_READ;
  // The alert that goes with it would have the peer throw away keys that are good.
  if (is_deaf_) output_.resize(sent_before);
}

void Association::Fail(Failure failure) {
  state_ = State::kFailed;
  failure_ = failure;
  Free();
}

// OpenSSL zeroes the keys of its own.
void Association::Free() {
  SSL_free(ssl_);
  ssl_ = nullptr;
  OPENSSL_cleanse(cookie_secret_, sizeof cookie_secret_);
}
