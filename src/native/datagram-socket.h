// One bound UDP socket for messages that may be as long as UDP allows: takes them in batches, calls JavaScript once a
// batch, and sends what JavaScript laid into the shared memory. It looks into no datagram.
//
// Pace: while little comes, the loop watches the socket and a datagram is taken at once. Under load it looks every few
// milliseconds instead, as network cards do: to wake a thread costs more than what one message asks of it.
#pragma once

#include <node_api.h>
#include <sys/socket.h>
#include <uv.h>

#include <memory>
#include <string>

#include "datagram-memory.h"

class DatagramSocket {
 public:
  DatagramSocket(napi_env env, std::shared_ptr<DatagramMemory> memory);

  // 0 or an errno value; after a failure it can only be dropped. `on_batch` is told rows and the errno of a failed receive.
  int Start(int family, const std::string& address, int port, napi_value on_batch);
  bool IsOpen() const { return fd_ >= 0; }
  int BoundPort() const { return bound_port_; }

  // Sends rows 0 to `count` - 1 and says how many did not leave; -1, and nothing is sent, when a row is unsound.
  int Send(int count);
  // The address in a row, with its zone; false when it is none of this socket's family.
  bool ReadSource(int row, std::string* text) const;
  // The system's port is free again when it returns.
  void Close();
  // JavaScript's object is gone; ours goes when the loop has let go of its handles.
  void Drop();

 private:
  enum class Found { kNothing, kSome, kMore };

  ~DatagramSocket() = default;
  int Configure();
  static void OnReadable(uv_poll_t* handle, int status, int events);
  static void OnTick(uv_timer_t* handle);
  void Watch();
  void Look();
  Found Turn();
  int Receive(int* error);
  void HandOver(int count, int error);
  static void OnEnvironmentEnd(napi_async_cleanup_hook_handle handle, void* argument);
  static void OnHandleClosed(uv_handle_t* handle);
  void DeleteIfDone();

  napi_env const env_;
  std::shared_ptr<DatagramMemory> const memory_;
  int fd_ = -1;
  int family_ = 0;
  int bound_port_ = 0;
  uv_timer_t tick_;
  uv_poll_t poll_;
  int open_handles_ = 0;
  napi_ref on_batch_ = nullptr;
  napi_async_cleanup_hook_handle cleanup_ = nullptr;
  uint64_t last_wake_ns_ = 0;
  int idle_ticks_ = 0;
  bool is_dropped_ = false;
  mmsghdr receives_[kReceiveRows] = {};
  iovec receive_vectors_[kReceiveRows];
  mmsghdr sends_[kSendRows] = {};
  iovec send_vectors_[kSendRows];
};
