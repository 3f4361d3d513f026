// The JavaScript side of DTLS-SRTP: a class `DtlsAssociation` and a function `createDtlsCertificate`. Every argument is
// checked here and a wrong one is a TypeError, a bug of ours; what a peer sends never throws.

#include <node_api.h>
#include <openssl/crypto.h>
#include <openssl/srtp.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "addon.h"
#include "dtls-association.h"
#include "dtls-certificate.h"
#include "dtls-context.h"

namespace {

constexpr size_t kMaxPemBytes = 64 * 1024;
constexpr size_t kMaxWordBytes = 256;
constexpr size_t kMaxDigestsBytes = 16 * 64;
constexpr uint32_t kMaxTimeoutMs = 60'000;
// OpenSSL gives up by itself after twelve.
constexpr uint32_t kMaxTransmissions = 12;

// Methods called on another object are told apart by it.
constexpr napi_type_tag kAssociationTag = {0x65617273686f7420, 0x64746c732d617373};

napi_value Refuse(napi_env env, const char* what) {
  napi_throw_type_error(env, nullptr, what);
  return nullptr;
}

// A text that may be a key: zeroed when it is let go.
struct Text {
  Text() = default;
  Text(const Text&) = delete;
  Text& operator=(const Text&) = delete;
  ~Text() { OPENSSL_cleanse(value.data(), value.size()); }
  std::string value;
};

bool ReadText(napi_env env, napi_value from, size_t max_bytes, std::string* text) {
  size_t size = 0;
  if (napi_get_value_string_utf8(env, from, nullptr, 0, &size) != napi_ok || size > max_bytes) return false;
  text->resize(size);
  // It writes a zero behind, where std::string has one anyway.
  return napi_get_value_string_utf8(env, from, text->data(), size + 1, &size) == napi_ok;
}

bool ReadBytes(napi_env env, napi_value from, const uint8_t** bytes, size_t* size) {
  bool is_buffer = false;
  void* start = nullptr;
  if (napi_is_buffer(env, from, &is_buffer) != napi_ok || !is_buffer) return false;
  if (napi_get_buffer_info(env, from, &start, size) != napi_ok) return false;
  *bytes = static_cast<const uint8_t*>(start);
  return true;
}

// The named fields of an options object; after one that was wrong, the rest need not be looked at.
class Fields {
 public:
  Fields(napi_env env, napi_value object) : env_(env), object_(object) {}

  bool Text(const char* name, size_t max_bytes, std::string* text) {
    napi_value value;
    return Get(name, &value) && ReadText(env_, value, max_bytes, text);
  }

  bool Flag(const char* name, bool* flag) {
    napi_value value;
    return Get(name, &value) && napi_get_value_bool(env_, value, flag) == napi_ok;
  }

  bool Number(const char* name, uint32_t max, uint32_t* number) {
    napi_value value;
    double read = 0;
    if (!Get(name, &value) || napi_get_value_double(env_, value, &read) != napi_ok) return false;
    if (!(read >= 1 && read <= max)) return false;
    *number = static_cast<uint32_t>(read);
    return true;
  }

  bool Bytes(const char* name, std::vector<uint8_t>* bytes) {
    napi_value value;
    const uint8_t* start = nullptr;
    size_t size = 0;
    if (!Get(name, &value) || !ReadBytes(env_, value, &start, &size) || size > kMaxDigestsBytes) return false;
    bytes->assign(start, start + size);
    return true;
  }

 private:
  bool Get(const char* name, napi_value* value) {
    return napi_get_named_property(env_, object_, name, value) == napi_ok;
  }

  napi_env env_;
  napi_value object_;
};

const EVP_MD* HashNamed(const std::string& name) {
  if (name == "sha-1") return EVP_sha1();
  if (name == "sha-224") return EVP_sha224();
  if (name == "sha-256") return EVP_sha256();
  if (name == "sha-384") return EVP_sha384();
  if (name == "sha-512") return EVP_sha512();
  return nullptr;
}

std::optional<AssociationOptions> ReadOptions(Fields& fields) {
  AssociationOptions options;
  std::string hash;
  uint32_t first_ms = 0;
  uint32_t longest_ms = 0;
  if (!fields.Flag("isClient", &options.is_client) || !fields.Flag("usesCookies", &options.uses_cookies) ||
      !fields.Text("hash", kMaxWordBytes, &hash) || !fields.Bytes("digests", &options.digests) ||
      !fields.Number("firstTimeoutMs", kMaxTimeoutMs, &first_ms) ||
      !fields.Number("longestTimeoutMs", kMaxTimeoutMs, &longest_ms) ||
      !fields.Number("transmissions", kMaxTransmissions, &options.transmissions)) {
    return std::nullopt;
  }
  options.hash = HashNamed(hash);
  if (options.hash == nullptr || options.digests.empty()) return std::nullopt;
  if (options.digests.size() % static_cast<size_t>(EVP_MD_get_size(options.hash)) != 0) return std::nullopt;
  options.first_timeout_us = first_ms * 1000;
  options.longest_timeout_us = longest_ms * 1000;
  return options;
}

napi_value Construct(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument;
  napi_value self;
  napi_value target;
  void* contexts = nullptr;
  if (napi_get_cb_info(env, info, &count, &argument, &self, &contexts) != napi_ok) return nullptr;
  if (napi_get_new_target(env, info, &target) != napi_ok || target == nullptr) return Refuse(env, "new is missing");
  napi_valuetype type;
  if (count != 1 || napi_typeof(env, argument, &type) != napi_ok || type != napi_object) {
    return Refuse(env, "options must be an object");
  }
  Fields fields(env, argument);
  std::optional<AssociationOptions> options = ReadOptions(fields);
  std::string profiles;
  Text certificate;
  Text private_key;
  if (!options || !fields.Text("profiles", kMaxWordBytes, &profiles) ||
      !fields.Text("certificatePem", kMaxPemBytes, &certificate.value) ||
      !fields.Text("privateKeyPem", kMaxPemBytes, &private_key.value)) {
    return Refuse(env, "an option of the association is missing or wrong");
  }
  SSL_CTX* context = static_cast<ContextCache*>(contexts)->Get(
      {options->is_client, certificate.value, private_key.value, profiles});
  if (context == nullptr) return Refuse(env, "certificate, key or profiles are unusable");
  auto association = std::make_unique<Association>(*std::move(options));
  if (!association->Open(context)) return Refuse(env, "no memory for an association");
  const napi_finalize release = [](napi_env, void* wrapped, void*) { delete static_cast<Association*>(wrapped); };
  if (napi_type_tag_object(env, self, &kAssociationTag) != napi_ok ||
      napi_wrap(env, self, association.get(), release, nullptr, nullptr) != napi_ok) {
    return Refuse(env, "the association could not be attached");
  }
  association.release();
  return self;
}

// What a method was called on and with; null, and an exception pending, when they are not what they must be.
template <size_t Count>
Association* Open(napi_env env, napi_callback_info info, napi_value (&arguments)[Count]) {
  size_t count = Count;
  napi_value self;
  bool is_ours = false;
  void* wrapped = nullptr;
  if (napi_get_cb_info(env, info, &count, arguments, &self, nullptr) != napi_ok ||
      napi_check_object_type_tag(env, self, &kAssociationTag, &is_ours) != napi_ok || !is_ours ||
      napi_unwrap(env, self, &wrapped) != napi_ok) {
    Refuse(env, "not an association");
    return nullptr;
  }
  return static_cast<Association*>(wrapped);
}

napi_value BufferOf(napi_env env, const uint8_t* bytes, size_t size) {
  napi_value buffer = nullptr;
  napi_create_buffer_copy(env, size, bytes, nullptr, &buffer);
  return buffer;
}

napi_value TextOf(napi_env env, const std::string& text) {
  napi_value value = nullptr;
  napi_create_string_utf8(env, text.data(), text.size(), &value);
  return value;
}

napi_value Output(napi_env env, Association* association) {
  const std::vector<Association::Datagram> datagrams = association->TakeOutput();
  napi_value list = nullptr;
  napi_create_array_with_length(env, datagrams.size(), &list);
  uint32_t index = 0;
  for (const auto& datagram : datagrams) {
    napi_set_element(env, list, index++, BufferOf(env, datagram.data(), datagram.size()));
  }
  return list;
}

// start(), wake(), close(): no arguments, datagrams to send.
template <void (Association::*Act)()>
napi_value Do(napi_env env, napi_callback_info info) {
  napi_value none[1];
  Association* association = Open(env, info, none);
  if (association == nullptr) return nullptr;
  (association->*Act)();
  return Output(env, association);
}

// receive(datagram, address, port)
napi_value Receive(napi_env env, napi_callback_info info) {
  napi_value arguments[3];
  Association* association = Open(env, info, arguments);
  if (association == nullptr) return nullptr;
  const uint8_t* bytes = nullptr;
  size_t size = 0;
  std::string from;
  uint32_t port = 0;
  if (!ReadBytes(env, arguments[0], &bytes, &size) || !ReadText(env, arguments[1], kMaxWordBytes, &from) ||
      napi_get_value_uint32(env, arguments[2], &port) != napi_ok || port > 0xffff) {
    return Refuse(env, "receive(datagram, address, port)");
  }
  association->Receive(bytes, size, from + ' ' + std::to_string(port));
  return Output(env, association);
}

napi_value WakeInMs(napi_env env, napi_callback_info info) {
  napi_value none[1];
  const Association* association = Open(env, info, none);
  if (association == nullptr) return nullptr;
  napi_value ms = nullptr;
  napi_create_int64(env, association->WakeInMs(), &ms);
  return ms;
}

const char* NameOf(const Association& association) {
  switch (association.state()) {
    case Association::State::kHandshaking:
      return "handshaking";
    case Association::State::kDone:
      return "done";
    case Association::State::kClosed:
      return "closed";
    case Association::State::kFailed:
      break;
  }
  switch (association.failure()) {
    case Association::Failure::kFingerprintMismatch:
      return "fingerprint_mismatch";
    case Association::Failure::kNoProfile:
      return "no_profile";
    case Association::Failure::kTimeout:
      return "timeout";
    case Association::Failure::kClosedByPeer:
      return "closed_by_peer";
    case Association::Failure::kHandshakeFailed:
    case Association::Failure::kNone:
      break;
  }
  return "handshake_failed";
}

// The state, or in its place the reason of a failure.
napi_value Status(napi_env env, napi_callback_info info) {
  napi_value none[1];
  const Association* association = Open(env, info, none);
  return association == nullptr ? nullptr : TextOf(env, NameOf(*association));
}

const char* SuiteOf(unsigned long profile) {
  switch (profile) {
    case SRTP_AEAD_AES_256_GCM:
      return "AEAD_AES_256_GCM";
    case SRTP_AEAD_AES_128_GCM:
      return "AEAD_AES_128_GCM";
    case SRTP_AES128_CM_SHA1_80:
      return "AES_CM_128_HMAC_SHA1_80";
    default:
      return "AES_CM_128_HMAC_SHA1_32";
  }
}

// { suite, send, receive }, new copies at every call; undefined unless done.
napi_value Keys(napi_env env, napi_callback_info info) {
  napi_value none[1];
  Association* association = Open(env, info, none);
  SrtpKeys keys;
  if (association == nullptr || !association->ExportKeys(&keys)) return nullptr;
  napi_value object = nullptr;
  napi_create_object(env, &object);
  napi_set_named_property(env, object, "suite", TextOf(env, SuiteOf(keys.profile)));
  napi_set_named_property(env, object, "send", BufferOf(env, keys.send, keys.size));
  napi_set_named_property(env, object, "receive", BufferOf(env, keys.receive, keys.size));
  OPENSSL_cleanse(&keys, sizeof keys);
  return object;
}

// { certificatePem, privateKeyPem }
napi_value CreateCertificate(napi_env env, napi_callback_info) {
  CertificatePem made;
  if (!MakeCertificate(&made)) return Refuse(env, "no certificate could be made");
  napi_value object = nullptr;
  napi_create_object(env, &object);
  napi_set_named_property(env, object, "certificatePem", TextOf(env, made.certificate));
  napi_set_named_property(env, object, "privateKeyPem", TextOf(env, made.private_key));
  OPENSSL_cleanse(made.private_key.data(), made.private_key.size());
  return object;
}

napi_property_descriptor Method(const char* name, napi_callback call) {
  return {name, nullptr, call, nullptr, nullptr, nullptr, napi_default_method, nullptr};
}

}  // namespace

void RegisterDtls(napi_env env, napi_value exports) {
  // Each thread's environment has its own; associations that outlive it hold their contexts by themselves.
  auto* contexts = new ContextCache();
  napi_add_env_cleanup_hook(env, [](void* cache) { delete static_cast<ContextCache*>(cache); }, contexts);
  const napi_property_descriptor methods[] = {
      Method("start", Do<&Association::Start>), Method("receive", Receive),
      Method("wake", Do<&Association::Wake>),   Method("wakeInMs", WakeInMs),
      Method("close", Do<&Association::Close>), Method("status", Status),
      Method("keys", Keys),
  };
  napi_value association = nullptr;
  napi_define_class(env, "DtlsAssociation", NAPI_AUTO_LENGTH, Construct, contexts, std::size(methods), methods,
                    &association);
  napi_set_named_property(env, exports, "DtlsAssociation", association);
  napi_value create = nullptr;
  napi_create_function(env, "createDtlsCertificate", NAPI_AUTO_LENGTH, CreateCertificate, nullptr, &create);
  napi_set_named_property(env, exports, "createDtlsCertificate", create);
}
