#include "udp-sockets.h"

#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <unistd.h>

#include "udp-transport.h"

// About half a second of one G.711 stream with room for bursts; Linux doubles it for its own bookkeeping.
static constexpr int kKernelBufferBytes = 128 * 1024;
// A receive time further back than this is no delay but a wall clock that was set.
static constexpr double kMaxDelayUs = 2e6;

bool ReadAddress(int family, const std::string& text, int port, sockaddr_storage* address) {
  memset(address, 0, sizeof(*address));
  address->ss_family = static_cast<sa_family_t>(family);
  // A NUL inside would end the text early for inet_pton.
  if (text.find('\0') != std::string::npos || port < 0 || port > 65535) return false;
  if (family == AF_INET) {
    auto* v4 = reinterpret_cast<sockaddr_in*>(address);
    v4->sin_port = htons(static_cast<uint16_t>(port));
    return inet_pton(AF_INET, text.c_str(), &v4->sin_addr) == 1;
  }
  auto* v6 = reinterpret_cast<sockaddr_in6*>(address);
  v6->sin6_port = htons(static_cast<uint16_t>(port));
  return inet_pton(AF_INET6, text.c_str(), &v6->sin6_addr) == 1;
}

static int Configure(int fd, int family, const sockaddr_storage& address) {
  const int yes = 1;
  const int bytes = kKernelBufferBytes;
  if (family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes) != 0) return errno;
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes) != 0) return errno;
  if (setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes) != 0) return errno;
  if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &yes, sizeof yes) != 0) return errno;
  return bind(fd, reinterpret_cast<const sockaddr*>(&address), AddressBytes(family)) == 0 ? 0 : errno;
}

int OpenUdpSocket(int family, const std::string& address, int port, int* fd, int* bound_port) {
  sockaddr_storage place;
  if (!ReadAddress(family, address, port, &place)) return EINVAL;
  const int made = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (made < 0) return errno;
  int error = Configure(made, family, place);
  socklen_t bytes = sizeof place;
  if (error == 0 && getsockname(made, reinterpret_cast<sockaddr*>(&place), &bytes) != 0) error = errno;
  if (error != 0) {
    close(made);
    return error;
  }
  *fd = made;
  // The port lies at the same place in both families.
  *bound_port = ntohs(reinterpret_cast<const sockaddr_in*>(&place)->sin_port);
  return 0;
}

double ArrivalClock::Of(const uint8_t* control, size_t bytes) const {
  cmsghdr header;
  timespec wall;
  if (bytes < CMSG_LEN(sizeof wall)) return now_us_;
  memcpy(&header, control, sizeof header);
  if (header.cmsg_level != SOL_SOCKET || header.cmsg_type != SCM_TIMESTAMPNS) return now_us_;
  memcpy(&wall, control + CMSG_LEN(0), sizeof wall);
  const double us = Us(wall) + offset_us_;
  return us > now_us_ || us < now_us_ - kMaxDelayUs ? now_us_ : us;
}
