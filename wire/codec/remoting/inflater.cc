#include "wire/codec/remoting/inflater.h"

#include <algorithm>

#include <zlib.h>

#include "base/assert.h"
#include "wire/codec/remoting/big_endian.h"

namespace waypost::remoting {
namespace {

constexpr std::size_t kBufferBytes = 16UL * 1024;

// zlib's interface takes no const.
Bytef* input_of(std::string_view bytes) {
  return const_cast<Bytef*>(reinterpret_cast<const Bytef*>(bytes.data()));
}

}  // namespace

struct Inflater::Stream {
  z_stream zlib{};
  bool open = false;
};

bool begins_zlib_stream(std::string_view bytes) {
  if (bytes.size() < 2) return false;
  const std::uint32_t head = load_u16(bytes.data());
  const bool deflate = (head >> 8U & 0xFU) == Z_DEFLATED;
  const bool window_fits = head >> 12U <= 7;
  return deflate && window_fits && head % 31 == 0;
}

Inflater::Inflater(std::string_view bytes, std::size_t total_max)
    : stream_(std::make_unique<Stream>()), left_(total_max) {
  // A frame is below 2 GiB.
  WAYPOST_ASSERT(bytes.size() <= INT32_MAX);
  stream_->zlib.next_in = input_of(bytes);
  stream_->zlib.avail_in = static_cast<uInt>(bytes.size());
  stream_->open = inflateInit(&stream_->zlib) == Z_OK;
  broken_ = !stream_->open;
}

Inflater::~Inflater() {
  if (stream_->open) inflateEnd(&stream_->zlib);
}

bool Inflater::refill() {
  if (ended_ || broken_) return false;
  z_stream& zlib = stream_->zlib;
  buffer_.resize(kBufferBytes);
  buffer_at_ = 0;
  zlib.next_out = reinterpret_cast<Bytef*>(buffer_.data());
  zlib.avail_out = static_cast<uInt>(kBufferBytes);
  const int outcome = inflate(&zlib, Z_NO_FLUSH);
  buffer_.resize(kBufferBytes - zlib.avail_out);
  ended_ = outcome == Z_STREAM_END;
  // With room for output, Z_BUF_ERROR says that the input is used up.
  broken_ = outcome != Z_STREAM_END && outcome != Z_OK;
  return !buffer_.empty();
}

bool Inflater::read(std::size_t size, std::string& out) {
  out.clear();
  if (size > left_) {
    too_large_ = true;
    return false;
  }
  while (out.size() < size) {
    if (buffer_at_ == buffer_.size() && !refill()) return false;
    const std::size_t piece =
        std::min(size - out.size(), buffer_.size() - buffer_at_);
    out.append(buffer_, buffer_at_, piece);
    buffer_at_ += piece;
  }
  left_ -= size;
  return true;
}

bool Inflater::at_end() {
  if (buffer_at_ < buffer_.size()) return false;
  return !refill() && ended_;
}

std::string deflate_bytes(std::string_view bytes) {
  uLongf size = compressBound(static_cast<uLong>(bytes.size()));
  std::string packed(size, '\0');
  const int outcome =
      compress2(reinterpret_cast<Bytef*>(packed.data()), &size, input_of(bytes),
                static_cast<uLong>(bytes.size()), Z_BEST_COMPRESSION);
  WAYPOST_ASSERT(outcome == Z_OK);
  packed.resize(size);
  return packed;
}

}  // namespace waypost::remoting
