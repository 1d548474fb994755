#include "namesrv/store/roster_store.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include <doctest/doctest.h>
#include <unistd.h>

#include "base/random.h"
#include "namesrv/store/file.h"
#include "namesrv/store/roster_json.h"

namespace waypost::store {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

// A directory that goes with the test.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = (fs::temp_directory_path() / "roster-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    fs::permissions(path_, fs::perms::owner_all, ignored);
    fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }
  std::string file(const std::string& name) const {
    return (path_ / name).string();
  }

 private:
  fs::path path_;
};

void write(const std::string& path, const std::string& content) {
  std::ofstream(path, std::ios::binary) << content;
}
std::string read(const std::string& path) {
  std::ostringstream content;
  content << std::ifstream(path, std::ios::binary).rdbuf();
  return content.str();
}

Roster sample() {
  return {{model::ClusterName("c"),
           {model::BrokerName("broker-a"), model::BrokerId(0)},
           base::WallTime(1'700'000'000'123ms),
           120s,
           400ms},
          {model::ClusterName("c"),
           {model::BrokerName("broker-a"), model::BrokerId(1)},
           base::WallTime(1'700'000'000'000ms),
           1500ms,
           523ms}};
}

TEST_CASE("what was saved is loaded, also by another object") {
  const TemporaryDirectory directory;
  const auto store = make_file_roster_store(directory.path().string());
  CHECK(store->load().value().empty());
  REQUIRE(store->save(sample()).has_value());
  CHECK(store->load().value() == sample());
  CHECK(make_file_roster_store(directory.path().string())->load().value() ==
        sample());
  REQUIRE(store->save({}).has_value());
  CHECK(store->load().value().empty());
  CHECK_FALSE(fs::exists(directory.file("roster.json.part")));
}

TEST_CASE("unknown fields of the same version are ignored") {
  const auto roster = parse_roster(
      R"({"format": "waypost-roster", "version": 1, "later": {"x": [1]},
          "brokers": [{"cluster": "c", "broker": "a", "id": 0, "zone": "z",
                       "last_seen_ms": 5, "expiry_ms": 7}]})");
  REQUIRE(roster.has_value());
  CHECK(roster->at(0).broker.to_string() == "a/0");
  CHECK(roster->at(0).last_seen == base::WallTime(5ms));
  CHECK(roster->at(0).expiry == 7ms);
}

TEST_CASE("every truncation of a roster is an error, never a part of it") {
  const std::string whole = format_roster(sample());
  // The last two characters are the closing brace and the newline.
  for (std::size_t length = 0; length + 2 <= whole.size(); ++length) {
    CAPTURE(length);
    const auto roster = parse_roster(whole.substr(0, length));
    REQUIRE_FALSE(roster.has_value());
    CHECK(roster.error().code == base::ErrorCode::kMalformed);
  }
}

TEST_CASE("damaged bytes give a roster or an error and nothing else") {
  base::Random random(1);
  const std::string whole = format_roster(sample());
  int refused = 0;
  for (int i = 0; i < 3000; ++i) {
    std::string damaged = whole;
    for (std::uint64_t n = random.below(4) + 1; n > 0; --n) {
      damaged[random.below(damaged.size())] =
          static_cast<char>(random.below(256));
    }
    if (!parse_roster(damaged)) ++refused;
  }
  CHECK(refused > 1000);
  CHECK_FALSE(parse_roster(std::string(100'000, '[')).has_value());
}

TEST_CASE("values that are no roster are refused in words") {
  const auto why = [](const std::string& text) {
    const auto roster = parse_roster(text);
    REQUIRE_FALSE(roster.has_value());
    return roster.error().to_string();
  };
  const auto broker = [](const std::string& fields) {
    return R"({"format": "waypost-roster", "version": 1, "brokers": [)" +
           fields + "]}";
  };
  CHECK(why("") == "malformed: it is empty");
  CHECK(why("[]") == "malformed: it is no JSON object");
  CHECK(why(R"({"a": 1})") ==
        "malformed: \"format\" is not \"waypost-roster\"");
  CHECK(why(R"({"format": "waypost-roster"})") ==
        "malformed: \"version\" is not a number");
  CHECK(why(R"({"format": "waypost-roster", "version": 2})") ==
        "unsupported: it has version 2, this program reads version 1");
  CHECK(why(R"({"format": "waypost-roster", "version": 1})") ==
        "malformed: \"brokers\" is not a list");
  CHECK(why(broker("1")) == "malformed: a broker that is no object");
  CHECK(why(broker(R"({"cluster": 1})")) ==
        "malformed: a broker without text 'cluster'");
  const std::string named = R"({"cluster": "c", "broker": "a", "id": )";
  CHECK(why(broker(named + "1.5}")).find("without a number 'id'") !=
        std::string::npos);
  CHECK(why(broker(named + "18446744073709551615}")).find("number 'id'") !=
        std::string::npos);
  CHECK(why(broker(named + R"(0, "last_seen_ms": 9223372036854775807})"))
            .find("number 'last_seen_ms' from 0 to") != std::string::npos);
}

TEST_CASE("where no silence was written, the latest sign of life is its time") {
  const auto roster = parse_roster(
      R"({"format": "waypost-roster", "version": 1, "brokers": [
          {"cluster": "c", "broker": "a", "id": -1,
           "last_seen_ms": 5000, "expiry_ms": 7},
          {"cluster": "c", "broker": "b", "id": 0,
           "last_seen_ms": 9000, "expiry_ms": 7},
          {"cluster": "c", "broker": "c", "id": 0, "silent_ms": 1,
           "last_seen_ms": 6000, "expiry_ms": 7}]})");
  REQUIRE(roster.has_value());
  CHECK(roster->at(0).silence == 4s);
  CHECK(roster->at(1).silence == 0s);
  CHECK(roster->at(2).silence == 1ms);
  // Remoting brokers may have negative ids.
  CHECK(roster->at(0).broker.broker_id == model::BrokerId(-1));
}

TEST_CASE("names that are not UTF-8 can be saved") {
  Roster roster = sample();
  roster[0].cluster = model::ClusterName("\xff\xfe");
  const auto read_back = parse_roster(format_roster(roster));
  REQUIRE(read_back.has_value());
  CHECK(read_back->at(1) == roster[1]);
}

TEST_CASE("a file that is no roster is set aside, and saving works after it") {
  const TemporaryDirectory directory;
  const std::string path = directory.file("roster.json");
  const auto store = make_file_roster_store(directory.path().string());
  write(path, "garbage");
  const auto loaded = store->load();
  REQUIRE_FALSE(loaded.has_value());
  CHECK(loaded.error().code == base::ErrorCode::kMalformed);
  CHECK(loaded.error().message.find(path + " is not a readable roster") == 0);
  CHECK(loaded.error().advice == "it was renamed to " + path +
                                     ".unreadable; this start waits for no "
                                     "known broker");
  CHECK(read(path + ".unreadable") == "garbage");
  CHECK(store->load().value().empty());
  REQUIRE(store->save(sample()).has_value());
  CHECK(store->load().value() == sample());
}

TEST_CASE("a save that fails leaves what was saved before") {
  const TemporaryDirectory directory;
  const auto store = make_file_roster_store(directory.path().string());
  REQUIRE(store->save(sample()).has_value());
  // Something that cannot be opened for writing stands in the way.
  fs::create_directory(directory.file("roster.json.part"));
  const auto saved = store->save({});
  REQUIRE_FALSE(saved.has_value());
  CHECK(saved.error().message.find("cannot create ") == 0);
  CHECK(store->load().value() == sample());
}

TEST_CASE("a left-over of an interrupted save is not read and does not harm") {
  const TemporaryDirectory directory;
  const auto store = make_file_roster_store(directory.path().string());
  write(directory.file("roster.json.part"), "half of a ro");
  CHECK(store->load().value().empty());
  REQUIRE(store->save(sample()).has_value());
  CHECK(store->load().value() == sample());
}

TEST_CASE("a missing directory is an error of the save, not of the load") {
  const auto store = make_file_roster_store("/nonexistent/directory");
  CHECK(store->load().value().empty());
  CHECK(store->save({}).error().message ==
        "cannot create /nonexistent/directory/roster.json.part: No such file "
        "or directory");
}

TEST_CASE("a file above the limit is not read into memory") {
  const TemporaryDirectory directory;
  write(directory.file("big"), std::string(1000, 'x'));
  CHECK(read_file(directory.file("big"), 1000).value()->size() == 1000);
  CHECK(read_file(directory.file("big"), 999).error().code ==
        base::ErrorCode::kTooLarge);
  // A directory can be opened, but not read.
  CHECK(read_file(directory.path().string(), 10)
            .error()
            .message.find("cannot read ") == 0);
}

}  // namespace
}  // namespace waypost::store
