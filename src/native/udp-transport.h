// What moves datagrams between sockets and the shared memory: io_uring, or recvmmsg and sendmmsg. One per media worker,
// for all its ports, used by its thread alone. Errors are errno values, 0 for none.
#pragma once

#include <sys/socket.h>

#include <ctime>
#include <memory>
#include <vector>

#include "udp-memory.h"

// Enough for a worker's share of every port of an address; a row's port number always fits.
constexpr int kMaxPorts = 32768;

struct UdpPort {
  int fd = -1;
  uint16_t family = 0;
  // Grows when the port is closed: what was under way for its last life is told from what is for the next.
  uint32_t life = 0;
};

class UdpTransport {
 public:
  // After it no byte of the memory is touched any more, by us or by the kernel.
  virtual ~UdpTransport() = default;

  // Readable when datagrams wait, as long as signals are wanted; they are not at first.
  virtual int WatchedFd() const = 0;
  // What waits already when signals are switched on makes the descriptor readable, too.
  virtual void SetSignals(bool wanted) = 0;
  // The descriptor was readable.
  virtual void OnReadable() = 0;

  virtual int Add(int index) = 0;
  virtual void Remove(int index) = 0;

  // Fills rows with what has arrived, at most a batch, and says how many.
  virtual int Receive() = 0;
  // The rows and their bytes have been read.
  virtual void Release() = 0;
  // Sends slots 0 to `count` - 1, whose ports and lengths are sound. All are free again when it returns.
  virtual void Send(int count) = 0;
};

// Null, with `error` set, where the system does not have it or does not allow it.
std::unique_ptr<UdpTransport> StartUring(UdpMemory* memory, const std::vector<UdpPort>* ports, int* error);
std::unique_ptr<UdpTransport> StartMmsg(UdpMemory* memory, const std::vector<UdpPort>* ports, int* error);

// Turns the kernel's receive times, which are of the wall clock, into CLOCK_MONOTONIC.
class ArrivalClock {
 public:
  void Read() {
    timespec mono, wall;
    clock_gettime(CLOCK_MONOTONIC, &mono);
    clock_gettime(CLOCK_REALTIME, &wall);
    now_us_ = Us(mono);
    offset_us_ = now_us_ - Us(wall);
  }

  // The time in a control message, or now where there is none or where the wall clock was set in between.
  double Of(const uint8_t* control, size_t bytes) const;

 private:
  static double Us(const timespec& time) {
    return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec / 1000);
  }

  double now_us_ = 0;
  double offset_us_ = 0;
};
