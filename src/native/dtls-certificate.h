// Our certificate for DTLS-SRTP: made here, known to peers by its hash in SDP alone, and never kept in a file.
#pragma once

#include <string>

struct CertificatePem {
  std::string certificate;
  // Secret; whoever copies it on wipes it.
  std::string private_key;
};

// False when OpenSSL had no memory or no randomness.
bool MakeCertificate(CertificatePem* made);
