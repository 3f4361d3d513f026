// The memory that JavaScript and this addon share, in one mapping: what arrived, and what is to be sent. Its picture is
// repeated in udp-port.ts, which refuses an addon that reports another one.
//
//   0        Words     counts of either side
//   64       Arrival   one row per datagram of the batch
//   ...      SendSlot  where to, how long, the bytes
//   ...      ReceiveSlot  as io_uring's multishot recvmsg fills it: header, source, control data, bytes
#pragma once

#include <netinet/in.h>
#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <memory>

constexpr int kSlotBytes = 2048;
constexpr int kMaxBatch = 512;
// A batch causes at most one packet for each of its own, and some are said without being asked.
constexpr int kSendSlots = 1024;
// More than a batch, so that packets go on arriving while one is being worked on. A power of two.
constexpr int kReceiveSlots = 1024;

struct Words {
  int32_t queued;       // sends that JavaScript has put into slots since the last flush
  uint32_t failed;      // sends that failed since the start
  uint32_t too_long;    // datagrams that did not fit into a slot
  uint32_t faults;      // receives that failed, and batches that threw
  int32_t unused[12];
};
static_assert(sizeof(Words) == 64);

struct Arrival {
  int32_t port;
  int32_t length;
  int32_t bytes_at;   // byte offsets within the whole
  int32_t source_at;  // a sockaddr_in or sockaddr_in6
  double us;          // CLOCK_MONOTONIC
  int64_t unused;
};
static_assert(sizeof(Arrival) == 32);

struct SendSlot {
  int32_t port;
  int32_t length;
  union {
    sockaddr target;
    sockaddr_in target4;
    sockaddr_in6 target6;
  };
  uint8_t unused[28];
  uint8_t bytes[kSlotBytes - 64];
};
static_assert(sizeof(SendSlot) == kSlotBytes && offsetof(SendSlot, bytes) == 64);

constexpr int kSourceBytes = 32;
constexpr int kControlBytes = 32;  // CMSG_SPACE of the one timespec that SO_TIMESTAMPNS brings
constexpr int kReceiveHeaderBytes = 16 + kSourceBytes + kControlBytes;

struct ReceiveSlot {
  uint8_t header[16];
  uint8_t source[kSourceBytes];
  uint8_t control[kControlBytes];
  uint8_t bytes[kSlotBytes - kReceiveHeaderBytes];
};
static_assert(sizeof(ReceiveSlot) == kSlotBytes);

struct UdpMemory {
  Words words;
  Arrival arrivals[kMaxBatch];
  // Slots begin on a page.
  alignas(4096) SendSlot sends[kSendSlots];
  ReceiveSlot receives[kReceiveSlots];

  // Null when there is no memory. It lives until the transport and JavaScript's last view of it are gone.
  static std::shared_ptr<UdpMemory> Map() {
    void* at = mmap(nullptr, sizeof(UdpMemory), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) return nullptr;
    return {static_cast<UdpMemory*>(at), [](UdpMemory* memory) { munmap(memory, sizeof(UdpMemory)); }};
  }

  int32_t OffsetOf(const void* at) const {
    return static_cast<int32_t>(static_cast<const uint8_t*>(at) - reinterpret_cast<const uint8_t*>(this));
  }
};
