// A BIO without a socket. A memory BIO would do for streams; it forgets where a datagram ends.

#include "dtls-bio.h"

#include "dtls-association.h"

namespace {

Association* AssociationOf(BIO* bio) { return static_cast<Association*>(BIO_get_data(bio)); }

int Read(BIO* bio, char* into, int capacity) {
  BIO_clear_retry_flags(bio);
  const int size = AssociationOf(bio)->ReadDatagram(reinterpret_cast<uint8_t*>(into), static_cast<size_t>(capacity));
  if (size < 0) BIO_set_retry_read(bio);
  return size;
}

int Write(BIO* bio, const char* bytes, int size) {
  BIO_clear_retry_flags(bio);
  AssociationOf(bio)->WriteDatagram(reinterpret_cast<const uint8_t*>(bytes), static_cast<size_t>(size));
  return size;
}

// Everything else a datagram BIO is asked (its MTU, its peer, timeouts of its socket) it does not know.
long Control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

BIO_METHOD* Method() {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "earshot datagrams");
    if (made == nullptr) return made;
    BIO_meth_set_read(made, Read);
    BIO_meth_set_write(made, Write);
    BIO_meth_set_ctrl(made, Control);
    return made;
  }();
  return method;
}

}  // namespace

BIO* NewDatagramBio(Association* association) {
  BIO_METHOD* method = Method();
  BIO* bio = method == nullptr ? nullptr : BIO_new(method);
  if (bio == nullptr) return nullptr;
  BIO_set_data(bio, association);
  BIO_set_init(bio, 1);
  return bio;
}
