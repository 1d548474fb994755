#ifndef WAYPOST_WIRE_CODEC_REMOTING_BIG_ENDIAN_H_
#define WAYPOST_WIRE_CODEC_REMOTING_BIG_ENDIAN_H_

#include <cstdint>
#include <string>

namespace waypost::remoting {

inline std::uint32_t load_u8(const char* at) {
  return static_cast<unsigned char>(*at);
}
inline std::uint32_t load_u16(const char* at) {
  return load_u8(at) << 8U | load_u8(at + 1);
}
inline std::uint32_t load_u32(const char* at) {
  return load_u16(at) << 16U | load_u16(at + 2);
}
inline std::int32_t load_i16(const char* at) {
  return static_cast<std::int16_t>(load_u16(at));
}
inline std::int32_t load_i32(const char* at) {
  return static_cast<std::int32_t>(load_u32(at));
}

inline void store_u16(char* at, std::uint32_t value) {
  at[0] = static_cast<char>(value >> 8U);
  at[1] = static_cast<char>(value);
}
inline void store_u32(char* at, std::uint32_t value) {
  store_u16(at, value >> 16U);
  store_u16(at + 2, value);
}

inline void append_u16(std::string& out, std::uint32_t value) {
  char bytes[2];
  store_u16(bytes, value);
  out.append(bytes, sizeof bytes);
}
inline void append_u32(std::string& out, std::uint32_t value) {
  char bytes[4];
  store_u32(bytes, value);
  out.append(bytes, sizeof bytes);
}

}  // namespace waypost::remoting

#endif  // WAYPOST_WIRE_CODEC_REMOTING_BIG_ENDIAN_H_
