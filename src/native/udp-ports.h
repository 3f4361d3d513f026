// Batched UDP for one media worker: paces the transport on the worker's event loop, calls JavaScript once a batch, and
// sends what JavaScript left in the shared memory. It looks into no packet.
//
// Pace: while little comes, the loop watches the transport's descriptor and a packet is taken at once. Under load it
// looks every millisecond instead, and a packet wakes nobody: one turn then serves all ports.
#pragma once

#include <node_api.h>
#include <uv.h>

#include <memory>
#include <string>
#include <vector>

#include "udp-memory.h"
#include "udp-transport.h"

class UdpPorts {
 public:
  UdpPorts(napi_env env, std::shared_ptr<UdpMemory> memory);

  // 0 or an errno value; after a failure it can only be dropped.
  int Start(const std::string& kind, napi_value on_batch);
  bool IsRunning() const { return transport_ && !must_stop_; }

  // 0 or an errno value.
  int Open(int family, const std::string& address, int port, int* index, int* bound_port);
  bool IsOpen(int index) const;
  // Of a port that is open.
  void Close(int index);
  void Flush();
  // At once, or at the end of the batch that is being handed over.
  void Stop();
  // JavaScript's object is gone; ours goes when the loop has let go of its handles.
  void Drop();

 private:
  class Silence;

  ~UdpPorts();
  int Queued() const;
  void Check(SendSlot* slot);
  void Hold(bool is_held);
  static void OnReadable(uv_poll_t* handle, int status, int events);
  static void OnTick(uv_poll_t* handle, int status, int events);
  void Watch();
  void Tick();
  void SetTick(long ns);
  int Turn();
  void HandOver(int count);
  static void OnEnvironmentEnd(napi_async_cleanup_hook_handle handle, void* argument);
  void ShutDown();
  static void OnHandleClosed(uv_handle_t* handle);
  void DeleteIfDone();

  napi_env const env_;
  std::shared_ptr<UdpMemory> const memory_;
  std::vector<UdpPort> ports_;
  std::unique_ptr<UdpTransport> transport_;
  // Numbers of ports that may be given out again, and those that the batch under way may still name.
  std::vector<int> free_, resting_;
  int open_ports_ = 0;
  uv_poll_t poll_;
  uv_poll_t tick_;
  uv_poll_t* const handles_[2] = {&poll_, &tick_};
  int tick_fd_ = -1;
  int open_handles_ = 0;
  napi_ref on_batch_ = nullptr;
  napi_async_cleanup_hook_handle cleanup_ = nullptr;
  uint64_t last_wake_ns_ = 0;
  int idle_ticks_ = 0;
  uint32_t told_failed_ = 0;
  bool is_watching_ = false;
  bool in_turn_ = false;
  bool must_stop_ = false;
  bool is_dropped_ = false;
};
