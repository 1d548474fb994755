#include "namesrv/store/hard_state.h"

#include <doctest/doctest.h>

namespace waypost::store {
namespace {

model::KvChange put(const std::string& name_space, const std::string& key,
                    const std::string& value) {
  return {name_space, key, value, true};
}
model::KvChange take(const std::string& name_space, const std::string& key) {
  return {name_space, key, std::nullopt, false};
}
model::PermissionOverride hold(const std::string& broker) {
  model::PermissionOverride set;
  set.broker_name = model::BrokerName(broker);
  set.permission = {model::Permission::kRead};
  return set;
}

// All of a table: "NS{k=v,...} ...".
std::string text_of(const KvTable& kv) {
  std::string text;
  for (const auto& [name, entries] : kv.namespaces()) {
    text += name + "{";
    for (const auto& [key, value] : *entries) text += key + "=" + value + ",";
    text += "}";
  }
  return text;
}

TEST_CASE("entries are put, replaced and taken; a namespace stays") {
  KvTable kv;
  kv.apply(put("NS", "k1", "v1"));
  kv.apply(put("NS", "k1", "longer"));
  kv.apply(put("NS", "k2", ""));
  CHECK(text_of(kv) == "NS{k1=longer,k2=,}");
  CHECK(kv.entry_count() == 2);
  CHECK(kv.byte_count() == 2 + 2 + 6 + 2);
  CHECK(*kv.find("NS", "k1") == "longer");
  CHECK(kv.find("NS", "k3") == nullptr);
  CHECK(kv.find("Other") == nullptr);
  kv.apply(take("NS", "k1"));
  kv.apply(take("NS", "k1"));
  kv.apply(take("NS", "k2"));
  kv.apply(take("Other", "k"));
  CHECK(text_of(kv) == "NS{}");
  CHECK(kv.entry_count() == 0);
  CHECK(kv.byte_count() == 2);
}

TEST_CASE("a put without a value makes the namespace and takes the entry") {
  KvTable kv;
  kv.apply({"NS", "k", std::nullopt, true});
  CHECK(text_of(kv) == "NS{}");
  kv.apply(put("NS", "k", "v"));
  kv.apply({"NS", "k", std::nullopt, true});
  CHECK(text_of(kv) == "NS{}");
}

TEST_CASE("names may be empty and hold any bytes") {
  KvTable kv;
  kv.apply(put("", "", ""));
  REQUIRE(kv.find("", "") != nullptr);
  const std::string bytes("a\0b\xff", 4);
  kv.apply(put(bytes, bytes, bytes));
  CHECK(*kv.find(bytes, bytes) == bytes);
}

TEST_CASE("a copy keeps what it has while the original goes on") {
  KvTable kv;
  kv.apply(put("A", "k", "1"));
  kv.apply(put("B", "k", "1"));
  const KvTable copy = kv;
  kv.apply(put("A", "k", "2"));
  kv.apply(take("B", "k"));
  CHECK(text_of(copy) == "A{k=1,}B{k=1,}");
  CHECK(text_of(kv) == "A{k=2,}B{}");
  // What was not changed is shared.
  KvTable third = copy;
  third.apply(put("C", "k", "1"));
  CHECK(third.find("A") == copy.find("A"));
}

TEST_CASE("limits refuse what grows, in words, and never what shrinks") {
  HardStateLimits limits;
  limits.entries_max = 3;
  limits.bytes_max = 20;
  limits.name_bytes_max = 4;
  limits.value_bytes_max = 10;
  HardState state;
  const auto code = [&](const Change& change) {
    const auto ok = check(state, change, limits);
    return ok ? "" : base::error_code_name(ok.error().code);
  };
  CHECK(code(put("abcde", "k", "v")) == "too-large");
  CHECK(code(put("NS", "abcde", "v")) == "too-large");
  CHECK(code(put("NS", "k", "01234567890")) == "too-large");
  CHECK(check(state, put("NS", "abcde", "v"), limits)
            .error()
            .message.find("a key of 5 bytes; at most 4 are kept") == 0);
  apply(state, put("NS", "a", "1"));
  apply(state, put("NS", "b", "1"));
  // Two entries and a namespace.
  CHECK(code(put("NS", "c", "1")) == "too-large");
  CHECK(code(put("N2", "a", "1")) == "too-large");
  CHECK(code(put("NS", "a", "2")) == "");
  // 2 + 1 + 1 + 1 + 1 bytes are there: 14 more fit.
  CHECK(code(put("NS", "a", "0123456789")) == "");
  apply(state, put("NS", "a", "0123456789"));
  CHECK(code(put("NS", "b", "0123456")) == "too-large");
  CHECK(code(put("NS", "b", "012345")) == "");
  // The limit was lowered, or the state is of another program version.
  limits.bytes_max = 5;
  limits.entries_max = 1;
  CHECK(code(take("NS", "a")) == "");
  CHECK(code(put("NS", "a", "short")) == "");
  CHECK(code(put("NS", "a", "0123456789")) == "");
}

TEST_CASE("overrides are one for each broker name") {
  HardStateLimits limits;
  limits.overrides_max = 1;
  limits.name_bytes_max = 8;
  HardState state;
  const auto code = [&](const Change& change) {
    const auto ok = check(state, change, limits);
    return ok ? "" : base::error_code_name(ok.error().code);
  };
  CHECK(code(hold("")) == "invalid-argument");
  CHECK(code(hold("a")) == "");
  auto wordy = hold("a");
  wordy.reason = "too long for this";
  CHECK(code(wordy) == "too-large");
  apply(state, hold("a"));
  CHECK(code(hold("b")) == "too-large");
  CHECK(code(hold("a")) == "");
  apply(state, ClearOverride{model::BrokerName("a")});
  CHECK(state.overrides.empty());
  CHECK(code(ClearOverride{model::BrokerName("a")}) == "");
}

}  // namespace
}  // namespace waypost::store
