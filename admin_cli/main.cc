// waypostctl: asks nameservers what they know, and changes what they keep.

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "admin_cli/command.h"
#include "admin_cli/kv_command.h"
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
  program.summary = "asks nameservers what they know, changes what they keep";
  program.synopsis = {"--nameservers H:P,H:P [OPTION]... COMMAND",
                      "--cluster-ports H:P,H:P [OPTION]... cluster ..."};
  for (const CommandHelp& help : command_help()) {
    program.notes.push_back(help.usage + ": " + help.effect + ".");
  }
  program.notes.emplace_back(
      "Nameservers are asked in turn until one answers; standard error says "
      "which did not, and why. What changes something is put to all of them at "
      "once: each has a configuration of its own.");
  program.examples = {
      {"--nameservers ns1:9876,ns2:9876 --all cluster show",
       "a row for each nameserver, and whether their tables differ"},
      {"--nameservers ns1:9876 topic route orders",
       "who serves the topic orders"},
      {"-o json --prefix orders topic list",
       "JSON, from the nameservers in WAYPOST_NAMESERVERS"},
      {"--nameservers ns1:9876,ns2:9876 --reason 'new disk' --lapses-after 2h "
       "broker wipe-write broker-a",
       "nobody writes to broker-a for two hours"},
      {"--nameservers ns1:9876,ns2:9876 --cluster.secret-file "
       "/etc/waypost/secret cluster forget ns3",
       "ns3 will not come back and does not count any more"}};
  program.exit_statuses = {
      {kExitFailed, "no nameserver answered, or none knows what was asked for"},
      {kExitPartial,
       "with --all, and for changes: some nameservers answered, some did not"}};
  program.required_without = {"cluster-ports", {"nameservers"}};
  program.short_flags = {{'o', "output"}, {'a', "all"}};
  program.takes_words = true;
  return program;
}

// Larger than any nameserver's configuration may be.
constexpr std::size_t kKvFileMaxBytes = 256UL * 1024 * 1024;
// What is longer is another file, given by mistake.
constexpr std::size_t kSecretMaxBytes = 64UL * 1024;

base::Result<std::vector<model::KvEntry>> read_kv_file(
    const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text;
  std::vector<char> piece(64UL * 1024);
  while (file && text.size() <= kKvFileMaxBytes) {
    file.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    text.append(piece.data(), static_cast<std::size_t>(file.gcount()));
  }
  if (!file.eof()) {
    return base::fail(
        base::ErrorCode::kInvalidArgument, "cannot read " + path,
        text.size() > kKvFileMaxBytes ? "it is too large" : "is it there?");
  }
  auto entries = parse_kv_file(text);
  if (!entries) {
    return tl::unexpected(entries.error().with_context(path));
  }
  return entries;
}

// As waypost-namesrv reads it: line ends after the secret are none of it.
base::Status read_secret(Settings& settings) {
  std::ifstream file(settings.cluster_secret_file, std::ios::binary);
  std::string secret(kSecretMaxBytes, '\0');
  file.read(secret.data(), static_cast<std::streamsize>(secret.size()));
  secret.resize(static_cast<std::size_t>(file.gcount()));
  while (!secret.empty() && (secret.back() == '\n' || secret.back() == '\r')) {
    secret.pop_back();
  }
  if (!file.eof() || secret.empty()) {
    return base::fail(
        base::ErrorCode::kInvalidArgument,
        "no secret can be read from " + settings.cluster_secret_file,
        "--cluster.secret-file names the file that the nameservers have, too");
  }
  settings.cluster_secret = std::move(secret);
  return {};
}

// What a command needs from this machine before anybody is asked.
base::Status prepare(Command& command, Settings& settings) {
  if (settings.owner.empty()) {
    const char* user = std::getenv("USER");
    if (user != nullptr) settings.owner = user;
  }
  if (concerns_peers(command.kind)) {
    if (settings.cluster_secret_file.empty()) return {};
    return read_secret(settings);
  }
  if (settings.nameservers.empty()) {
    return base::fail(base::ErrorCode::kInvalidArgument,
                      std::string(command_name(command.kind)) +
                          " is answered at service ports alone",
                      "name them with --nameservers");
  }
  if (command.kind != CommandKind::kKvImport) return {};
  auto entries = read_kv_file(command.argument(0));
  if (!entries) return tl::unexpected(entries.error());
  command.entries = std::move(*entries);
  return {};
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
  const auto refuse = [](const base::Error& error) {
    std::cerr << "waypostctl: " << error.message << " (" << error.advice
              << ")\n  try 'waypostctl --help'\n";
    return process::kExitUsage;
  };
  auto command = admin::parse_command(line.words);
  if (!command) return refuse(command.error());
  if (auto ok = admin::prepare(*command, settings); !ok) {
    return refuse(ok.error());
  }
  const admin::Outcome outcome = admin::run(settings, *command);
  std::cout << outcome.out << std::flush;
  std::cerr << outcome.err;
  return outcome.exit_status;
}
