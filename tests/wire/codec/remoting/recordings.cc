#include "tests/wire/codec/remoting/recordings.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

namespace waypost::remoting {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

std::string from_hex(const std::string& hex) {
  std::string bytes(hex.size() / 2, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    unsigned value = 0;
    std::from_chars(&hex[2 * i], &hex[2 * i] + 2, value, 16);
    bytes[i] = static_cast<char>(value);
  }
  return bytes;
}

// A frame that only differs from others in its size is kept short in the file.
void fill(const json& step, std::string& request) {
  const auto generated = step.find("request_gen");
  if (generated == step.end()) return;
  request.resize(generated->at("total_bytes").get<std::size_t>(), 'x');
}

void read_scenario(const fs::path& path,
                   std::vector<RecordedExchange>& exchanges) {
  std::ifstream file(path);
  const json scenario = json::parse(file);
  for (const json& step : scenario.at("steps")) {
    if (!step.contains("request_hex")) continue;
    RecordedExchange& exchange = exchanges.emplace_back();
    exchange.scenario = path.stem().string();
    exchange.step = step.at("step").get<int>();
    exchange.note = step.value("note", "");
    exchange.request = from_hex(step.at("request_hex").get<std::string>());
    fill(step, exchange.request);
    exchange.outcome = step.value("outcome", "");
    if (step.contains("responses_hex")) {
      for (const json& hex : step.at("responses_hex")) {
        exchange.responses.push_back(from_hex(hex.get<std::string>()));
      }
    } else if (const auto hex = step.find("response_hex");
               hex != step.end() && hex->is_string()) {
      exchange.responses.push_back(from_hex(hex->get<std::string>()));
    }
  }
}

std::vector<RecordedExchange> read_all() {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(WAYPOST_RECORDINGS_DIR)) {
    if (entry.path().extension() == ".json") paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<RecordedExchange> exchanges;
  for (const fs::path& path : paths) read_scenario(path, exchanges);
  return exchanges;
}

}  // namespace

const std::vector<RecordedExchange>& recorded_exchanges() {
  static const std::vector<RecordedExchange> exchanges = read_all();
  return exchanges;
}

const RecordedExchange& recorded_exchange(std::string_view number, int step) {
  for (const RecordedExchange& exchange : recorded_exchanges()) {
    if (exchange.step == step && exchange.scenario.starts_with(number)) {
      return exchange;
    }
  }
  throw std::runtime_error("no recording " + std::string(number) + " step " +
                           std::to_string(step));
}

FrameView whole_frame(std::string_view text) {
  const FrameScan scan = scan_frame(bytes_of(text), kFrameMaxBytesDefault);
  REQUIRE(scan.outcome == FrameScan::Outcome::kFrame);
  REQUIRE(scan.frame_bytes == text.size());
  return scan.frame;
}

std::vector<FrameView> frames_of(std::string_view text) {
  std::vector<FrameView> frames;
  while (true) {
    const FrameScan scan = scan_frame(bytes_of(text), kFrameMaxBytesDefault);
    if (scan.outcome != FrameScan::Outcome::kFrame) return frames;
    frames.push_back(scan.frame);
    text.remove_prefix(scan.frame_bytes);
  }
}

}  // namespace waypost::remoting
