// HTTPS: the same server behind a certificate.
#include <catch2/catch.hpp>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/http/running_server.hpp"

using namespace troupe;
using namespace troupe::http;
using namespace troupe::http::test;
namespace fs = std::filesystem;

namespace {

/// A certificate for a name, signed by itself, and its key, as files that live as long as the object.
struct certificate_files {
  explicit certificate_files(const std::string& name)
      : folder(fs::temp_directory_path() / ("troupe-tls-" + name + std::to_string(::getpid()))) {
    fs::create_directories(folder);
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* x = X509_new();
    ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
    X509_gmtime_adj(X509_getm_notBefore(x), -60);
    X509_gmtime_adj(X509_getm_notAfter(x), 3600);
    X509_set_pubkey(x, key);
    X509_NAME_add_entry_by_txt(
      X509_get_subject_name(x), "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    X509_set_issuer_name(x, X509_get_subject_name(x));
    X509_sign(x, key, EVP_sha256());
    write(certificate(), [&](FILE* to) { PEM_write_X509(to, x); });
    write(private_key(), [&](FILE* to) { PEM_write_PrivateKey(to, key, nullptr, nullptr, 0, nullptr, nullptr); });
    X509_free(x);
    EVP_PKEY_free(key);
  }
  ~certificate_files() { fs::remove_all(folder); }
  certificate_files(const certificate_files&) = delete;
  certificate_files& operator=(const certificate_files&) = delete;

  std::string certificate() const { return (folder / "certificate.pem").string(); }
  std::string private_key() const { return (folder / "key.pem").string(); }
  std::shared_ptr<tls_identity> identity() const {
    return std::make_shared<tls_identity>(certificate(), private_key());
  }

  fs::path folder;

private:
  template <class Write>
  static void write(const std::string& path, Write put) {
    FILE* to = std::fopen(path.c_str(), "w");
    put(to);
    std::fclose(to);
  }
};

/// A blocking TLS client on 127.0.0.1. Trusts anybody and says whom it met.
class tls_client {
public:
  explicit tls_client(std::uint16_t port, int newest = TLS1_3_VERSION)
      : context_(SSL_CTX_new(TLS_client_method())),
        socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    SSL_CTX_set_max_proto_version(context_, newest);
    const timeval patience{8, 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0);
    ssl_ = SSL_new(context_);
    SSL_set_fd(ssl_, socket_);
    connected_ = SSL_connect(ssl_) == 1;
  }
  ~tls_client() {
    SSL_free(ssl_);
    ::close(socket_);
    SSL_CTX_free(context_);
  }
  tls_client(const tls_client&) = delete;
  tls_client& operator=(const tls_client&) = delete;

  bool connected() const { return connected_; }
  void send(std::string_view bytes) { CHECK(SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size())) > 0); }
  /// All that comes until `text` has come or the server ends.
  std::string read_until(std::string_view text) {
    std::string all;
    char some[4096];
    while (all.find(text) == std::string::npos) {
      const int n = SSL_read(ssl_, some, sizeof some);
      if (n <= 0)
        break;
      all.append(some, static_cast<std::size_t>(n));
    }
    return all;
  }
  /// Whether the server said its end as TLS wants it.
  bool ended() const { return (SSL_get_shutdown(ssl_) & SSL_RECEIVED_SHUTDOWN) != 0; }
  std::string peer() const {
    X509* x = SSL_get1_peer_certificate(ssl_);
    char name[100] = {};
    X509_NAME_get_text_by_NID(X509_get_subject_name(x), NID_commonName, name, sizeof name);
    X509_free(x);
    return name;
  }

private:
  SSL_CTX* context_;
  int socket_;
  SSL* ssl_ = nullptr;
  bool connected_ = false;
};

/// A server behind the first of two certificates.
struct secure_server {
  secure_server() : running(test_options(), outside()) {}

  environment outside() {
    std::signal(SIGPIPE, SIG_IGN);
    auto e = real_environment();
    e.tls = ring;
    return e;
  }

  certificate_files first{"first"};
  certificate_files second{"second"};
  std::shared_ptr<tls_ring> ring = std::make_shared<tls_ring>(first.identity());
  running_server running;
};

} // namespace

TEST_CASE("requests and streams go through TLS as they do without, on one connection after another") {
  secure_server s;
  s.running.company.at_once = [](fake_company& company, sink_id sink, const native_request&) {
    company.answer(sink, "hi");
  };
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    tls_client c{s.running.serving.port(), version};
    REQUIRE(c.connected());
    CHECK(c.peer() == "first");
    c.send(get("/health/live"));
    CHECK(c.read_until("\"alive\"").starts_with("HTTP/1.1 200 OK\r\n"));
    c.send(post(chat, hello_stream));
    CHECK(c.read_until("0\r\n\r\n").find("data: [DONE]") != std::string::npos);
    c.send("GET /v1/models HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    CHECK(c.read_until("never").find("org/large") != std::string::npos);
    CHECK(c.ended());
  }
}

TEST_CASE("a body and an answer that take many records arrive whole through TLS") {
  secure_server s;
  const std::string large(3'000'000, 'x');
  s.running.company.at_once = [&](fake_company& company, sink_id sink, const native_request& request) {
    company.answer(sink, std::to_string(request.messages.front().content.size()) + large + "end");
  };
  tls_client c{s.running.serving.port()};
  REQUIRE(c.connected());
  c.send(post(chat, R"({"model":"small","messages":[{"role":"user","content":")" + large + R"("}]})"));
  const auto answer = c.read_until("xend");
  CHECK(answer.find("\"3000000xxx") != std::string::npos);
  CHECK(answer.size() > large.size());
}

TEST_CASE("plain HTTP to a server with TLS gets no answer, and a client that hangs up is heard") {
  secure_server s;
  client plain{s.running.serving.port()};
  plain.send(get("/health"));
  CHECK(plain.closed_within(std::chrono::seconds{5}));
  CHECK(plain.rest().find("HTTP/") == std::string::npos);
  {
    tls_client c{s.running.serving.port()};
    c.send(post(chat, hello));
    s.running.company.request(0);
  }
  CHECK(s.running.company.detached(s.running.company.request(0).first) == detach_reason::client_gone);
}

TEST_CASE("a renewed certificate counts for new connections, and open ones go on") {
  secure_server s;
  tls_client before{s.running.serving.port()};
  CHECK(before.peer() == "first");
  s.ring->replace(s.second.identity());
  CHECK(tls_client{s.running.serving.port()}.peer() == "second");
  before.send(get("/health/live"));
  CHECK(before.read_until("alive").starts_with("HTTP/1.1 200"));
}

TEST_CASE("a certificate or key that cannot be used is named") {
  const certificate_files a{"a"};
  const certificate_files b{"b"};
  CHECK_THROWS_WITH(tls_identity("/nonexistent.pem", a.private_key()),
    Catch::Matchers::Contains("http.certificate \"/nonexistent.pem\" cannot be used: No such file"));
  CHECK_THROWS_WITH(tls_identity(a.private_key(), a.private_key()), Catch::Matchers::Contains("http.certificate"));
  CHECK_THROWS_WITH(
    tls_identity(a.certificate(), b.private_key()), Catch::Matchers::Contains("http.private_key \"" + b.private_key()));
}
