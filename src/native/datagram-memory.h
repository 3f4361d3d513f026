// The memory that JavaScript and a datagram socket share, in one mapping: a batch that arrived, and one that is to be
// sent. Its picture is repeated in datagram-socket.ts, which refuses an addon that reports another one.
//
//   0        ReceiveRow  a row per datagram of the batch; its bytes lie in the slot of the same number
//   1024     SendRow     how long, what became of it, where to
//   12288    bytes       of the sends, one after another
//   536576   slots       of the receives; pages that no datagram ever reached cost nothing
#pragma once

#include <netinet/in.h>
#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <memory>

constexpr int kReceiveRows = 32;
// More than any UDP datagram holds, so that none is cut.
constexpr int kReceiveSlotBytes = 65536;
constexpr int kSendRows = 256;
constexpr int kSendBytes = 512 * 1024;
// The length field of UDP has 16 bits.
constexpr int kMaxSendBytes = 65535;

union Sockaddr {
  sockaddr any;
  sockaddr_in v4;
  sockaddr_in6 v6;
};
static_assert(sizeof(Sockaddr) == 28);

struct ReceiveRow {
  int32_t length;  // -1: it was cut, and is none
  Sockaddr source;
};
static_assert(sizeof(ReceiveRow) == 32);

struct SendRow {
  int32_t length;
  int32_t error;  // errno of the last flush, 0 for one that left
  Sockaddr target;
  int32_t unused;
};
static_assert(sizeof(SendRow) == 40);

struct DatagramMemory {
  ReceiveRow receives[kReceiveRows];
  SendRow sends[kSendRows];
  alignas(4096) uint8_t send_bytes[kSendBytes];
  uint8_t slots[kReceiveRows][kReceiveSlotBytes];

  // Null when there is no memory. It lives until the socket and JavaScript's last view of it are gone.
  static std::shared_ptr<DatagramMemory> Map() {
    void* at = mmap(nullptr, sizeof(DatagramMemory), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) return nullptr;
    return {static_cast<DatagramMemory*>(at), [](DatagramMemory* memory) { munmap(memory, sizeof(DatagramMemory)); }};
  }
};
