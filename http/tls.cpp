#include "http/tls.hpp"

#include <boost/asio/error.hpp>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdexcept>

namespace troupe::http {

namespace {

namespace error = boost::asio::error;

/// The first thing that OpenSSL found wrong.
std::string reason() {
  const auto code = ERR_get_error();
  ERR_clear_error();
  if (ERR_SYSTEM_ERROR(code))
    return boost::system::error_code{ERR_GET_REASON(code), boost::system::system_category()}.message();
  const char* text = ERR_reason_error_string(code);
  return text != nullptr ? text : "unknown error";
}

} // namespace

tls_identity::tls_identity(const std::string& certificate, const std::string& private_key)
    : context_(SSL_CTX_new(TLS_server_method())) {
  const auto check = [this](int done, const std::string& what) {
    if (done == 1)
      return;
    const auto why = reason();
    SSL_CTX_free(context_);
    throw std::runtime_error(what + ": " + why);
  };
  check(context_ != nullptr ? 1 : 0, "TLS cannot be used");
  ERR_clear_error();
  check(SSL_CTX_set_min_proto_version(context_, TLS1_2_VERSION), "TLS 1.2 cannot be used");
  SSL_CTX_set_options(context_, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_mode(
    context_, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  check(SSL_CTX_use_certificate_chain_file(context_, certificate.c_str()),
    "http.certificate \"" + certificate + "\" cannot be used");
  check(SSL_CTX_use_PrivateKey_file(context_, private_key.c_str(), SSL_FILETYPE_PEM),
    "http.private_key \"" + private_key + "\" cannot be used with http.certificate \"" + certificate + '"');
}

tls_identity::~tls_identity() {
  SSL_CTX_free(context_);
}

tls_stream::tls_stream(std::shared_ptr<const tls_identity> identity, int socket)
    : identity_(std::move(identity)),
      ssl_(SSL_new(identity_->context_)) {
  if (ssl_ == nullptr || SSL_set_fd(ssl_, socket) != 1)
    broken_ = true;
  else
    SSL_set_accept_state(ssl_);
}

tls_stream::~tls_stream() {
  SSL_free(ssl_);
}

std::size_t tls_stream::outcome_of(int result, std::size_t moved, boost::system::error_code& ec) {
  ec = {};
  if (result == 1)
    return moved;
  switch (SSL_get_error(ssl_, result)) {
  case SSL_ERROR_WANT_READ:
  case SSL_ERROR_WANT_WRITE:
    ec = error::would_block;
    return 0;
  case SSL_ERROR_ZERO_RETURN:
    ec = error::eof;
    return 0;
  default:
    // After an error of its own OpenSSL must not be asked again. A client that closes without a word is one, too.
    broken_ = true;
    ec = error::connection_reset;
    return 0;
  }
}

std::size_t tls_stream::read_some(char* to, std::size_t most, boost::system::error_code& ec) {
  if (broken_) {
    ec = error::connection_reset;
    return 0;
  }
  ERR_clear_error();
  std::size_t moved = 0;
  const int result = SSL_read_ex(ssl_, to, most, &moved);
  return outcome_of(result, moved, ec);
}

std::size_t tls_stream::write_some(const char* from, std::size_t size, boost::system::error_code& ec) {
  if (broken_) {
    ec = error::connection_reset;
    return 0;
  }
  ERR_clear_error();
  std::size_t moved = 0;
  const int result = SSL_write_ex(ssl_, from, size, &moved);
  return outcome_of(result, moved, ec);
}

bool tls_stream::has_pending() const {
  return !broken_ && SSL_pending(ssl_) > 0;
}

void tls_stream::say_end() {
  if (broken_ || SSL_is_init_finished(ssl_) == 0)
    return;
  ERR_clear_error();
  SSL_shutdown(ssl_);
}

} // namespace troupe::http
