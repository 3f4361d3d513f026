// Lets OpenSSL read and write the datagrams of an association, one at a time: what it writes at once is one datagram.
#pragma once

#include <openssl/bio.h>

class Association;

// Null without memory. It borrows the association.
BIO* NewDatagramBio(Association* association);
