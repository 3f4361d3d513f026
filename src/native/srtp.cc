// JavaScript's way to the SRTP ciphers: contexts by number, packets in place. It believes nothing it is handed: a number
// that is no context, a value that is no byte array, or sizes that do not fit throw or give false, and never more.

#include <cmath>
#include <utility>

#include "addon.h"
#include "srtp-cipher.h"

namespace {

// A worker of four hundred calls has some thousand; who has more forgets to release them.
constexpr size_t kMaxContexts = 0x10000;

// The contexts of one JavaScript thread. A number has the slot in its low half and, in its high half, how often the slot
// was released before: one that is kept too long finds nothing, rather than another call's key.
class Contexts {
 public:
  // False when there are too many.
  bool Add(std::unique_ptr<SrtpCipher> cipher, uint32_t* handle) {
    if (free_.empty()) {
      if (slots_.size() == kMaxContexts) return false;
      free_.push_back(static_cast<uint32_t>(slots_.size()));
      slots_.emplace_back();
    }
    const uint32_t at = free_.back();
    free_.pop_back();
    slots_[at].cipher = std::move(cipher);
    *handle = uint32_t{slots_[at].releases} << 16 | at;
    return true;
  }

  SrtpCipher* Find(uint32_t handle) const {
    const size_t at = handle & 0xffff;
    return at < slots_.size() && slots_[at].releases == handle >> 16 ? slots_[at].cipher.get() : nullptr;
  }

  void Release(uint32_t handle) {
    if (Find(handle) == nullptr) return;
    Slot& slot = slots_[handle & 0xffff];
    slot.cipher.reset();
    slot.releases++;
    free_.push_back(handle & 0xffff);
  }

 private:
  struct Slot {
    std::unique_ptr<SrtpCipher> cipher;
    uint16_t releases = 0;
  };
  std::vector<Slot> slots_;
  std::vector<uint32_t> free_;
};

// The arguments of one call, read in turn. The first that is not what it must be throws, and the rest are not looked at.
template <size_t kCount>
class Arguments {
 public:
  Arguments(napi_env env, napi_callback_info call) : env_(env) {
    size_t count = kCount;
    void* contexts = nullptr;
    is_good_ = napi_get_cb_info(env, call, &count, values_, nullptr, &contexts) == napi_ok && count == kCount;
    contexts_ = static_cast<Contexts*>(contexts);
    if (!is_good_) napi_throw_type_error(env, nullptr, "the wrong number of arguments");
  }

  explicit operator bool() const { return is_good_; }
  Contexts& contexts() const { return *contexts_; }

  uint32_t Number() {
    double number = 0;
    const bool is_number = is_good_ && napi_get_value_double(env_, values_[next_++], &number) == napi_ok;
    const bool is_word = is_number && number >= 0 && number <= UINT32_MAX && number == std::floor(number);
    if (is_good_ && !is_word) Refuse("a number of 32 bits is missing");
    return is_word ? static_cast<uint32_t>(number) : 0;
  }

  uint8_t* Bytes(size_t* size) {
    napi_typedarray_type type;
    void* bytes = nullptr;
    *size = 0;
    if (is_good_ && (napi_get_typedarray_info(env_, values_[next_++], &type, size, &bytes, nullptr, nullptr) != napi_ok ||
                     type != napi_uint8_array)) {
      *size = 0;
      Refuse("bytes are missing");
    }
    return static_cast<uint8_t*>(bytes);
  }

  SrtpCipher* Context() {
    SrtpCipher* cipher = contexts_->Find(Number());
    if (is_good_ && cipher == nullptr) Refuse("there is no such context");
    return is_good_ ? cipher : nullptr;
  }

 private:
  void Refuse(const char* why) {
    is_good_ = false;
    napi_throw_type_error(env_, nullptr, why);
  }

  napi_env env_;
  napi_value values_[kCount];
  Contexts* contexts_;
  size_t next_ = 0;
  bool is_good_;
};

napi_value Boolean(napi_env env, bool value) {
  napi_value result = nullptr;
  napi_get_boolean(env, value, &result);
  return result;
}

// createSrtp(cipherKeyBytes, saltBytes, authKeyBytes, rtpTagBytes, keys, mki) -> number. The keys: cipher key, salt and
// authentication key for RTP, then the same for RTCP. A salt of 12 bytes means GCM.
napi_value Create(napi_env env, napi_callback_info call) {
  Arguments<6> arguments(env, call);
  const size_t cipher_key = arguments.Number(), salt = arguments.Number(), auth_key = arguments.Number();
  const size_t rtp_tag = arguments.Number();
  size_t keys_size = 0, mki_size = 0;
  const uint8_t* keys = arguments.Bytes(&keys_size);
  const uint8_t* mki = arguments.Bytes(&mki_size);
  if (!arguments) return nullptr;

  const bool is_gcm = salt == 12 && auth_key == 0 && rtp_tag == 16;
  const bool is_counter_mode = salt == 14 && auth_key == 20 && (rtp_tag == 4 || rtp_tag == 10);
  const size_t half = cipher_key + salt + auth_key;
  if ((!is_gcm && !is_counter_mode) || (cipher_key != 16 && cipher_key != 32) || keys_size != 2 * half ||
      mki_size > kMaxMkiBytes) {
    napi_throw_range_error(env, nullptr, "no suite has keys of these sizes");
    return nullptr;
  }
  const PacketKeys rtp = {keys, cipher_key, keys + cipher_key, keys + cipher_key + salt};
  const PacketKeys rtcp = {keys + half, cipher_key, rtp.salt + half, rtp.auth_key + half};
  Mki identifier(mki, mki + mki_size);
  auto cipher = is_gcm ? MakeGcmCipher(rtp, rtcp, std::move(identifier))
                       : MakeCounterModeCipher(rtp, rtcp, rtp_tag, std::move(identifier));
  uint32_t handle = 0;
  if (!cipher || !arguments.contexts().Add(std::move(cipher), &handle)) {
    napi_throw_error(env, nullptr, cipher ? "too many contexts" : "OpenSSL made no context");
    return nullptr;
  }
  napi_value result = nullptr;
  napi_create_uint32(env, handle, &result);
  return result;
}

// openSrtp(context, packet, headerBytes, roc) -> whether it was authentic
napi_value OpenRtp(napi_env env, napi_callback_info call) {
  Arguments<4> arguments(env, call);
  SrtpCipher* cipher = arguments.Context();
  size_t size = 0;
  uint8_t* packet = arguments.Bytes(&size);
  const uint32_t header = arguments.Number(), roc = arguments.Number();
  return arguments ? Boolean(env, cipher->OpenRtp(packet, size, header, roc)) : nullptr;
}

// sealSrtp(context, bytes with room behind, sizeBytes, headerBytes, roc) -> whether there was room
napi_value SealRtp(napi_env env, napi_callback_info call) {
  Arguments<5> arguments(env, call);
  SrtpCipher* cipher = arguments.Context();
  size_t capacity = 0;
  uint8_t* bytes = arguments.Bytes(&capacity);
  const uint32_t size = arguments.Number(), header = arguments.Number(), roc = arguments.Number();
  return arguments ? Boolean(env, cipher->SealRtp(bytes, size, capacity, header, roc)) : nullptr;
}

// openSrtcp(context, packet) -> whether it was authentic
napi_value OpenRtcp(napi_env env, napi_callback_info call) {
  Arguments<2> arguments(env, call);
  SrtpCipher* cipher = arguments.Context();
  size_t size = 0;
  uint8_t* packet = arguments.Bytes(&size);
  return arguments ? Boolean(env, cipher->OpenRtcp(packet, size)) : nullptr;
}

// sealSrtcp(context, bytes with room behind, sizeBytes, index) -> whether there was room
napi_value SealRtcp(napi_env env, napi_callback_info call) {
  Arguments<4> arguments(env, call);
  SrtpCipher* cipher = arguments.Context();
  size_t capacity = 0;
  uint8_t* bytes = arguments.Bytes(&capacity);
  const uint32_t size = arguments.Number(), index = arguments.Number();
  return arguments ? Boolean(env, cipher->SealRtcp(bytes, size, capacity, index)) : nullptr;
}

// releaseSrtp(context): its keys are zeroed. A second time does nothing.
napi_value Release(napi_env env, napi_callback_info call) {
  Arguments<1> arguments(env, call);
  const uint32_t handle = arguments.Number();
  if (arguments) arguments.contexts().Release(handle);
  return nullptr;
}

void Add(napi_env env, napi_value exports, const char* name, napi_callback function, Contexts* contexts) {
  napi_value value = nullptr;
  if (napi_create_function(env, name, NAPI_AUTO_LENGTH, function, contexts, &value) == napi_ok) {
    napi_set_named_property(env, exports, name, value);
  }
}

}  // namespace

void RegisterSrtp(napi_env env, napi_value exports) {
  auto* contexts = new Contexts;
  // Runs when the thread ends, after its last JavaScript: what was not released is zeroed here.
  napi_add_env_cleanup_hook(env, [](void* all) { delete static_cast<Contexts*>(all); }, contexts);
  Add(env, exports, "createSrtp", Create, contexts);
  Add(env, exports, "openSrtp", OpenRtp, contexts);
  Add(env, exports, "sealSrtp", SealRtp, contexts);
  Add(env, exports, "openSrtcp", OpenRtcp, contexts);
  Add(env, exports, "sealSrtcp", SealRtcp, contexts);
  Add(env, exports, "releaseSrtp", Release, contexts);
}
