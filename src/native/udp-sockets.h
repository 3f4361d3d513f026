// Bound UDP sockets and addresses as text: what both transports and the addon's surface need of the system.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <string>

// Opens and binds; returns 0 or an errno value. `address` is a literal of the family, `port` 0 for any.
int OpenUdpSocket(int family, const std::string& address, int port, int* fd, int* bound_port);

// Fills in address and port of a literal; false when it is none of that family.
bool ReadAddress(int family, const std::string& text, int port, sockaddr_storage* address);

inline socklen_t AddressBytes(int family) {
  return family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
}
