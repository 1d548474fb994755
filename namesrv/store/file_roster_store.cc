#include <cstdio>
#include <utility>

#include "namesrv/store/file.h"
#include "namesrv/store/roster_json.h"
#include "namesrv/store/roster_store.h"

namespace waypost::store {
namespace {

// A hundred thousand brokers with long names take half of it.
constexpr std::size_t kRosterMaxBytes = std::size_t{64} * 1024 * 1024;

class FileRosterStore final : public RosterStore {
 public:
  explicit FileRosterStore(const std::string& directory)
      : path_(directory + "/roster.json") {}

  base::Result<Roster> load() override {
    auto content = read_file(path_, kRosterMaxBytes);
    if (!content) {
      if (content.error().code != base::ErrorCode::kTooLarge) {
        return tl::unexpected(content.error());
      }
      return tl::unexpected(set_aside(content.error()));
    }
    if (!*content) return Roster{};
    auto roster = parse_roster(**content);
    if (roster) return roster;
    return tl::unexpected(set_aside(
        roster.error().with_context(path_ + " is not a readable roster")));
  }

  base::Status save(const Roster& roster) override {
    return replace_file(path_, format_roster(roster));
  }

 private:
  // Moves the file out of the way of the next save, for somebody to look at.
  base::Error set_aside(base::Error error) const {
    const std::string aside = path_ + ".unreadable";
    if (std::rename(path_.c_str(), aside.c_str()) == 0) {
      error.advice = "it was renamed to " + aside +
                     "; this start waits for no known broker";
    } else {
      error.advice = system_error("rename it to", aside).message +
                     "; it will be overwritten, and this start waits for no "
                     "known broker";
    }
    return error;
  }

  const std::string path_;
};

}  // namespace

std::unique_ptr<RosterStore> make_file_roster_store(
    const std::string& data_directory) {
  return std::make_unique<FileRosterStore>(data_directory);
}

}  // namespace waypost::store
