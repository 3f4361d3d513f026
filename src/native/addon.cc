// The native addon's front door: registers what the files beside it implement. It holds no state of its own.
//
//   srtp.cc       SRTP and SRTCP transforms on OpenSSL's EVP, contexts reused
//   dtls.cc       DTLS-SRTP associations and our certificate, on memory BIOs
//   udp.cc        batched UDP by io_uring, with recvmmsg and sendmmsg as fall-back
//   datagrams.cc  one UDP socket whose datagrams may be as long as UDP allows, in batches
//
// OpenSSL is the one that Node itself carries and exports: nothing is linked.

#include <node_api.h>

#include "addon.h"

NAPI_MODULE_INIT() {
  RegisterSrtp(env, exports);
  RegisterDtls(env, exports);
  RegisterUdp(env, exports);
  RegisterDatagrams(env, exports);
  return exports;
}
