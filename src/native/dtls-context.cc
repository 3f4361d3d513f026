// Says once what we accept of any peer: DTLS 1.2, forward secrecy, AEAD, its certificate; no resumption, no
// renegotiation. Whose certificate it is, each association judges for itself.

#include "dtls-context.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <memory>

#include "dtls-association.h"

namespace {

// One certificate, two roles, and as many orders of profiles as tenants have policies.
constexpr size_t kMaxContexts = 32;
// Longest handshake message OpenSSL will reassemble, of which it keeps at most ten ahead of their turn.
constexpr long kMaxMessageBytes = 16 * 1024;

// Ours is an ECDSA certificate; a server may show us an RSA one. AES-GCM alone: an association knows its overhead.
constexpr char kCiphers[] =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384";
constexpr char kGroups[] = "X25519:P-256:P-384";
constexpr char kSignatures[] =
    "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:ed25519:rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512:"
    "RSA+SHA256:RSA+SHA384:RSA+SHA512";

constexpr uint64_t kOptions = SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                              SSL_OP_NO_QUERY_MTU | SSL_OP_CIPHER_SERVER_PREFERENCE;

// An encrypted key must fail, not ask on the terminal.
int NoPassword(char*, int, int, void*) { return -1; }

Association* AssociationOf(const SSL* ssl) { return static_cast<Association*>(SSL_get_app_data(ssl)); }

// Stands in for OpenSSL's chain verification: a self-signed certificate has no chain, and what a peer puts into one
// should not be walked. The hash in SDP is the whole truth (RFC 5763 §5).
int JudgePeer(X509_STORE_CTX* store, void*) {
  const auto* ssl = static_cast<const SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  if (AssociationOf(ssl)->AcceptsCertificate(X509_STORE_CTX_get0_cert(store))) return 1;
  X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
  return 0;
}

int MakeCookie(SSL* ssl, unsigned char* cookie, unsigned int* size) {
  return AssociationOf(ssl)->MakeCookie(cookie, size) ? 1 : 0;
}

int CheckCookie(SSL* ssl, const unsigned char* cookie, unsigned int size) {
  return AssociationOf(ssl)->IsOurCookie(cookie, size) ? 1 : 0;
}

bool UseCertificate(SSL_CTX* context, const ContextParts& parts) {
  BIO* text = BIO_new_mem_buf(parts.certificate.data(), static_cast<int>(parts.certificate.size()));
  X509* certificate = PEM_read_bio_X509(text, nullptr, NoPassword, nullptr);
  BIO_free(text);
  text = BIO_new_mem_buf(parts.private_key.data(), static_cast<int>(parts.private_key.size()));
  EVP_PKEY* key = PEM_read_bio_PrivateKey(text, nullptr, NoPassword, nullptr);
  BIO_free(text);
  const bool is_used = certificate != nullptr && key != nullptr &&
                       SSL_CTX_use_certificate(context, certificate) == 1 &&
                       SSL_CTX_use_PrivateKey(context, key) == 1 && SSL_CTX_check_private_key(context) == 1;
  X509_free(certificate);
  EVP_PKEY_free(key);
  return is_used;
}

SSL_CTX* MakeContext(const ContextParts& parts) {
  SSL_CTX* context = SSL_CTX_new(parts.is_client ? DTLS_client_method() : DTLS_server_method());
  if (context == nullptr) return nullptr;
  SSL_CTX_set_options(context, kOptions);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_max_cert_list(context, kMaxMessageBytes);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  SSL_CTX_set_cert_verify_callback(context, JudgePeer, nullptr);
  SSL_CTX_set_cookie_generate_cb(context, MakeCookie);
  SSL_CTX_set_cookie_verify_cb(context, CheckCookie);
  const bool is_ready = SSL_CTX_set_min_proto_version(context, DTLS1_2_VERSION) == 1 &&
                        SSL_CTX_set_max_proto_version(context, DTLS1_2_VERSION) == 1 &&
                        SSL_CTX_set_cipher_list(context, kCiphers) == 1 &&
                        SSL_CTX_set1_groups_list(context, kGroups) == 1 &&
                        SSL_CTX_set1_sigalgs_list(context, kSignatures) == 1 &&
                        SSL_CTX_set1_client_sigalgs_list(context, kSignatures) == 1 &&
                        // This one alone returns 0 for success.
                        SSL_CTX_set_tlsext_use_srtp(context, parts.profiles.c_str()) == 0 &&
                        UseCertificate(context, parts);
  if (is_ready) return context;
  SSL_CTX_free(context);
  return nullptr;
}

}  // namespace

ContextCache::~ContextCache() {
  for (const Entry& entry : entries_) SSL_CTX_free(entry.context);
}

SSL_CTX* ContextCache::Get(const ContextParts& parts) {
  Digest digest;
  if (!DigestOf(parts, &digest)) return nullptr;
  const auto found =
      std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) { return entry.digest == digest; });
  if (found != entries_.end()) return found->context;
  SSL_CTX* context = MakeContext(parts);
  if (context == nullptr) return nullptr;
  if (entries_.size() == kMaxContexts) {
    // Associations made with it keep it alive as long as they need it.
    SSL_CTX_free(entries_.front().context);
    entries_.erase(entries_.begin());
  }
  entries_.push_back({digest, context});
  return context;
}

// The texts are told apart by their hash, so that no second copy of the key lies about.
bool ContextCache::DigestOf(const ContextParts& parts, Digest* digest) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> hash(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  if (!hash || EVP_DigestInit_ex(hash.get(), EVP_sha256(), nullptr) != 1) return false;
  const char role = parts.is_client ? 'c' : 's';
  EVP_DigestUpdate(hash.get(), &role, 1);
  for (const std::string* text : {&parts.certificate, &parts.private_key, &parts.profiles}) {
    const uint64_t size = text->size();
    EVP_DigestUpdate(hash.get(), &size, sizeof size);
    EVP_DigestUpdate(hash.get(), text->data(), text->size());
  }
  return EVP_DigestFinal_ex(hash.get(), digest->data(), nullptr) == 1;
}
