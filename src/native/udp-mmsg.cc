// UDP where io_uring may not be used: epoll says which ports have datagrams, recvmmsg takes them, sendmmsg sends what
// leaves a port in a row. One system call each way for a port with one packet, which is most of them.

#include <sys/epoll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "udp-sockets.h"
#include "udp-transport.h"

namespace {

constexpr int kMaxReady = 256;
// Of one port at a time, so that a flooded one leaves the others their share of a batch.
constexpr int kMaxBurst = 16;

class MmsgTransport final : public UdpTransport {
 public:
  MmsgTransport(UdpMemory* memory, const std::vector<UdpPort>* ports) : memory_(memory), ports_(ports) {
    for (int at = 0; at < kMaxBatch; at++) PrepareReceive(at);
  }

  ~MmsgTransport() override {
    if (epoll_fd_ >= 0) close(epoll_fd_);
  }

  int Start() {
    epoll_fd_ = epoll_create1(EPOLL_CLOEXEC);
    return epoll_fd_ < 0 ? errno : 0;
  }

  // Readable while any port is, which needs no switch and no acknowledgement.
  int WatchedFd() const override { return epoll_fd_; }
  void SetSignals(bool) override {}
  void OnReadable() override {}

  int Add(int index) override {
    epoll_event event = {};
    event.events = EPOLLIN;
    event.data.u32 = static_cast<uint32_t>(index);
    return epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, (*ports_)[index].fd, &event) == 0 ? 0 : errno;
  }

  void Remove(int index) override {
    epoll_event event = {};
    epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, (*ports_)[index].fd, &event);
  }

  int Receive() override {
    epoll_event ready[kMaxReady];
    int places = 0;
    int count = 0;
    const int found = epoll_wait(epoll_fd_, ready, kMaxReady, 0);
    clock_.Read();
    for (int at = 0; at < found && places < kMaxBatch; at++) {
      const int index = static_cast<int>(ready[at].data.u32);
      const int room = kMaxBatch - places;
      const unsigned burst = static_cast<unsigned>(room < kMaxBurst ? room : kMaxBurst);
      const int taken = recvmmsg((*ports_)[index].fd, &receives_[places], burst, MSG_DONTWAIT, nullptr);
      if (taken < 0 && errno != EAGAIN && errno != EINTR) memory_->words.faults++;
      for (int n = 0; n < taken; n++) {
        if (Take(index, places + n, &memory_->arrivals[count])) count++;
        PrepareReceive(places + n);
      }
      if (taken > 0) places += taken;
    }
    return count;
  }

  void Release() override {}

  void Send(int count) override {
    for (int at = 0; at < count;) {
      const int port = memory_->sends[at].port;
      int end = at + 1;
      while (end < count && memory_->sends[end].port == port) end++;
      if (port >= 0) SendRow(at, end);
      at = end;
    }
  }

 private:
  void SendRow(int at, int end) {
    const UdpPort& port = (*ports_)[memory_->sends[at].port];
    for (int n = at; n < end; n++) {
      SendSlot& slot = memory_->sends[n];
      send_vectors_[n] = {slot.bytes, static_cast<size_t>(slot.length)};
      msghdr& header = sends_[n].msg_hdr;
      header = {};
      header.msg_name = &slot.target;
      header.msg_namelen = AddressBytes(port.family);
      header.msg_iov = &send_vectors_[n];
      header.msg_iovlen = 1;
    }
    while (at < end) {
      const int sent = sendmmsg(port.fd, &sends_[at], static_cast<unsigned>(end - at), MSG_DONTWAIT);
      if (sent < 0) memory_->words.failed++;
      // The one that failed is left out, those behind it have their turn.
      at += sent > 0 ? sent : 1;
    }
  }

  void PrepareReceive(int at) {
    ReceiveSlot& slot = memory_->receives[at];
    receive_vectors_[at] = {slot.bytes, sizeof slot.bytes};
    msghdr& header = receives_[at].msg_hdr;
    header = {};
    header.msg_name = slot.source;
    header.msg_namelen = kSourceBytes;
    header.msg_control = slot.control;
    header.msg_controllen = kControlBytes;
    header.msg_iov = &receive_vectors_[at];
    header.msg_iovlen = 1;
  }

  bool Take(int index, int place, Arrival* row) {
    const ReceiveSlot& slot = memory_->receives[place];
    const mmsghdr& received = receives_[place];
    if (received.msg_hdr.msg_flags & MSG_TRUNC) {
      memory_->words.too_long++;
      return false;
    }
    row->port = index;
    row->length = static_cast<int32_t>(received.msg_len);
    row->bytes_at = memory_->OffsetOf(slot.bytes);
    row->source_at = memory_->OffsetOf(slot.source);
    row->us = clock_.Of(slot.control, received.msg_hdr.msg_controllen);
    return true;
  }

  UdpMemory* const memory_;
  const std::vector<UdpPort>* const ports_;
  int epoll_fd_ = -1;
  mmsghdr receives_[kMaxBatch];
  iovec receive_vectors_[kMaxBatch];
  mmsghdr sends_[kSendSlots];
  iovec send_vectors_[kSendSlots];
  ArrivalClock clock_;
};

}  // namespace

std::unique_ptr<UdpTransport> StartMmsg(UdpMemory* memory, const std::vector<UdpPort>* ports, int* error) {
  auto transport = std::make_unique<MmsgTransport>(memory, ports);
  *error = transport->Start();
  if (*error != 0) return nullptr;
  return transport;
}
