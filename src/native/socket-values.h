// What both kinds of UDP socket ask of values from JavaScript, and how they refuse and share memory.
#pragma once

#include <node_api.h>

#include <memory>
#include <string>

// An address literal and the name of an interface fit.
constexpr size_t kMaxTextBytes = 64;

inline napi_value Throw(napi_env env, const char* code, const char* what) {
  napi_throw_error(env, code, what);
  return nullptr;
}

inline napi_value ThrowType(napi_env env, const char* what) {
  napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", what);
  return nullptr;
}

// False for what is no string or longer than a text may be.
inline bool ReadText(napi_env env, napi_value value, std::string* text) {
  char buffer[kMaxTextBytes];
  size_t bytes = 0;
  if (napi_get_value_string_utf8(env, value, buffer, sizeof buffer, &bytes) != napi_ok) return false;
  text->assign(buffer, bytes);
  return bytes + 1 < sizeof buffer;
}

// The memory as an ArrayBuffer, which keeps it mapped for as long as anybody looks at it.
template <typename Memory>
napi_status ShareMemory(napi_env env, const std::shared_ptr<Memory>& memory, napi_value* buffer) {
  auto* share = new std::shared_ptr<Memory>(memory);
  auto release = [](napi_env, void*, void* hint) { delete static_cast<std::shared_ptr<Memory>*>(hint); };
  const napi_status status =
      napi_create_external_arraybuffer(env, memory.get(), sizeof(Memory), release, share, buffer);
  if (status != napi_ok) delete share;
  return status;
}
