// The addon's border to datagram sockets: the class `DatagramSocket` and the function `readSockaddr`, as
// datagram-socket.ts describes them. Every value from JavaScript is checked here; the work is done elsewhere.

#include <node_api.h>
#include <uv.h>

#include <cstring>
#include <iterator>
#include <memory>
#include <string>

#include "addon.h"
#include "datagram-memory.h"
#include "datagram-socket.h"
#include "socket-values.h"

namespace {

// Tells our objects from those of others that a method may be called on.
constexpr napi_type_tag kTag = {0x3c5d90b6e1f24a78, 0xa41f7e0c62d98b35};

napi_value ThrowRange(napi_env env, const char* what) {
  napi_throw_range_error(env, "ERR_OUT_OF_RANGE", what);
  return nullptr;
}

// Only 4 and 6, as numbers; 0 for anything else.
int ReadFamily(napi_env env, napi_value value) {
  int32_t family = 0;
  if (napi_get_value_int32(env, value, &family) != napi_ok) return 0;
  return family == 4 ? AF_INET : family == 6 ? AF_INET6 : 0;
}

// A whole number from 0 to `most`; anything else is thrown away by the caller.
bool ReadIndex(napi_env env, napi_value value, int most, int* index) {
  double number = 0;
  if (napi_get_value_double(env, value, &number) != napi_ok) return false;
  if (!(number >= 0 && number <= most)) return false;
  *index = static_cast<int>(number);
  return *index == number;
}

// The object a method was called on and its argument; null, with an error thrown, when it is none of ours or closed.
DatagramSocket* Self(napi_env env, napi_callback_info info, size_t wanted, napi_value* argument) {
  size_t given = wanted;
  napi_value receiver;
  bool is_ours = false;
  void* self = nullptr;
  napi_get_cb_info(env, info, &given, argument, &receiver, nullptr);
  if (napi_check_object_type_tag(env, receiver, &kTag, &is_ours) != napi_ok || !is_ours ||
      napi_unwrap(env, receiver, &self) != napi_ok || given < wanted) {
    ThrowType(env, "not called as a method of DatagramSocket with its argument");
    return nullptr;
  }
  auto* socket = static_cast<DatagramSocket*>(self);
  if (socket->IsOpen()) return socket;
  Throw(env, "ESHUTDOWN", "the socket was closed");
  return nullptr;
}

// flush(rows): how many did not leave
napi_value Flush(napi_env env, napi_callback_info info) {
  napi_value argument, result;
  DatagramSocket* self = Self(env, info, 1, &argument);
  if (!self) return nullptr;
  int rows = 0;
  if (!ReadIndex(env, argument, kSendRows, &rows)) return ThrowRange(env, "flush takes a number of rows");
  const int failed = self->Send(rows);
  if (failed < 0) return ThrowRange(env, "a row is longer than a datagram or than the memory");
  napi_create_int32(env, failed, &result);
  return result;
}

// sourceText(row)
napi_value SourceText(napi_env env, napi_callback_info info) {
  napi_value argument, result;
  DatagramSocket* self = Self(env, info, 1, &argument);
  if (!self) return nullptr;
  int row = 0;
  std::string text;
  if (!ReadIndex(env, argument, kReceiveRows - 1, &row)) return ThrowRange(env, "sourceText takes a row");
  if (!self->ReadSource(row, &text)) return Throw(env, "EAFNOSUPPORT", "there is no address in that row");
  napi_create_string_latin1(env, text.data(), text.size(), &result);
  return result;
}

// close()
napi_value Close(napi_env env, napi_callback_info info) {
  if (DatagramSocket* self = Self(env, info, 0, nullptr)) self->Close();
  return nullptr;
}

// readSockaddr(text, family): its bytes with port 0, or undefined when it is no literal of that family
napi_value ReadSockaddr(napi_env env, napi_callback_info info) {
  size_t given = 2;
  napi_value arguments[2];
  napi_get_cb_info(env, info, &given, arguments, nullptr, nullptr);
  std::string text;
  if (given < 2 || !ReadText(env, arguments[0], &text) || text.find('\0') != std::string::npos) return nullptr;
  const int family = ReadFamily(env, arguments[1]);
  Sockaddr address = {};
  // These know zones, unlike inet_pton: an answer to a link-local peer must name its interface.
  if (family == 0 || (family == AF_INET ? uv_ip4_addr(text.c_str(), 0, &address.v4)
                                        : uv_ip6_addr(text.c_str(), 0, &address.v6)) != 0) {
    return nullptr;
  }
  void* bytes = nullptr;
  napi_value buffer;
  if (napi_create_arraybuffer(env, sizeof address, &bytes, &buffer) != napi_ok) return nullptr;
  memcpy(bytes, &address, sizeof address);
  return buffer;
}

// new DatagramSocket(address, port, family, onBatch)
napi_value Construct(napi_env env, napi_callback_info info) {
  size_t given = 4;
  napi_value arguments[4], receiver, buffer, bound_port, made = nullptr;
  napi_get_cb_info(env, info, &given, arguments, &receiver, nullptr);
  napi_get_new_target(env, info, &made);
  std::string address;
  int port = 0;
  napi_valuetype type = napi_undefined;
  if (!made || given < 4 || !ReadText(env, arguments[0], &address) || !ReadIndex(env, arguments[1], 65535, &port) ||
      !ReadFamily(env, arguments[2]) || napi_typeof(env, arguments[3], &type) != napi_ok || type != napi_function) {
    return ThrowType(env, "DatagramSocket takes an address, a port, a family and a function");
  }
  std::shared_ptr<DatagramMemory> memory = DatagramMemory::Map();
  if (!memory) return Throw(env, "ENOMEM", "no memory for datagrams");
  auto* socket = new DatagramSocket(env, memory);
  if (int error = socket->Start(ReadFamily(env, arguments[2]), address, port, arguments[3])) {
    socket->Drop();
    return Throw(env, uv_err_name(-error), "a datagram socket cannot be opened");
  }
  auto finalize = [](napi_env, void* self, void*) { static_cast<DatagramSocket*>(self)->Drop(); };
  if (napi_wrap(env, receiver, socket, finalize, nullptr, nullptr) != napi_ok) {
    socket->Drop();
    return Throw(env, "EINVAL", "DatagramSocket is a class");
  }
  napi_type_tag_object(env, receiver, &kTag);
  if (ShareMemory(env, memory, &buffer) != napi_ok) {
    socket->Close();
    return Throw(env, "ENOMEM", "the memory cannot be shared");
  }
  napi_set_named_property(env, receiver, "memory", buffer);
  napi_create_int32(env, socket->BoundPort(), &bound_port);
  napi_set_named_property(env, receiver, "port", bound_port);
  return receiver;
}

// Where the parts of the shared memory lie, in the order that datagram-socket.ts names them.
napi_value DescribeLayout(napi_env env) {
  const size_t places[] = {
      offsetof(DatagramMemory, sends), offsetof(DatagramMemory, send_bytes), offsetof(DatagramMemory, slots),
      sizeof(DatagramMemory),          sizeof(ReceiveRow),                   kReceiveRows,
      kReceiveSlotBytes,               sizeof(SendRow),                      kSendRows,
      kSendBytes,                      offsetof(ReceiveRow, source),         offsetof(SendRow, target),
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

void RegisterDatagrams(napi_env env, napi_value exports) {
  const napi_property_descriptor methods[] = {
      {"flush", nullptr, Flush, nullptr, nullptr, nullptr, napi_default_method, nullptr},
      {"sourceText", nullptr, SourceText, nullptr, nullptr, nullptr, napi_default_method, nullptr},
      {"close", nullptr, Close, nullptr, nullptr, nullptr, napi_default_method, nullptr},
  };
  napi_value type, read_sockaddr;
  napi_define_class(env, "DatagramSocket", NAPI_AUTO_LENGTH, Construct, nullptr, std::size(methods), methods, &type);
  napi_set_named_property(env, exports, "DatagramSocket", type);
  napi_create_function(env, "readSockaddr", NAPI_AUTO_LENGTH, ReadSockaddr, nullptr, &read_sockaddr);
  napi_set_named_property(env, exports, "readSockaddr", read_sockaddr);
  napi_set_named_property(env, exports, "datagramLayout", DescribeLayout(env));
}
