#ifndef WAYPOST_PROCESS_HELP_TEXT_H_
#define WAYPOST_PROCESS_HELP_TEXT_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/options.h"
#include "process/program.h"

namespace waypost::process {

// What another profile makes of an option's default.
struct ProfileDefault {
  std::string profile;
  std::string value;
};
// By key; only where a profile differs from the default.
using ProfileDefaults = std::map<std::string, std::vector<ProfileDefault>>;

// The whole --help page, 80 columns wide.
std::string help_text(const Program& program, const base::OptionTable& options,
                      const base::OptionTable& common,
                      const ProfileDefaults& profiles);

// The program's section of docs/options.md.
std::string help_markdown(const Program& program,
                          const base::OptionTable& options,
                          const base::OptionTable& common,
                          const ProfileDefaults& profiles);

// `text` in lines of at most 80 columns where blanks allow that, each indented
// by `indent` blanks, those after the first by `hang` more.
std::string wrapped(std::string_view text, std::size_t indent,
                    std::size_t hang = 0);

}  // namespace waypost::process

#endif  // WAYPOST_PROCESS_HELP_TEXT_H_
