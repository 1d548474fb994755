// waypostctl: asks nameservers what they know.

#include <iostream>
#include <memory>

#include "admin_cli/command.h"
#include "admin_cli/run_command.h"
#include "admin_cli/settings.h"
#include "base/options.h"
#include "process/command_line.h"
#include "wire/transport/loop.h"

namespace waypost::admin {
namespace {

process::Program describe_program() {
  process::Program program;
  program.name = "waypostctl";
  program.summary = "asks nameservers what they know";
  program.synopsis = {"--nameservers H:P,H:P [OPTION]... COMMAND"};
  for (const CommandHelp& help : command_help()) {
    program.notes.push_back(help.usage + ": " + help.effect + ".");
  }
  program.notes.push_back(
      "Nameservers are asked in turn until one answers; standard error says "
      "which did not, and why.");
  program.examples = {
      {"--nameservers ns1:9876,ns2:9876 --all cluster show",
       "a row for each nameserver, and whether their tables differ"},
      {"--nameservers ns1:9876 topic route orders",
       "who serves the topic orders"},
      {"-o json --prefix orders topic list",
       "JSON, from the nameservers in WAYPOST_NAMESERVERS"}};
  program.exit_statuses = {
      {kExitFailed, "no nameserver answered, or none knows what was asked for"},
      {kExitPartial, "with --all: some nameservers answered, some did not"}};
  program.required = {"nameservers"};
  program.short_flags = {{'o', "output"}, {'a', "all"}};
  program.takes_words = true;
  return program;
}

Outcome run(const Settings& settings, const Command& command) {
  Outcome outcome;
  const std::unique_ptr<transport::Loop> loop = transport::Loop::create();
  const auto running =
      run_command(*loop, loop->network(), settings, command, [&](Outcome done) {
        outcome = std::move(done);
        loop->stop();
      });
  loop->run();
  return outcome;
}

}  // namespace
}  // namespace waypost::admin

int main(int argc, char** argv) {
  namespace admin = waypost::admin;
  namespace base = waypost::base;
  namespace process = waypost::process;
  admin::Settings settings;
  base::OptionTable options;
  admin::declare_options(options, settings);
  const auto line = process::parse_command_line(
      argc, argv, admin::describe_program(), options);
  if (line.exit_status) return *line.exit_status;
  const auto command = admin::parse_command(line.words);
  if (!command) {
    std::cerr << "waypostctl: " << command.error().message << " ("
              << command.error().advice << ")\n  try 'waypostctl --help'\n";
    return process::kExitUsage;
  }
  const admin::Outcome outcome = admin::run(settings, *command);
  std::cout << outcome.out << std::flush;
  std::cerr << outcome.err;
  return outcome.exit_status;
}
