#ifndef WAYPOST_WIRE_CODEC_REMOTING_INFLATER_H_
#define WAYPOST_WIRE_CODEC_REMOTING_INFLATER_H_

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace waypost::remoting {

// Whether a text starts with a zlib header (RFC 1950, section 2.2).
bool begins_zlib_stream(std::string_view bytes);

// Unpacks a zlib stream piece by piece: it holds what it was asked for and one
// small buffer, however much the stream would unfold to.
class Inflater {
 public:
  // The bytes must outlive it. Reading beyond `total_max` inflated bytes fails.
  Inflater(std::string_view bytes, std::size_t total_max);
  ~Inflater();
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  // The next `size` bytes into `out`, which grows as they come. False when the
  // stream ends or breaks before, or the total is reached.
  bool read(std::size_t size, std::string& out);

  // Whether nothing more comes; only then is a stream that ends here told from
  // one that is cut off.
  bool at_end();

  // Whether the last read failed at the total rather than at the stream.
  bool too_large() const { return too_large_; }

 private:
  struct Stream;

  // Refills the buffer; false at the end of the stream and when it is broken.
  bool refill();

  std::unique_ptr<Stream> stream_;
  std::size_t left_;
  std::string buffer_;
  std::size_t buffer_at_ = 0;
  bool ended_ = false;
  bool broken_ = false;
  bool too_large_ = false;
};

// The whole as a zlib stream, packed as well as zlib can.
std::string deflate_bytes(std::string_view bytes);

}  // namespace waypost::remoting

#endif  // WAYPOST_WIRE_CODEC_REMOTING_INFLATER_H_
