#include "tests/support/nameserver_process.h"

#include <filesystem>
#include <utility>

#include <doctest/doctest.h>

namespace waypost::support {

NameserverProcess::NameserverProcess(std::string profile,
                                     std::vector<std::string> more_arguments)
    : profile_(std::move(profile)),
      more_arguments_(std::move(more_arguments)) {}

bool NameserverProcess::start() {
  const std::string address_file = data_dir_ / "address";
  std::filesystem::remove(address_file);
  std::vector<std::string> arguments = {our_executable("waypost-namesrv"),
                                        "--listen",
                                        endpoint_.to_string(),
                                        "--data-dir",
                                        data_dir_.path(),
                                        "--profile",
                                        profile_};
  arguments.insert(arguments.end(), more_arguments_.begin(),
                   more_arguments_.end());
  process_.reset();
  process_ = std::make_unique<Process>(std::move(arguments));
  std::string address;
  const bool told = wait_until(scaled(Milliseconds(10'000)), [&] {
    address = read_file(address_file);
    return !address.empty() || !process_->running();
  });
  if (!address.empty() && address.back() == '\n') address.pop_back();
  const auto endpoint = base::parse_endpoint(address);
  if (!told || !endpoint) {
    MESSAGE("no nameserver: " << process_->transcript());
    return false;
  }
  endpoint_ = *endpoint;
  return true;
}

}  // namespace waypost::support
