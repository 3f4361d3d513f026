// The part of io_uring's kernel interface that udp-uring.cc uses, as of Linux 6.1. Written out here so that the addon
// builds the same beside any <linux/io_uring.h>, or none; whether the running kernel has it is found by asking it.
#pragma once

#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

namespace uring {

// The numbers are the same on every architecture that has these calls.
constexpr long kSysSetup = 425;
constexpr long kSysEnter = 426;
constexpr long kSysRegister = 427;

// A request, 64 bytes. Fields are named for what we use them as; the kernel overlays others.
struct Sqe {
  uint8_t opcode;
  uint8_t flags;
  uint16_t ioprio;
  int32_t fd;
  uint64_t addr2;  // of a send: where to
  uint64_t addr;
  uint32_t len;
  uint32_t msg_flags;
  uint64_t user_data;
  uint16_t buf_group;
  uint16_t personality;
  uint16_t addr_len;  // of addr2
  uint16_t pad;
  uint64_t unused[2];
};
static_assert(sizeof(Sqe) == 64 && offsetof(Sqe, user_data) == 32 && offsetof(Sqe, addr_len) == 44);

struct Cqe {
  uint64_t user_data;
  int32_t res;
  uint32_t flags;
};
static_assert(sizeof(Cqe) == 16);

struct SqOffsets {
  uint32_t head, tail, ring_mask, ring_entries, flags, dropped, array, resv1;
  uint64_t user_addr;
};

struct CqOffsets {
  uint32_t head, tail, ring_mask, ring_entries, overflow, cqes, flags, resv1;
  uint64_t user_addr;
};

struct Params {
  uint32_t sq_entries, cq_entries, flags, sq_thread_cpu, sq_thread_idle, features, wq_fd, resv[3];
  SqOffsets sq_off;
  CqOffsets cq_off;
};
static_assert(sizeof(Params) == 120);

// One buffer of a provided-buffer ring; the ring's tail lies in `resv` of the first.
struct Buffer {
  uint64_t addr;
  uint32_t len;
  uint16_t bid;
  uint16_t resv;
};
static_assert(sizeof(Buffer) == 16);

struct BufferRing {
  uint64_t ring_addr;
  uint32_t ring_entries;
  uint16_t bgid;
  uint16_t flags;
  uint64_t resv[3];
};
static_assert(sizeof(BufferRing) == 40);

struct SyncCancel {
  uint64_t addr;
  int32_t fd;
  uint32_t flags;
  int64_t timeout_sec, timeout_nsec;
  uint64_t pad[4];
};
static_assert(sizeof(SyncCancel) == 64);

// What a multishot recvmsg writes at the beginning of its buffer; name, control data and payload follow.
struct RecvmsgOut {
  uint32_t namelen, controllen, payloadlen, flags;
};

constexpr uint8_t kOpRecvmsg = 10;
constexpr uint8_t kOpSend = 26;

constexpr uint8_t kSqeBufferSelect = 1u << 5;
constexpr uint8_t kSqeSkipSuccess = 1u << 6;
constexpr uint16_t kRecvMultishot = 1u << 1;

constexpr uint32_t kCqeBuffer = 1u << 0;
constexpr uint32_t kCqeMore = 1u << 1;
constexpr uint32_t kCqeBufferShift = 16;

constexpr uint32_t kSetupCqSize = 1u << 3;
constexpr uint32_t kSetupSubmitAll = 1u << 7;
constexpr uint32_t kSetupTaskrunFlag = 1u << 9;
constexpr uint32_t kSetupSingleIssuer = 1u << 12;
constexpr uint32_t kSetupDeferTaskrun = 1u << 13;

constexpr uint32_t kFeatSingleMmap = 1u << 0;
constexpr uint32_t kFeatNoDrop = 1u << 1;

constexpr uint32_t kEnterGetEvents = 1u << 0;
constexpr uint32_t kSqCqOverflow = 1u << 1;
constexpr uint32_t kSqTaskrun = 1u << 2;
constexpr uint32_t kCqEventfdDisabled = 1u << 0;

constexpr unsigned kRegisterEventfd = 4;
constexpr unsigned kRegisterPbufRing = 22;
constexpr unsigned kRegisterSyncCancel = 24;

constexpr uint32_t kCancelAll = 1u << 0;
constexpr uint32_t kCancelAny = 1u << 2;

constexpr uint64_t kOffSqRing = 0;
constexpr uint64_t kOffSqes = 0x10000000;

inline int Setup(unsigned entries, Params* params) {
  return static_cast<int>(syscall(kSysSetup, entries, params));
}

inline int Enter(int fd, unsigned submit, unsigned flags) {
  return static_cast<int>(syscall(kSysEnter, fd, submit, 0u, flags, nullptr, 0ul));
}

inline int Register(int fd, unsigned opcode, void* argument, unsigned count) {
  return static_cast<int>(syscall(kSysRegister, fd, opcode, argument, count));
}

}  // namespace uring
