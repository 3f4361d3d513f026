// What associations with the same certificate, role and profiles share, so that one more of them costs little.
#pragma once

#include <openssl/ssl.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

struct ContextParts {
  bool is_client;
  // Certificate and key in PEM; the key is secret and not kept as text.
  const std::string& certificate;
  const std::string& private_key;
  // OpenSSL's names of SRTP protection profiles, best first, with colons between.
  const std::string& profiles;
};

// The few contexts of one thread's environment, oldest first. Not for several threads.
class ContextCache {
 public:
  ContextCache() = default;
  ContextCache(const ContextCache&) = delete;
  ContextCache& operator=(const ContextCache&) = delete;
  ~ContextCache();

  // Borrowed: an SSL takes a reference of its own. Null when the PEM or the profiles are not what they should be.
  SSL_CTX* Get(const ContextParts& parts);

 private:
  using Digest = std::array<uint8_t, 32>;
  struct Entry {
    Digest digest;
    SSL_CTX* context;
  };

  static bool DigestOf(const ContextParts& parts, Digest* digest);

  std::vector<Entry> entries_;
};
