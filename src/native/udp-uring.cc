// UDP by io_uring: every port has one multishot recvmsg that fills provided buffers without being asked again, and a
// batch of sends is one system call. Completions wait until this thread asks for them (DEFER_TASKRUN), so that a packet
// wakes nobody while the thread comes by every millisecond anyway.

#include <sys/eventfd.h>

#include <cerrno>
#include <cstring>

#include "udp-sockets.h"
#include "udp-transport.h"
#include "udp-uring-abi.h"

namespace {

constexpr unsigned kCompletions = 4 * kReceiveSlots;
constexpr uint16_t kBufferGroup = 0;
constexpr uint64_t kOfReceive = 0;
constexpr uint64_t kOfSend = 1;
// How often a batch of sends is offered again to a kernel that has no room for it at the moment.
constexpr int kMaxTries = 3;
// A batch's worth of deferred work; what is left keeps its flag, and has its turn in the next round.
constexpr int kMaxCalls = kMaxBatch / 16;

uint64_t TagOf(int index, uint32_t life) {
  return static_cast<uint64_t>(life) << 32 | static_cast<uint64_t>(index) << 8 | kOfReceive;
}

template <typename T>
T Acquire(const T* at) {
  return __atomic_load_n(at, __ATOMIC_ACQUIRE);
}

template <typename T>
void Publish(T* at, T value) {
  __atomic_store_n(at, value, __ATOMIC_RELEASE);
}

struct Mapping {
  void* at = MAP_FAILED;
  size_t bytes = 0;

  int Map(size_t wanted, int fd, uint64_t offset) {
    const int flags = fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED | MAP_POPULATE;
    at = mmap(nullptr, wanted, PROT_READ | PROT_WRITE, flags, fd, static_cast<off_t>(offset));
    bytes = wanted;
    return at == MAP_FAILED ? errno : 0;
  }

  ~Mapping() {
    if (at != MAP_FAILED) munmap(at, bytes);
  }

  uint32_t* Word(uint32_t offset) const { return reinterpret_cast<uint32_t*>(static_cast<uint8_t*>(at) + offset); }
};

class UringTransport final : public UdpTransport {
 public:
  UringTransport(UdpMemory* memory, const std::vector<UdpPort>* ports) : memory_(memory), ports_(ports) {}

  ~UringTransport() override {
    if (fd_ >= 0) {
      // Closing alone leaves the kernel to end the receives at its leisure; afterwards none of them is left.
      Cancel(0, uring::kCancelAny | uring::kCancelAll);
      close(fd_);
    }
    if (event_fd_ >= 0) close(event_fd_);
  }

  int Start() {
    uring::Params params = {};
    params.flags = uring::kSetupCqSize | uring::kSetupSubmitAll | uring::kSetupTaskrunFlag |
                   uring::kSetupSingleIssuer | uring::kSetupDeferTaskrun;
    params.cq_entries = kCompletions;
    fd_ = uring::Setup(kSendSlots, &params);
    if (fd_ < 0) return errno;
    const uint32_t needed = uring::kFeatSingleMmap | uring::kFeatNoDrop;
    if ((params.features & needed) != needed) return ENOSYS;
    if (int error = MapRings(params)) return error;
    if (int error = ProvideBuffers()) return error;
    event_fd_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (event_fd_ < 0) return errno;
    return uring::Register(fd_, uring::kRegisterEventfd, &event_fd_, 1) < 0 ? errno : 0;
  }

  int WatchedFd() const override { return event_fd_; }

  void SetSignals(bool wanted) override {
    Publish(cq_flags_, wanted ? 0 : uring::kCqEventfdDisabled);
    // Either the kernel sees the flag when it has work for us, or we see the work here and say so ourselves.
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (wanted && (HasWork() || Acquire(cq_tail_) != *cq_head_)) eventfd_write(event_fd_, 1);
  }

  void OnReadable() override {
    eventfd_t times;
    eventfd_read(event_fd_, &times);
  }

  int Add(int index) override { return Arm(index) ? 0 : EAGAIN; }

  void Remove(int index) override {
    const uint64_t tag = TagOf(index, (*ports_)[index].life);
    for (size_t at = 0; at < unarmed_.size(); at++) {
      if (unarmed_[at] == tag) unarmed_[at] = kForgotten;
    }
    Cancel(tag, 0);
  }

  int Receive() override {
    // The receives themselves happen in here, from Linux 6.13 on for no more than twenty ports a call.
    for (int calls = 0; HasWork() && calls < kMaxCalls; calls++) uring::Enter(fd_, 0, uring::kEnterGetEvents);
    clock_.Read();
    int count = 0;
    uint32_t head = *cq_head_;
    const uint32_t tail = Acquire(cq_tail_);
    for (; head != tail && count < kMaxBatch; head++) {
      const uring::Cqe& cqe = cqes_[head & cq_mask_];
      if ((cqe.user_data & 0xff) == kOfSend) {
        if (cqe.res < 0) memory_->words.failed++;
      } else if (Take(cqe, &memory_->arrivals[count])) {
        count++;
      }
    }
    Publish(cq_head_, head);
    return count;
  }

  void Release() override {
    // Only now may the kernel fill the slots of this batch again.
    Publish(&buffers_[0].resv, buffer_tail_);
    if (unarmed_.empty()) return;
    std::vector<uint64_t> tags;
    tags.swap(unarmed_);
    for (uint64_t tag : tags) {
      if (tag == kForgotten) continue;
      const int index = static_cast<int>(tag >> 8 & 0xffffff);
      if (!Arm(index)) unarmed_.push_back(tag);
    }
  }

  void Send(int count) override {
    uint32_t tail = *sq_tail_;
    unsigned pending = 0;
    for (int at = 0; at < count; at++) {
      SendSlot& slot = memory_->sends[at];
      if (slot.port < 0) continue;
      const UdpPort& port = (*ports_)[slot.port];
      uring::Sqe& sqe = sqes_[tail & sq_mask_];
      sqe = {};
      sqe.opcode = uring::kOpSend;
      // Success says nothing; and one that would have to wait fails, so that the slots are free after the call.
      sqe.flags = uring::kSqeSkipSuccess;
      sqe.msg_flags = MSG_DONTWAIT;
      sqe.fd = port.fd;
      sqe.addr = reinterpret_cast<uint64_t>(slot.bytes);
      sqe.len = static_cast<uint32_t>(slot.length);
      sqe.addr2 = reinterpret_cast<uint64_t>(&slot.target);
      sqe.addr_len = static_cast<uint16_t>(AddressBytes(port.family));
      sqe.user_data = kOfSend;
      tail++;
      pending++;
    }
    Publish(sq_tail_, tail);
    memory_->words.failed += Submit(pending);
  }

 private:
  static constexpr uint64_t kForgotten = ~0ull;

  bool HasWork() const { return (Acquire(sq_flags_) & (uring::kSqTaskrun | uring::kSqCqOverflow)) != 0; }

  int MapRings(const uring::Params& params) {
    const size_t sq_bytes = params.sq_off.array + params.sq_entries * sizeof(uint32_t);
    const size_t cq_bytes = params.cq_off.cqes + params.cq_entries * sizeof(uring::Cqe);
    if (int error = rings_.Map(sq_bytes > cq_bytes ? sq_bytes : cq_bytes, fd_, uring::kOffSqRing)) return error;
    if (int error = requests_.Map(params.sq_entries * sizeof(uring::Sqe), fd_, uring::kOffSqes)) return error;
    sqes_ = static_cast<uring::Sqe*>(requests_.at);
    sq_tail_ = rings_.Word(params.sq_off.tail);
    sq_flags_ = rings_.Word(params.sq_off.flags);
    sq_mask_ = *rings_.Word(params.sq_off.ring_mask);
    cq_head_ = rings_.Word(params.cq_off.head);
    cq_tail_ = rings_.Word(params.cq_off.tail);
    cq_flags_ = rings_.Word(params.cq_off.flags);
    cq_mask_ = *rings_.Word(params.cq_off.ring_mask);
    cqes_ = reinterpret_cast<uring::Cqe*>(rings_.Word(params.cq_off.cqes));
    // Requests are used in their order, so that the indirection says nothing.
    uint32_t* const array = rings_.Word(params.sq_off.array);
    for (uint32_t at = 0; at < params.sq_entries; at++) array[at] = at;
    return 0;
  }

  int ProvideBuffers() {
    if (int error = buffer_ring_.Map(kReceiveSlots * sizeof(uring::Buffer), -1, 0)) return error;
    buffers_ = static_cast<uring::Buffer*>(buffer_ring_.at);
    uring::BufferRing ring = {};
    ring.ring_addr = reinterpret_cast<uint64_t>(buffers_);
    ring.ring_entries = kReceiveSlots;
    ring.bgid = kBufferGroup;
    if (uring::Register(fd_, uring::kRegisterPbufRing, &ring, 1) < 0) return errno;
    for (int slot = 0; slot < kReceiveSlots; slot++) Provide(static_cast<uint16_t>(slot));
    Publish(&buffers_[0].resv, buffer_tail_);
    return 0;
  }

  // Gives a slot to the kernel, which sees it with the next tail.
  void Provide(uint16_t slot) {
    uring::Buffer& buffer = buffers_[buffer_tail_ & (kReceiveSlots - 1)];
    buffer.addr = reinterpret_cast<uint64_t>(&memory_->receives[slot]);
    buffer.len = sizeof(ReceiveSlot);
    buffer.bid = slot;
    buffer_tail_++;
  }

  bool Arm(int index) {
    const UdpPort& port = (*ports_)[index];
    const uint32_t tail = *sq_tail_;
    uring::Sqe& sqe = sqes_[tail & sq_mask_];
    sqe = {};
    sqe.opcode = uring::kOpRecvmsg;
    sqe.flags = uring::kSqeBufferSelect;
    sqe.ioprio = uring::kRecvMultishot;
    sqe.fd = port.fd;
    sqe.addr = reinterpret_cast<uint64_t>(&template_);
    sqe.len = 1;
    sqe.buf_group = kBufferGroup;
    sqe.user_data = TagOf(index, port.life);
    Publish(sq_tail_, tail + 1);
    return Submit(1) == 0;
  }

  // Ends receives, so that nothing of ours holds their sockets: the port is free as soon as it is closed.
  void Cancel(uint64_t tag, uint32_t flags) {
    uring::SyncCancel cancel = {};
    cancel.addr = tag;
    cancel.fd = -1;
    cancel.flags = flags;
    cancel.timeout_sec = 1;
    uring::Register(fd_, uring::kRegisterSyncCancel, &cancel, 1);
    // What was cancelled ends only when this thread does its deferred work.
    uring::Enter(fd_, 0, uring::kEnterGetEvents);
  }

  // Hands over the newest requests; takes back those the kernel would not have, and says how many.
  unsigned Submit(unsigned pending) {
    for (int tries = 0; pending > 0 && tries < kMaxTries;) {
      const int taken = uring::Enter(fd_, pending, 0);
      if (taken > 0) {
        pending -= static_cast<unsigned>(taken);
      } else {
        tries++;
        uring::Enter(fd_, 0, uring::kEnterGetEvents);
      }
    }
    Publish(sq_tail_, *sq_tail_ - pending);
    return pending;
  }

  // Whether the completion is a datagram for a port that is still there.
  bool Take(const uring::Cqe& cqe, Arrival* row) {
    const int index = static_cast<int>(cqe.user_data >> 8 & 0xffffff);
    const uint32_t life = static_cast<uint32_t>(cqe.user_data >> 32);
    // What was written belongs to our batch; the slot goes back with it, for whomever it was meant.
    const bool has_buffer = (cqe.flags & uring::kCqeBuffer) != 0;
    const uint16_t slot = static_cast<uint16_t>(cqe.flags >> uring::kCqeBufferShift);
    if (has_buffer) Provide(slot);
    if (index >= static_cast<int>(ports_->size())) return false;
    const UdpPort& port = (*ports_)[index];
    if (port.fd < 0 || port.life != life) return false;
    if (!(cqe.flags & uring::kCqeMore)) unarmed_.push_back(cqe.user_data);
    if (!has_buffer) {
      // Without a buffer left the datagrams wait in their sockets, and the receive begins anew after this batch.
      if (cqe.res != -ENOBUFS) memory_->words.faults++;
      return false;
    }
    const ReceiveSlot& received = memory_->receives[slot];
    uring::RecvmsgOut out;
    memcpy(&out, received.header, sizeof out);
    const int length = cqe.res - kReceiveHeaderBytes;
    if (length < 0) return false;
    if (out.flags & MSG_TRUNC) {
      memory_->words.too_long++;
      return false;
    }
    row->port = index;
    row->length = length;
    row->bytes_at = memory_->OffsetOf(received.bytes);
    row->source_at = memory_->OffsetOf(received.source);
    row->us = clock_.Of(received.control, out.controllen);
    return true;
  }

  UdpMemory* const memory_;
  const std::vector<UdpPort>* const ports_;
  int fd_ = -1;
  int event_fd_ = -1;
  Mapping rings_, requests_, buffer_ring_;
  uring::Sqe* sqes_ = nullptr;
  uint32_t* sq_tail_ = nullptr;
  uint32_t* sq_flags_ = nullptr;
  uint32_t sq_mask_ = 0;
  uring::Cqe* cqes_ = nullptr;
  uint32_t* cq_head_ = nullptr;
  uint32_t* cq_tail_ = nullptr;
  uint32_t* cq_flags_ = nullptr;
  uint32_t cq_mask_ = 0;
  uring::Buffer* buffers_ = nullptr;
  uint16_t buffer_tail_ = 0;
  // Tags of receives that have ended and must begin anew.
  std::vector<uint64_t> unarmed_;
  ArrivalClock clock_;
  // How much room each part of a datagram has; the same for all.
  msghdr template_ = MakeTemplate();

  static msghdr MakeTemplate() {
    msghdr wanted = {};
    wanted.msg_namelen = kSourceBytes;
    wanted.msg_controllen = kControlBytes;
    return wanted;
  }
};

}  // namespace

std::unique_ptr<UdpTransport> StartUring(UdpMemory* memory, const std::vector<UdpPort>* ports, int* error) {
  auto transport = std::make_unique<UringTransport>(memory, ports);
  *error = transport->Start();
  if (*error != 0) return nullptr;
  return transport;
}
