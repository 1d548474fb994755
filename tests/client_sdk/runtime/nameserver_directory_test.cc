// Where the list of nameservers comes from, and what becomes of clients when it
// changes.

#include "client_sdk/runtime/nameserver_directory.h"

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/client_sdk/runtime/sim_client_world.h"
#include "tests/support/sim/sim_world.h"
#include "tests/support/temp_dir.h"

namespace waypost::client {
namespace {

using namespace std::chrono_literals;

// Answers every request the same and closes.
class TinyHttpServer {
 public:
  TinyHttpServer(sim::SimNode& node, std::uint16_t port) {
    listener_ = *node.network().listen(
        {node.address(), port}, {}, [this](auto connection) {
          sessions_.push_back(
              std::make_unique<Session>(*this, std::move(connection)));
        });
  }

  static std::string ok(const std::string& body) {
    return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + body;
  }

  std::string answer;
  bool silent = false;
  std::vector<std::string> requests;

 private:
  struct Session final : transport::ConnectionHandler {
    Session(TinyHttpServer& its_server,
            std::unique_ptr<transport::Connection> its_connection)
        : server(its_server), connection(std::move(its_connection)) {
      connection->start(this);
    }
    std::size_t on_bytes(std::span<const std::byte> bytes) override {
      request.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
      if (request.ends_with("\r\n\r\n")) {
        server.requests.push_back(request);
        if (!server.silent) {
          connection->write(std::as_bytes(std::span(server.answer)));
          connection->close_after_flush(1s);
        }
      }
      return bytes.size();
    }
    void on_closed(transport::CloseReason, const base::Error&) override {}

    TinyHttpServer& server;
    std::unique_ptr<transport::Connection> connection;
    std::string request;
  };

  std::unique_ptr<transport::Listener> listener_;
  std::vector<std::unique_ptr<Session>> sessions_;
};

class DirectoryWorld {
 public:
  DirectoryWorld() {
    world.add_node("app", "10.0.0.99");
    world.add_node("web", "10.0.0.80");
  }
  NameserverDirectory& directory() {
    if (!directory_) {
      auto& app = world.node("app");
      directory_ = std::make_unique<NameserverDirectory>(
          app.executor(), app.network(), sources, base::Random(1),
          [this] { ++changes; }, base::Logger());
    }
    return *directory_;
  }
  std::string list() {
    std::string text;
    for (const auto& each : directory().nameservers()) {
      text += (text.empty() ? "" : " ") + each.address.to_string();
    }
    return text;
  }

  sim::SimWorld world;
  NameserverSources sources;
  int changes = 0;

 private:
  std::unique_ptr<NameserverDirectory> directory_;
};

TEST_CASE("numeric addresses are the list, at once and for ever") {
  DirectoryWorld it;
  it.sources.addresses = {{"10.0.0.1", 1}, {"::1", 2}};
  CHECK(it.list() == "10.0.0.1:1 [::1]:2");
  CHECK(it.directory().nameservers()[0].name == "10.0.0.1:1");
  it.world.run_for(1h);
  CHECK(it.changes == 0);
}

TEST_CASE("a name stands for all its addresses, and for others later") {
  DirectoryWorld it;
  it.world.add_host("ns.example", {"10.0.0.1", "10.0.0.2"}, 60s);
  it.sources.addresses = {{"ns.example", 9876}, {"10.0.0.7", 9876}};
  CHECK(it.list() == "10.0.0.7:9876");
  it.world.run_for(1s);
  CHECK(it.list() == "10.0.0.1:9876 10.0.0.2:9876 10.0.0.7:9876");
  CHECK(it.directory().nameservers()[0].name == "ns.example:9876 (10.0.0.1)");
  CHECK(it.changes == 1);

  it.world.add_host("ns.example", {"10.0.0.2", "10.0.0.3"}, 60s);
  it.world.run_for(50s);
  CHECK(it.changes == 1);
  it.world.run_for(20s);
  CHECK(it.list() == "10.0.0.2:9876 10.0.0.3:9876 10.0.0.7:9876");
  CHECK(it.changes == 2);
}

TEST_CASE("names that stand for hundreds: some of them are used") {
  DirectoryWorld it;
  std::vector<std::string> addresses;
  for (int i = 1; i <= 200; ++i) {
    addresses.push_back("10.0.1." + std::to_string(i));
  }
  it.world.add_host("ns.example", addresses, 60s);
  it.sources.addresses = {{"10.0.0.7", 9876}, {"ns.example", 9876}};
  it.directory();
  it.world.run_for(1s);
  const auto& used = it.directory().nameservers();
  REQUIRE(used.size() == NameserverDirectory::kNameserversMax);
  CHECK(used[0].name == "10.0.0.7:9876");
  CHECK(used[1].name == "ns.example:9876 (10.0.1.1)");
  it.world.run_for(10min);
  CHECK(it.changes == 1);
  it.world.add_host("ns.example", {"10.0.1.150"}, 60s);
  it.world.run_for(6min);
  CHECK(it.list() == "10.0.0.7:9876 10.0.1.150:9876");
}

TEST_CASE("the same addresses in another order are no change") {
  DirectoryWorld it;
  it.world.add_host("ns.example", {"10.0.0.1", "10.0.0.2"}, 10s);
  it.sources.addresses = {{"ns.example", 9876}};
  CHECK(it.list().empty());
  it.world.run_for(1s);
  REQUIRE(it.changes == 1);
  it.world.add_host("ns.example", {"10.0.0.2", "10.0.0.1"}, 10s);
  it.world.run_for(1min);
  CHECK(it.list() == "10.0.0.1:9876 10.0.0.2:9876");
  CHECK(it.changes == 1);
}

TEST_CASE("times to live that are absurd are kept within bounds") {
  DirectoryWorld it;
  it.world.add_host("never", {"10.0.0.1"}, 1000h);
  it.world.add_host("always", {"10.0.0.2"}, 1s);
  it.sources.addresses = {{"never", 1}, {"always", 1}};
  it.directory();
  it.world.run_for(1s);
  it.world.add_host("never", {"10.0.0.3"}, 1000h);
  it.world.add_host("always", {"10.0.0.4"}, 1s);
  it.world.run_for(5s);
  CHECK(it.list() == "10.0.0.1:1 10.0.0.2:1");
  it.world.run_for(8s);
  CHECK(it.list() == "10.0.0.1:1 10.0.0.4:1");
  it.world.run_for(330s);
  CHECK(it.list() == "10.0.0.3:1 10.0.0.4:1");
}

TEST_CASE("a lookup that fails or hangs changes nothing and is repeated") {
  for (const auto trouble :
       {sim::SimWorld::Lookup::kFails, sim::SimWorld::Lookup::kHangs}) {
    DirectoryWorld it;
    it.world.add_host("ns.example", {"10.0.0.1"}, 10s);
    it.sources.addresses = {{"ns.example", 9876}};
    it.directory();
    it.world.run_for(1s);
    it.world.set_lookup("ns.example", trouble);
    it.world.run_for(10min);
    CHECK(it.list() == "10.0.0.1:9876");
    CHECK(it.directory().trouble().find("ns.example") != std::string::npos);
    it.world.add_host("ns.example", {"10.0.0.2"}, 10s);
    it.world.set_lookup("ns.example", sim::SimWorld::Lookup::kWorks);
    it.world.run_for(40s);
    CHECK(it.list() == "10.0.0.2:9876");
    CHECK(it.directory().trouble().empty());
  }
}

TEST_CASE("until a source has told anything, what was remembered counts") {
  DirectoryWorld it;
  it.world.add_host("ns.example", {"10.0.0.1"});
  it.world.set_lookup("ns.example", sim::SimWorld::Lookup::kFails);
  it.sources.addresses = {{"ns.example", 9876}};
  it.sources.remembered = unnamed({{"10.0.0.5", 9876}});
  CHECK(it.list() == "10.0.0.5:9876");
  CHECK(it.directory().from_memory());
  it.world.run_for(1min);
  CHECK(it.list() == "10.0.0.5:9876");
  it.world.set_lookup("ns.example", sim::SimWorld::Lookup::kWorks);
  it.world.run_for(1min);
  CHECK(it.list() == "10.0.0.1:9876");
  CHECK_FALSE(it.directory().from_memory());
}

TEST_CASE("an address server is asked again and again") {
  DirectoryWorld it;
  TinyHttpServer web(it.world.node("web"), 8080);
  web.answer = TinyHttpServer::ok("10.0.0.1:9876;10.0.0.2:9876\n");
  it.sources.url = *parse_http_url("http://10.0.0.80:8080/rocketmq/nsaddr");
  CHECK(it.list().empty());
  it.world.run_for(1s);
  CHECK(it.list() == "10.0.0.1:9876 10.0.0.2:9876");
  REQUIRE(web.requests.size() == 1);
  CHECK(web.requests[0].starts_with("GET /rocketmq/nsaddr HTTP/1.0\r\n"));

  web.answer = TinyHttpServer::ok("10.0.0.3:9876");
  it.world.run_for(35s);
  CHECK(it.list() == "10.0.0.3:9876");
  // Whatever goes wrong, the last good list counts.
  for (const std::string& trouble :
       {std::string("HTTP/1.1 500 Oops\r\n\r\n"), TinyHttpServer::ok(""),
        TinyHttpServer::ok("<html>"), std::string("nonsense"), std::string()}) {
    web.answer = trouble;
    it.world.run_for(2min);
    CHECK(it.list() == "10.0.0.3:9876");
    CHECK_FALSE(it.directory().trouble().empty());
  }
  web.silent = true;
  it.world.run_for(2min);
  CHECK(it.list() == "10.0.0.3:9876");
  it.world.node("web").crash();
  it.world.run_for(2min);
  CHECK(it.list() == "10.0.0.3:9876");
}

TEST_CASE("an address server may tell names") {
  DirectoryWorld it;
  it.world.add_host("ns.example", {"10.0.0.1"}, 60s);
  TinyHttpServer web(it.world.node("web"), 80);
  web.answer = TinyHttpServer::ok("ns.example:9876");
  it.sources.url = *parse_http_url("http://web/");
  it.directory();
  it.world.run_for(1s);
  CHECK(it.list() == "10.0.0.1:9876");
  web.answer = TinyHttpServer::ok("10.0.0.2:9876");
  it.world.run_for(40s);
  CHECK(it.list() == "10.0.0.2:9876");
}

TEST_CASE("a file is read again when it has changed") {
  const support::TempDir directory;
  const std::string path = directory / "nameservers";
  DirectoryWorld it;
  it.sources.file = path;
  CHECK(it.list().empty());
  CHECK(it.directory().trouble().find(path) != std::string::npos);
  support::write_file(path, "10.0.0.1:9876\n");
  it.world.run_for(2s);
  CHECK(it.list() == "10.0.0.1:9876");
  CHECK(it.directory().trouble().empty());
  support::write_file(path, "10.0.0.1:9876\n10.0.0.2:9876\n");
  it.world.run_for(2s);
  CHECK(it.list() == "10.0.0.1:9876 10.0.0.2:9876");
  const int changes = it.changes;
  it.world.run_for(1min);
  CHECK(it.changes == changes);
  // Nonsense and absence leave the last good list.
  support::write_file(path, "oops\n");
  it.world.run_for(2s);
  CHECK(it.list() == "10.0.0.1:9876 10.0.0.2:9876");
  std::filesystem::remove(path);
  it.world.run_for(2s);
  CHECK(it.list() == "10.0.0.1:9876 10.0.0.2:9876");
}

// --- In a client ---

TEST_CASE("what is no regular file is not waited for") {
  const support::TempDir directory;
  const std::string path = directory / "nameservers";
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  DirectoryWorld it;
  it.sources.file = path;
  CHECK(it.list().empty());
  CHECK(it.directory().trouble() == "'" + path + "' is not a regular file");
  REQUIRE(::unlink(path.c_str()) == 0);
  support::write_file(path, "10.0.0.1:9876\n");
  it.world.run_for(2s);
  CHECK(it.list() == "10.0.0.1:9876");
}

TEST_CASE("a client follows its name to other addresses at once") {
  SimClientWorld it({.nameservers = 3, .by_name = {"ns.example", {0, 1}, 10s}});
  it.set_route("orders", {"broker-a"});
  it.learn("orders");
  const std::string first = it.nameserver();
  const bool was_a = first == "ns.example:9876 (10.0.0.1)";
  CHECK((was_a || first == "ns.example:9876 (10.0.0.2)"));
  it.world.add_host("ns.example", {"10.0.0.3"}, 10s);
  it.world.run_for(12s);
  CHECK(it.nameserver() == "ns.example:9876 (10.0.0.3)");
  CHECK(it.last<NameserversChanged>().nameservers ==
        std::vector<std::string>{"ns.example:9876 (10.0.0.3)"});
  CHECK(it.last<NameserverSwitched>().why.find("removed") != std::string::npos);
  it.world.run_for(100ms);
  CHECK(it.server(was_a ? 0 : 1).acceptor().connection_count() == 0);
  CHECK(it.refresh("orders").status);
}

TEST_CASE("a client whose name is not known yet waits, and says why not") {
  const auto fails = sim::SimWorld::Lookup::kFails;
  SimClientWorld it(
      {.nameservers = 1, .by_name = {"ns.example", {0}, 10s, fails}});
  it.set_route("orders", {"broker-a"});
  const auto asked = it.refresh("orders");
  REQUIRE_FALSE(asked.status);
  CHECK(asked.took <= it.options.rpc_timeout + 10ms);
  CHECK(asked.status.error().message.find("no such host") != std::string::npos);
  it.world.set_lookup("ns.example", sim::SimWorld::Lookup::kWorks);
  CHECK(it.world.run_until([&] { return it.brokers("orders") == "broker-a"; },
                           10s));
}

}  // namespace
}  // namespace waypost::client
