// The addon's border to batched UDP: the class `UdpPorts` and the function `readAddress`, as udp-port.ts describes them.
// Every value from JavaScript is checked here; the work is done elsewhere.

#include <node_api.h>
#include <uv.h>

#include <cerrno>
#include <cstring>
#include <iterator>
#include <memory>
#include <string>

#include "addon.h"
#include "socket-values.h"
#include "udp-memory.h"
#include "udp-ports.h"
#include "udp-sockets.h"

namespace {

// Tells our objects from those of others that a method may be called on.
constexpr napi_type_tag kTag = {0x8f0e6c1d4a3b4f57, 0x9b21c7d05e6fa418};

// The object a method was called on and its arguments; null, with an error thrown, when it is none of ours or stopped.
UdpPorts* Self(napi_env env, napi_callback_info info, size_t wanted, napi_value* arguments) {
  size_t given = wanted;
  napi_value receiver;
  bool is_ours = false;
  void* self = nullptr;
  napi_get_cb_info(env, info, &given, arguments, &receiver, nullptr);
  if (napi_check_object_type_tag(env, receiver, &kTag, &is_ours) != napi_ok || !is_ours ||
      napi_unwrap(env, receiver, &self) != napi_ok || given < wanted) {
    ThrowType(env, "not called as a method of UdpPorts with its arguments");
    return nullptr;
  }
  auto* ports = static_cast<UdpPorts*>(self);
  if (ports->IsRunning()) return ports;
  Throw(env, "ESHUTDOWN", "the ports were stopped");
  return nullptr;
}

// open(address, port, family): [index, bound port]
napi_value Open(napi_env env, napi_callback_info info) {
  napi_value arguments[3];
  UdpPorts* self = Self(env, info, 3, arguments);
  if (!self) return nullptr;
  std::string address;
  int32_t port = 0, family = 0;
  if (!ReadText(env, arguments[0], &address) || napi_get_value_int32(env, arguments[1], &port) != napi_ok ||
      napi_get_value_int32(env, arguments[2], &family) != napi_ok || (family != 4 && family != 6)) {
    return ThrowType(env, "open takes an address, a port and a family");
  }
  int index = 0, bound_port = 0;
  if (int error = self->Open(family == 4 ? AF_INET : AF_INET6, address, port, &index, &bound_port)) {
    return Throw(env, uv_err_name(-error), "a UDP port cannot be opened");
  }
  napi_value opened, value;
  napi_create_array_with_length(env, 2, &opened);
  napi_create_int32(env, index, &value);
  napi_set_element(env, opened, 0, value);
  napi_create_int32(env, bound_port, &value);
  napi_set_element(env, opened, 1, value);
  return opened;
}

// close(index)
napi_value Close(napi_env env, napi_callback_info info) {
  napi_value argument;
  UdpPorts* self = Self(env, info, 1, &argument);
  if (!self) return nullptr;
  int32_t index = -1;
  if (napi_get_value_int32(env, argument, &index) != napi_ok || !self->IsOpen(index)) {
    return Throw(env, "EBADF", "no such port is open");
  }
  self->Close(index);
  return nullptr;
}

// flush()
napi_value Flush(napi_env env, napi_callback_info info) {
  if (UdpPorts* self = Self(env, info, 0, nullptr)) self->Flush();
  return nullptr;
}

// stop()
napi_value Stop(napi_env env, napi_callback_info info) {
  if (UdpPorts* self = Self(env, info, 0, nullptr)) self->Stop();
  return nullptr;
}

// readAddress(text, port, family): the bytes of a sockaddr, or undefined when it is no literal of that family
napi_value ReadAddressBytes(napi_env env, napi_callback_info info) {
  size_t given = 3;
  napi_value arguments[3];
  napi_get_cb_info(env, info, &given, arguments, nullptr, nullptr);
  std::string text;
  int32_t port = 0, family = 0;
  sockaddr_storage address;
  if (given < 3 || !ReadText(env, arguments[0], &text) || napi_get_value_int32(env, arguments[1], &port) != napi_ok ||
      napi_get_value_int32(env, arguments[2], &family) != napi_ok ||
      !ReadAddress(family == 4 ? AF_INET : AF_INET6, text, port, &address)) {
    return nullptr;
  }
  void* bytes = nullptr;
  napi_value buffer;
  if (napi_create_arraybuffer(env, sizeof(sockaddr_in6), &bytes, &buffer) != napi_ok) return nullptr;
  memcpy(bytes, &address, sizeof(sockaddr_in6));
  return buffer;
}

// new UdpPorts('io_uring' | 'mmsg', onBatch)
napi_value Construct(napi_env env, napi_callback_info info) {
  size_t given = 2;
  napi_value arguments[2], receiver, buffer;
  napi_get_cb_info(env, info, &given, arguments, &receiver, nullptr);
  std::string kind;
  napi_valuetype type = napi_undefined;
  if (given < 2 || !ReadText(env, arguments[0], &kind) || (kind != "io_uring" && kind != "mmsg") ||
      napi_typeof(env, arguments[1], &type) != napi_ok || type != napi_function) {
    return ThrowType(env, "UdpPorts takes a kind and a function");
  }
  std::shared_ptr<UdpMemory> memory = UdpMemory::Map();
  if (!memory) return Throw(env, "ENOMEM", "no memory for packets");
  auto* ports = new UdpPorts(env, memory);
  const int error = ports->Start(kind, arguments[1]);
  if (error != 0) {
    ports->Drop();
    return Throw(env, uv_err_name(-error), "the system does not allow this kind of UDP port");
  }
  auto finalize = [](napi_env, void* self, void*) { static_cast<UdpPorts*>(self)->Drop(); };
  if (napi_wrap(env, receiver, ports, finalize, nullptr, nullptr) != napi_ok) {
    ports->Drop();
    return Throw(env, "EINVAL", "UdpPorts is a class");
  }
  napi_type_tag_object(env, receiver, &kTag);
  if (ShareMemory(env, memory, &buffer) != napi_ok) return Throw(env, "ENOMEM", "the memory cannot be shared");
  napi_set_named_property(env, receiver, "memory", buffer);
  return receiver;
}

// Where the parts of the shared memory lie, in the order that udp-port.ts names them.
napi_value DescribeLayout(napi_env env) {
  const size_t places[] = {
      offsetof(UdpMemory, arrivals), offsetof(UdpMemory, sends), offsetof(UdpMemory, receives), sizeof(UdpMemory),
      sizeof(Arrival),               kSlotBytes,                 kMaxBatch,                     kSendSlots,
      offsetof(SendSlot, bytes),     kReceiveHeaderBytes,
  };
  napi_value layout, place;
  napi_create_array(env, &layout);
  for (uint32_t at = 0; at < std::size(places); at++) {
    napi_create_uint32(env, static_cast<uint32_t>(places[at]), &place);
    napi_set_element(env, layout, at, place);
  }
  return layout;
}

}  // namespace

void RegisterUdp(napi_env env, napi_value exports) {
  const napi_property_descriptor methods[] = {
      {"open", nullptr, Open, nullptr, nullptr, nullptr, napi_default_method, nullptr},
      {"close", nullptr, Close, nullptr, nullptr, nullptr, napi_default_method, nullptr},
      {"flush", nullptr, Flush, nullptr, nullptr, nullptr, napi_default_method, nullptr},
      {"stop", nullptr, Stop, nullptr, nullptr, nullptr, napi_default_method, nullptr},
  };
  napi_value type, read_address;
  napi_define_class(env, "UdpPorts", NAPI_AUTO_LENGTH, Construct, nullptr, std::size(methods), methods, &type);
  napi_set_named_property(env, exports, "UdpPorts", type);
  napi_create_function(env, "readAddress", NAPI_AUTO_LENGTH, ReadAddressBytes, nullptr, &read_address);
  napi_set_named_property(env, exports, "readAddress", read_address);
  napi_set_named_property(env, exports, "udpLayout", DescribeLayout(env));
}
