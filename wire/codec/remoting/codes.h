#ifndef WAYPOST_WIRE_CODEC_REMOTING_CODES_H_
#define WAYPOST_WIRE_CODEC_REMOTING_CODES_H_

// Numbers and names of RocketMQ's remoting protocol that a nameserver and those
// who talk to it need. From RocketMQ 5.3's RequestCode, ResponseCode,
// MQVersion, LanguageCode and MixAll.

#include <cstdint>
#include <string_view>

namespace waypost::remoting {

// Command::code is a plain number, since a peer may send any.
namespace request_code {
inline constexpr std::int32_t kPullMessage = 11;
inline constexpr std::int32_t kGetBrokerRuntimeInfo = 28;
inline constexpr std::int32_t kHeartBeat = 34;
inline constexpr std::int32_t kCheckClientConfig = 46;
inline constexpr std::int32_t kPutKvConfig = 100;
inline constexpr std::int32_t kGetKvConfig = 101;
inline constexpr std::int32_t kDeleteKvConfig = 102;
inline constexpr std::int32_t kRegisterBroker = 103;
inline constexpr std::int32_t kUnregisterBroker = 104;
inline constexpr std::int32_t kGetRouteInfoByTopic = 105;
inline constexpr std::int32_t kGetBrokerClusterInfo = 106;
inline constexpr std::int32_t kWipeWritePermOfBroker = 205;
inline constexpr std::int32_t kGetAllTopicList = 206;
inline constexpr std::int32_t kDeleteTopicInNamesrv = 216;
inline constexpr std::int32_t kRegisterTopicInNamesrv = 217;
inline constexpr std::int32_t kGetKvListByNamespace = 219;
inline constexpr std::int32_t kGetTopicsByCluster = 224;
inline constexpr std::int32_t kGetSystemTopicList = 304;
inline constexpr std::int32_t kGetUnitTopicList = 311;
inline constexpr std::int32_t kGetHasUnitSubTopicList = 312;
inline constexpr std::int32_t kGetHasUnitSubUnunitTopicList = 313;
inline constexpr std::int32_t kUpdateNamesrvConfig = 318;
inline constexpr std::int32_t kGetNamesrvConfig = 319;
inline constexpr std::int32_t kQueryDataVersion = 322;
inline constexpr std::int32_t kAddWritePermOfBroker = 327;
inline constexpr std::int32_t kGetBrokerMemberGroup = 901;
inline constexpr std::int32_t kBrokerHeartbeat = 904;
inline constexpr std::int32_t kNotifyMinBrokerIdChange = 905;
}  // namespace request_code

namespace response_code {
inline constexpr std::int32_t kSuccess = 0;
inline constexpr std::int32_t kSystemError = 1;
inline constexpr std::int32_t kSystemBusy = 2;
inline constexpr std::int32_t kRequestCodeNotSupported = 3;
inline constexpr std::int32_t kNoPermission = 16;
inline constexpr std::int32_t kTopicNotExist = 17;
inline constexpr std::int32_t kQueryNotFound = 22;
}  // namespace response_code

// Command::version counts releases: the ordinal of the Java enumeration.
namespace version {
inline constexpr std::int32_t k3_0_11 = 37;
inline constexpr std::int32_t k4_9_4 = 401;
inline constexpr std::int32_t k5_0_0 = 413;
// What we call ourselves: 4.9.8, whose exchanges are recorded.
inline constexpr std::int32_t kOurs = 409;

// Brokers before 3.0.11 register their topic table alone.
constexpr bool registers_topics_alone(std::int32_t version) {
  return version < k3_0_11;
}
// Clients since 4.9.4 read standard JSON.
constexpr bool reads_standard_json(std::int32_t version) {
  return version >= k4_9_4;
}
}  // namespace version

// Bits of Command::flag.
inline constexpr std::int32_t kFlagResponse = 1;
inline constexpr std::int32_t kFlagOneway = 2;

// What a peer is written in.
enum class Language : std::uint8_t {
  kJava = 0,
  kCpp = 1,
  kDotnet = 2,
  kPython = 3,
  kDelphi = 4,
  kErlang = 5,
  kRuby = 6,
  kOther = 7,
  kHttp = 8,
  kGo = 9,
  kPhp = 10,
  kOms = 11,
  kRust = 12,
  kNodeJs = 13,
  kUnknown = 255,  // none of these, or not said
};
// "JAVA"; kUnknown is "OTHER".
std::string_view language_name(Language language);
// kUnknown where there is none of that number or name.
Language language_of(std::uint8_t number);
Language language_of(std::string_view name);

// Ext fields that are no member of any Java header class.
inline constexpr std::string_view kZoneNameField = "__ZONE_NAME";
inline constexpr std::string_view kZoneModeField = "__ZONE_MODE";

}  // namespace waypost::remoting

#endif  // WAYPOST_WIRE_CODEC_REMOTING_CODES_H_
