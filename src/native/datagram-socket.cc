#include "datagram-socket.h"

#include <net/if.h>
#include <unistd.h>

#include <cerrno>

#include "udp-sockets.h"

namespace {

// Added to the way of a message at the most, and only while there is load; SIP's shortest timer is a hundred times that.
constexpr uint64_t kTickMs = 5;
// Two wakes closer than this are load.
constexpr uint64_t kLoadNs = 6'000'000;
// Looks that found nothing before the loop watches again.
constexpr int kMaxIdleTicks = 2;
// Enough for a burst of a few thousand messages; the kernel may grant less, which is fine.
constexpr int kKernelBufferBytes = 4 * 1024 * 1024;

}  // namespace

DatagramSocket::DatagramSocket(napi_env env, std::shared_ptr<DatagramMemory> memory)
    : env_(env), memory_(std::move(memory)) {
  for (int n = 0; n < kReceiveRows; n++) {
    receive_vectors_[n] = {memory_->slots[n], kReceiveSlotBytes};
    receives_[n].msg_hdr.msg_name = &memory_->receives[n].source;
    receives_[n].msg_hdr.msg_iov = &receive_vectors_[n];
    receives_[n].msg_hdr.msg_iovlen = 1;
  }
  for (int n = 0; n < kSendRows; n++) {
    sends_[n].msg_hdr.msg_name = &memory_->sends[n].target;
    sends_[n].msg_hdr.msg_iov = &send_vectors_[n];
    sends_[n].msg_hdr.msg_iovlen = 1;
  }
}

int DatagramSocket::Start(int family, const std::string& address, int port, napi_value on_batch) {
  if (int error = OpenUdpSocket(family, address, port, &fd_, &bound_port_)) return error;
  family_ = family;
  for (mmsghdr& send : sends_) send.msg_hdr.msg_namelen = AddressBytes(family);
  if (int error = Configure()) return error;
  uv_loop_t* loop = nullptr;
  if (napi_get_uv_event_loop(env_, &loop) != napi_ok) return EINVAL;
  uv_timer_init(loop, &tick_);
  tick_.data = this;
  open_handles_++;
  if (int code = uv_poll_init(loop, &poll_, fd_)) return -code;
  poll_.data = this;
  open_handles_++;
  if (napi_create_reference(env_, on_batch, 1, &on_batch_) != napi_ok) return ENOMEM;
  napi_add_async_cleanup_hook(env_, OnEnvironmentEnd, this, &cleanup_);
  Watch();
  return 0;
}

int DatagramSocket::Configure() {
  const int no = 0;
  const int bytes = kKernelBufferBytes;
  if (setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes) != 0) return errno;
  if (setsockopt(fd_, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes) != 0) return errno;
  // Media wants to know when a packet came; of a message nobody asks.
  if (setsockopt(fd_, SOL_SOCKET, SO_TIMESTAMPNS, &no, sizeof no) != 0) return errno;
  // A sandbox that forbids the calls says so now, while another kind of socket can still be taken.
  if (recvmmsg(fd_, receives_, 0, MSG_DONTWAIT, nullptr) < 0) return errno;
  return sendmmsg(fd_, sends_, 0, MSG_DONTWAIT) < 0 ? errno : 0;
}

int DatagramSocket::Send(int count) {
  int bytes = 0;
  for (int n = 0; n < count; n++) {
    SendRow& row = memory_->sends[n];
    // Read once: what is checked is what is used, whoever else may write there.
    const int32_t length = row.length;
    if (length < 0 || length > kMaxSendBytes || length > kSendBytes - bytes) return -1;
    send_vectors_[n] = {memory_->send_bytes + bytes, static_cast<size_t>(length)};
    row.target.any.sa_family = static_cast<sa_family_t>(family_);
    row.error = 0;
    bytes += length;
  }
  int failed = 0;
  for (int at = 0; at < count;) {
    const int sent = sendmmsg(fd_, &sends_[at], static_cast<unsigned>(count - at), MSG_DONTWAIT);
    if (sent > 0) {
      at += sent;
      continue;
    }
    if (sent < 0 && errno == EINTR) continue;
    // The one that failed is left out, those behind it have their turn.
    memory_->sends[at++].error = sent < 0 ? errno : EIO;
    failed++;
  }
  return failed;
}

bool DatagramSocket::ReadSource(int row, std::string* text) const {
  const Sockaddr source = memory_->receives[row].source;
  char buffer[INET6_ADDRSTRLEN];
  if (source.any.sa_family != family_) return false;
  const void* address =
      family_ == AF_INET ? static_cast<const void*>(&source.v4.sin_addr) : static_cast<const void*>(&source.v6.sin6_addr);
  if (uv_inet_ntop(family_, address, buffer, sizeof buffer) != 0) return false;
  *text = buffer;
  // A link-local address is somewhere only together with its interface.
  char zone[IF_NAMESIZE];
  if (family_ == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&source.v6.sin6_addr) &&
      if_indextoname(source.v6.sin6_scope_id, zone)) {
    *text += '%';
    *text += zone;
  }
  return true;
}

void DatagramSocket::OnReadable(uv_poll_t* handle, int status, int) {
  auto* self = static_cast<DatagramSocket*>(handle->data);
  const uint64_t now = uv_hrtime();
  const bool is_load = now - self->last_wake_ns_ < kLoadNs;
  self->last_wake_ns_ = now;
  const Found found = self->Turn();
  if (!self->IsOpen()) return;
  // Readable and yet nothing to be had is an error that stays: looked at now and then it cannot keep the loop busy.
  if (status < 0 || found == Found::kNothing || (found == Found::kSome && is_load)) self->Look();
}

void DatagramSocket::OnTick(uv_timer_t* handle) {
  auto* self = static_cast<DatagramSocket*>(handle->data);
  const Found found = self->Turn();
  if (!self->IsOpen()) return;
  self->idle_ticks_ = found == Found::kNothing ? self->idle_ticks_ + 1 : 0;
  // What is left over makes a watched socket readable in the loop's next turn, which is sooner than the next look.
  if (found == Found::kMore || self->idle_ticks_ >= kMaxIdleTicks) self->Watch();
}

void DatagramSocket::Watch() {
  uv_timer_stop(&tick_);
  uv_poll_start(&poll_, UV_READABLE, OnReadable);
}

void DatagramSocket::Look() {
  idle_ticks_ = 0;
  uv_poll_stop(&poll_);
  uv_timer_start(&tick_, OnTick, kTickMs, kTickMs);
}

// Takes and hands over a batch at the most, which may close the socket; then the loop's other work has its turn.
DatagramSocket::Found DatagramSocket::Turn() {
  int error = 0;
  const int count = Receive(&error);
  if (count > 0 || error != 0) HandOver(count, error);
  if (count == 0) return Found::kNothing;
  return count < kReceiveRows ? Found::kSome : Found::kMore;
}

// Fills rows, at most a batch, and says how many.
int DatagramSocket::Receive(int* error) {
  for (mmsghdr& receive : receives_) receive.msg_hdr.msg_namelen = sizeof(Sockaddr);
  const int count = recvmmsg(fd_, receives_, kReceiveRows, MSG_DONTWAIT, nullptr);
  if (count < 0) {
    *error = errno == EAGAIN || errno == EINTR ? 0 : errno;
    return 0;
  }
  for (int n = 0; n < count; n++) {
    const bool is_cut = receives_[n].msg_hdr.msg_flags & MSG_TRUNC;
    memory_->receives[n].length = is_cut ? -1 : static_cast<int32_t>(receives_[n].msg_len);
  }
  return count;
}

void DatagramSocket::HandOver(int count, int error) {
  napi_handle_scope scope;
  if (napi_open_handle_scope(env_, &scope) != napi_ok) return;
  napi_value on_batch, receiver, arguments[2];
  napi_get_reference_value(env_, on_batch_, &on_batch);
  napi_get_global(env_, &receiver);
  napi_create_int32(env_, count, &arguments[0]);
  napi_create_int32(env_, error, &arguments[1]);
  if (napi_make_callback(env_, nullptr, receiver, on_batch, 2, arguments, nullptr) != napi_ok) {
    // At most this batch is lost; whoever gets batches counts its own faults. A thread that ends cannot be called either.
    bool is_pending = false;
    napi_value thrown;
    if (napi_is_exception_pending(env_, &is_pending) == napi_ok && is_pending) {
      napi_get_and_clear_last_exception(env_, &thrown);
    }
  }
  napi_close_handle_scope(env_, scope);
}

void DatagramSocket::OnEnvironmentEnd(napi_async_cleanup_hook_handle, void* argument) {
  static_cast<DatagramSocket*>(argument)->Close();
}

// The handles follow when the loop has seen it, which is never within a turn.
void DatagramSocket::Close() {
  if (!IsOpen()) return;
  uv_handle_t* const handles[] = {reinterpret_cast<uv_handle_t*>(&tick_), reinterpret_cast<uv_handle_t*>(&poll_)};
  for (int at = 0; at < open_handles_; at++) uv_close(handles[at], OnHandleClosed);
  close(fd_);
  fd_ = -1;
  if (on_batch_) napi_delete_reference(env_, on_batch_);
  on_batch_ = nullptr;
}

void DatagramSocket::Drop() {
  is_dropped_ = true;
  Close();
  DeleteIfDone();
}

void DatagramSocket::OnHandleClosed(uv_handle_t* handle) {
  auto* self = static_cast<DatagramSocket*>(handle->data);
  if (--self->open_handles_ > 0) return;
  if (self->cleanup_) napi_remove_async_cleanup_hook(self->cleanup_);
  self->DeleteIfDone();
}

void DatagramSocket::DeleteIfDone() {
  if (is_dropped_ && open_handles_ == 0) delete this;
}
