// Makes a self-signed ECDSA certificate on P-256. It says nothing of who we are: only its hash matters (RFC 5763 §5).

#include "dtls-certificate.h"

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>

#include <memory>

namespace {

template <auto Free>
struct FreeWith {
  template <typename T>
  void operator()(T* thing) const { Free(thing); }
};
using Key = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, FreeWith<X509_free>>;
using Number = std::unique_ptr<BIGNUM, FreeWith<BN_free>>;
using Memory = std::unique_ptr<BIO, FreeWith<BIO_free>>;

constexpr long kDaySeconds = 24 * 60 * 60;
// Peers whose clocks are wrong by a little should not stumble over the dates, although only the hash counts.
constexpr long kValidBeforeSeconds = 3 * kDaySeconds;
constexpr long kValidAfterSeconds = 30 * kDaySeconds;

bool SetRandomSerial(X509* certificate) {
  unsigned char bytes[16];
  if (RAND_bytes(bytes, sizeof bytes) != 1) return false;
  bytes[0] = (bytes[0] & 0x7f) | 0x40;  // positive, and always of the same length
  Number number(BN_bin2bn(bytes, sizeof bytes, nullptr));
  return number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool SetName(X509* certificate) {
  X509_NAME* name = X509_get_subject_name(certificate);
  const auto* common_name = reinterpret_cast<const unsigned char*>("dtls-srtp");
  return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, common_name, -1, -1, 0) == 1 &&
         X509_set_issuer_name(certificate, name) == 1;
}

// Takes what was written and leaves no copy behind: it may be a key.
std::string TakeText(BIO* memory) {
  char* text = nullptr;
  const long size = BIO_get_mem_data(memory, &text);
  std::string taken(text, static_cast<size_t>(size));
  OPENSSL_cleanse(text, static_cast<size_t>(size));
  return taken;
}

}  // namespace

bool MakeCertificate(CertificatePem* made) {
  Key key(EVP_EC_gen("P-256"));
  Certificate certificate(X509_new());
  if (!key || !certificate) return false;
  if (X509_set_version(certificate.get(), X509_VERSION_3) != 1 || !SetRandomSerial(certificate.get()) ||
      !SetName(certificate.get()) ||
      X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -kValidBeforeSeconds) == nullptr ||
      X509_gmtime_adj(X509_getm_notAfter(certificate.get()), kValidAfterSeconds) == nullptr ||
      X509_set_pubkey(certificate.get(), key.get()) != 1 ||
      X509_sign(certificate.get(), key.get(), EVP_sha256()) == 0) {
    return false;
  }
  Memory certificate_text(BIO_new(BIO_s_mem()));
  Memory key_text(BIO_new(BIO_s_mem()));
  if (!certificate_text || !key_text || PEM_write_bio_X509(certificate_text.get(), certificate.get()) != 1 ||
      PEM_write_bio_PrivateKey(key_text.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return false;
  }
  made->certificate = TakeText(certificate_text.get());
  made->private_key = TakeText(key_text.get());
  return true;
}
