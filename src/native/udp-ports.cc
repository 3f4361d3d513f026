#include "udp-ports.h"

#include <sys/timerfd.h>
#include <unistd.h>

#include <cerrno>

#include "udp-sockets.h"

namespace {

// A timerfd, because libuv's own timers know whole milliseconds only and add their lateness to the next round.
constexpr long kTickNs = 1'000'000;
// Two wakes closer than this are load.
constexpr uint64_t kLoadNs = 2'000'000;
// Ticks without a packet before the loop watches again.
constexpr int kMaxIdleTicks = 4;
// Full batches of one turn; then the loop's other work has its turn.
constexpr int kMaxRounds = 4;

}  // namespace

// What we do ourselves is no news to be woken by; what came meanwhile is.
class UdpPorts::Silence {
 public:
  explicit Silence(UdpPorts* ports) : ports_(ports->in_turn_ || !ports->is_watching_ ? nullptr : ports) {
    if (ports_) ports_->transport_->SetSignals(false);
  }
  ~Silence() {
    if (ports_) ports_->transport_->SetSignals(true);
  }

 private:
  UdpPorts* const ports_;
};

UdpPorts::UdpPorts(napi_env env, std::shared_ptr<UdpMemory> memory) : env_(env), memory_(std::move(memory)) {}

UdpPorts::~UdpPorts() {
  if (tick_fd_ >= 0) close(tick_fd_);
}

int UdpPorts::Start(const std::string& kind, napi_value on_batch) {
  int error = 0;
  transport_ = kind == "io_uring" ? StartUring(memory_.get(), &ports_, &error)
                                  : StartMmsg(memory_.get(), &ports_, &error);
  if (!transport_) return error;
  uv_loop_t* loop = nullptr;
  if (napi_get_uv_event_loop(env_, &loop) != napi_ok) return EINVAL;
  tick_fd_ = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  if (tick_fd_ < 0) return errno;
  const int watched[] = {transport_->WatchedFd(), tick_fd_};
  for (uv_poll_t* handle : handles_) {
    if (int code = uv_poll_init(loop, handle, watched[open_handles_])) return -code;
    handle->data = this;
    open_handles_++;
  }
  napi_create_reference(env_, on_batch, 1, &on_batch_);
  napi_add_async_cleanup_hook(env_, OnEnvironmentEnd, this, &cleanup_);
  Watch();
  Hold(false);
  return 0;
}

int UdpPorts::Open(int family, const std::string& address, int port, int* index, int* bound_port) {
  if (free_.empty() && ports_.size() >= kMaxPorts) return EMFILE;
  int fd = -1;
  if (int error = OpenUdpSocket(family, address, port, &fd, bound_port)) return error;
  if (free_.empty()) {
    free_.push_back(static_cast<int>(ports_.size()));
    ports_.emplace_back();
  }
  *index = free_.back();
  UdpPort& made = ports_[*index];
  made.fd = fd;
  made.family = static_cast<uint16_t>(family);
  const Silence silence(this);
  if (int error = transport_->Add(*index)) {
    made.fd = -1;
    close(fd);
    return error;
  }
  free_.pop_back();
  if (open_ports_++ == 0) Hold(true);
  return 0;
}

bool UdpPorts::IsOpen(int index) const {
  return index >= 0 && index < static_cast<int>(ports_.size()) && ports_[index].fd >= 0;
}

void UdpPorts::Close(int index) {
  UdpPort& port = ports_[index];
  const Silence silence(this);
  transport_->Remove(index);
  close(port.fd);
  port.fd = -1;
  port.life++;
  // What waits to leave by it must not leave by the next port of that number.
  const int queued = Queued();
  for (int at = 0; at < queued; at++) {
    if (memory_->sends[at].port == index) memory_->sends[at].port = -1;
  }
  (in_turn_ ? resting_ : free_).push_back(index);
  if (--open_ports_ == 0) Hold(false);
}

void UdpPorts::Flush() {
  const int count = Queued();
  memory_->words.queued = 0;
  for (int at = 0; at < count; at++) Check(&memory_->sends[at]);
  const Silence silence(this);
  if (count > 0) transport_->Send(count);
}

void UdpPorts::Stop() {
  must_stop_ = true;
  if (!in_turn_) ShutDown();
}

void UdpPorts::Drop() {
  is_dropped_ = true;
  Stop();
  DeleteIfDone();
}

int UdpPorts::Queued() const {
  const int queued = memory_->words.queued;
  return queued < 0 ? 0 : queued > kSendSlots ? kSendSlots : queued;
}

// A slot that cannot be sent is left out by the transport.
void UdpPorts::Check(SendSlot* slot) {
  if (slot->port < 0) return;
  if (IsOpen(slot->port) && slot->length > 0 && slot->length <= static_cast<int>(sizeof slot->bytes)) {
    slot->target.sa_family = ports_[slot->port].family;
    return;
  }
  slot->port = -1;
  memory_->words.failed++;
}

// Open ports keep the event loop alive, as sockets of node:dgram do.
void UdpPorts::Hold(bool is_held) {
  if (open_handles_ == 0) return;
  for (uv_poll_t* handle : handles_) {
    if (is_held) uv_ref(reinterpret_cast<uv_handle_t*>(handle));
    else uv_unref(reinterpret_cast<uv_handle_t*>(handle));
  }
}

void UdpPorts::OnReadable(uv_poll_t* handle, int, int) {
  auto* self = static_cast<UdpPorts*>(handle->data);
  self->transport_->OnReadable();
  const uint64_t now = uv_hrtime();
  const bool is_load = now - self->last_wake_ns_ < kLoadNs;
  self->last_wake_ns_ = now;
  const bool is_full = self->Turn() >= kMaxBatch;
  if (self->transport_ && (is_load || is_full)) self->Tick();
}

void UdpPorts::OnTick(uv_poll_t* handle, int, int) {
  auto* self = static_cast<UdpPorts*>(handle->data);
  uint64_t ticks;
  if (read(self->tick_fd_, &ticks, sizeof ticks) < 0) return;
  self->idle_ticks_ = self->Turn() > 0 ? 0 : self->idle_ticks_ + 1;
  if (self->transport_ && self->idle_ticks_ >= kMaxIdleTicks) self->Watch();
}

void UdpPorts::Watch() {
  is_watching_ = true;
  transport_->SetSignals(true);
  uv_poll_stop(&tick_);
  SetTick(0);
  uv_poll_start(&poll_, UV_READABLE, OnReadable);
}

void UdpPorts::Tick() {
  idle_ticks_ = 0;
  is_watching_ = false;
  transport_->SetSignals(false);
  uv_poll_stop(&poll_);
  SetTick(kTickNs);
  uv_poll_start(&tick_, UV_READABLE, OnTick);
}

void UdpPorts::SetTick(long ns) {
  itimerspec every = {};
  every.it_interval.tv_nsec = every.it_value.tv_nsec = ns;
  timerfd_settime(tick_fd_, 0, &every, nullptr);
}

// Takes and hands over what is there, and sends what that caused; says how many datagrams it was.
int UdpPorts::Turn() {
  int total = 0;
  if (is_watching_) transport_->SetSignals(false);
  in_turn_ = true;
  for (int round = 0; round < kMaxRounds && !must_stop_; round++) {
    const int count = transport_->Receive();
    if (count > 0 || memory_->words.failed != told_failed_) HandOver(count);
    transport_->Release();
    Flush();
    total += count;
    if (count < kMaxBatch) break;
  }
  in_turn_ = false;
  free_.insert(free_.end(), resting_.begin(), resting_.end());
  resting_.clear();
  if (must_stop_) ShutDown();
  else if (is_watching_) transport_->SetSignals(true);
  return total;
}

void UdpPorts::HandOver(int count) {
  told_failed_ = memory_->words.failed;
  napi_handle_scope scope;
  if (napi_open_handle_scope(env_, &scope) != napi_ok) return;
  napi_value on_batch, receiver, argument;
  napi_get_reference_value(env_, on_batch_, &on_batch);
  napi_get_global(env_, &receiver);
  napi_create_int32(env_, count, &argument);
  if (napi_make_callback(env_, nullptr, receiver, on_batch, 1, &argument, nullptr) != napi_ok) {
    // The worker goes on: at most this batch is lost. A thread that is being ended cannot be called either.
    memory_->words.faults++;
    bool is_pending = false;
    napi_value thrown;
    if (napi_is_exception_pending(env_, &is_pending) == napi_ok && is_pending) {
      napi_get_and_clear_last_exception(env_, &thrown);
    }
  }
  napi_close_handle_scope(env_, scope);
}

void UdpPorts::OnEnvironmentEnd(napi_async_cleanup_hook_handle, void* argument) {
  static_cast<UdpPorts*>(argument)->Stop();
}

// Everything of the system goes at once; the handles follow when the loop has seen it.
void UdpPorts::ShutDown() {
  if (!transport_) return;
  for (int at = 0; at < open_handles_; at++) uv_close(reinterpret_cast<uv_handle_t*>(handles_[at]), OnHandleClosed);
  transport_.reset();
  for (UdpPort& port : ports_) {
    if (port.fd >= 0) close(port.fd);
    port.fd = -1;
  }
  if (on_batch_) napi_delete_reference(env_, on_batch_);
}

void UdpPorts::OnHandleClosed(uv_handle_t* handle) {
  auto* self = static_cast<UdpPorts*>(handle->data);
  if (--self->open_handles_ > 0) return;
  if (self->cleanup_) napi_remove_async_cleanup_hook(self->cleanup_);
  self->DeleteIfDone();
}

void UdpPorts::DeleteIfDone() {
  if (is_dropped_ && open_handles_ == 0) delete this;
}
