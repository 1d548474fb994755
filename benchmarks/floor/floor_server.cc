// waypost-bench-floor: the least that a libuv server can do for an answer, as
// the measure for our own. It finds frames by their lengths and answers each
// with the same canned bytes; it looks into nothing.
//
//   waypost-bench-floor HOST PORT REPLY_FILE [REQUEST_ID REPLY_ID ID_BYTES]
//
// Prints the port it listens on (PORT 0: any) and serves until SIGTERM. The
// reply file holds one or more whole frames; the request's correlation id is
// put into each of them, because without it the load driver could not tell what
// it got. Requests that arrived in one read are answered in one write.
//
// Frames are native, or, when offsets of the id in requests and replies are
// given, RocketMQ's.
//
// Plain functions and libuv's own types on purpose: nothing of ours is in it.

#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include <uv.h>

namespace {

constexpr std::size_t kReadBytes = 64 * 1024;

// Native until the arguments say otherwise.
struct Format {
  std::size_t preface_bytes = 8;
  std::size_t length_bytes = 16;  // until a frame's length is known
  bool remoting = false;
  std::size_t request_id_offset = 8;
  std::size_t reply_id_offset = 8;
  std::size_t id_bytes = sizeof(std::uint64_t);
} format;

std::vector<char> reply;
std::vector<std::size_t> reply_frame_offsets;
std::vector<char> output;  // of the read being answered
char read_buffer[kReadBytes];

struct Client {
  uv_tcp_t handle;
  bool preface_seen;
  std::vector<char>* kept;  // the incomplete frame at the end of the last read
};

struct PendingWrite {
  uv_write_t request;
  std::vector<char> bytes;
};

void on_closed(uv_handle_t* handle) {
  auto* client = static_cast<Client*>(handle->data);
  delete client->kept;
  delete client;
}

void close_client(Client* client) {
  auto* handle = reinterpret_cast<uv_handle_t*>(&client->handle);
  if (uv_is_closing(handle) == 0) uv_close(handle, on_closed);
}

void on_written(uv_write_t* request, int /*status*/) {
  delete static_cast<PendingWrite*>(request->data);
}

void send_output(Client* client) {
  auto* stream = reinterpret_cast<uv_stream_t*>(&client->handle);
  uv_buf_t buffer =
      uv_buf_init(output.data(), static_cast<unsigned>(output.size()));
  int sent = uv_try_write(stream, &buffer, 1);
  if (sent == UV_EAGAIN) sent = 0;
  if (sent < 0) return close_client(client);
  if (static_cast<std::size_t>(sent) == output.size()) return;
  auto* pending = new PendingWrite;
  pending->bytes.assign(output.begin() + sent, output.end());
  pending->request.data = pending;
  buffer = uv_buf_init(pending->bytes.data(),
                       static_cast<unsigned>(pending->bytes.size()));
  if (uv_write(&pending->request, stream, &buffer, 1, on_written) != 0) {
    delete pending;
    close_client(client);
  }
}

// The size of the frame that begins at `bytes`, of which length_bytes are
// there.
std::size_t frame_bytes(const char* bytes) {
  std::uint32_t length = 0;
  std::memcpy(&length, bytes, sizeof length);
  if (format.remoting) return 4 + std::size_t{ntohl(length)};
  return format.length_bytes + length;
}

void append_reply(const char* correlation_id) {
  const std::size_t start = output.size();
  output.insert(output.end(), reply.begin(), reply.end());
  for (const std::size_t offset : reply_frame_offsets) {
    std::memcpy(output.data() + start + offset + format.reply_id_offset,
                correlation_id, format.id_bytes);
  }
}

// Answers every whole frame of [bytes, bytes + size); returns what it used.
std::size_t answer_frames(Client* client, const char* bytes, std::size_t size) {
  std::size_t used = 0;
  if (!client->preface_seen) {
    if (size < format.preface_bytes) return 0;
    client->preface_seen = true;
    used = format.preface_bytes;
  }
  while (size - used >= format.length_bytes) {
    const std::size_t frame = frame_bytes(bytes + used);
    if (size - used < frame) break;
    append_reply(bytes + used + format.request_id_offset);
    used += frame;
  }
  return used;
}

void on_read(uv_stream_t* stream, ssize_t count, const uv_buf_t* buffer) {
  auto* client = static_cast<Client*>(stream->data);
  if (count < 0) return close_client(client);
  if (count == 0) return;
  const char* bytes = buffer->base;
  auto size = static_cast<std::size_t>(count);
  if (!client->kept->empty()) {
    client->kept->insert(client->kept->end(), bytes, bytes + size);
    bytes = client->kept->data();
    size = client->kept->size();
  }
  output.clear();
  const std::size_t used = answer_frames(client, bytes, size);
  if (bytes == client->kept->data()) {
    client->kept->erase(client->kept->begin(),
                        client->kept->begin() + static_cast<ssize_t>(used));
  } else if (used < size) {
    client->kept->assign(bytes + used, bytes + size);
  }
  if (!output.empty()) send_output(client);
}

void on_allocate(uv_handle_t* /*handle*/, std::size_t /*suggested*/,
                 uv_buf_t* buffer) {
  *buffer = uv_buf_init(read_buffer, sizeof read_buffer);
}

void on_connection(uv_stream_t* server, int status) {
  if (status < 0) return;
  auto* client = new Client{};
  client->kept = new std::vector<char>;
  uv_tcp_init(server->loop, &client->handle);
  client->handle.data = client;
  auto* stream = reinterpret_cast<uv_stream_t*>(&client->handle);
  if (uv_accept(server, stream) != 0) return close_client(client);
  uv_tcp_nodelay(&client->handle, 1);
  uv_read_start(stream, on_allocate, on_read);
}

bool load_reply(const char* path) {
  std::FILE* file = std::fopen(path, "rb");
  if (file == nullptr) return false;
  char chunk[4096];
  std::size_t count = 0;
  while ((count = std::fread(chunk, 1, sizeof chunk, file)) > 0) {
    reply.insert(reply.end(), chunk, chunk + count);
  }
  std::fclose(file);
  std::size_t offset = 0;
  while (reply.size() - offset >= format.length_bytes) {
    reply_frame_offsets.push_back(offset);
    offset += frame_bytes(reply.data() + offset);
    if (offset > reply.size()) return false;
  }
  return offset == reply.size() && offset > 0;
}

void speak_remoting(char** offsets) {
  format.preface_bytes = 0;
  format.length_bytes = 4;
  format.remoting = true;
  format.request_id_offset = std::strtoul(offsets[0], nullptr, 10);
  format.reply_id_offset = std::strtoul(offsets[1], nullptr, 10);
  format.id_bytes = std::strtoul(offsets[2], nullptr, 10);
}

void on_terminate(uv_signal_t* signal, int /*number*/) {
  uv_stop(signal->loop);
}

int fail(const char* what, int error) {
  std::fprintf(stderr, "waypost-bench-floor: %s: %s\n", what,
               uv_strerror(error));
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 7) speak_remoting(argv + 4);
  if ((argc != 4 && argc != 7) || !load_reply(argv[3])) {
    std::fprintf(stderr,
                 "usage: waypost-bench-floor HOST PORT REPLY_FILE "
                 "[REQUEST_ID REPLY_ID ID_BYTES]\n"
                 "REPLY_FILE holds whole frames: the answer to everything\n");
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  uv_loop_t* loop = uv_default_loop();
  sockaddr_in address{};
  int error = uv_ip4_addr(argv[1], std::atoi(argv[2]), &address);
  if (error != 0) return fail(argv[1], error);
  static uv_tcp_t server;
  uv_tcp_init(loop, &server);
  error = uv_tcp_bind(&server, reinterpret_cast<const sockaddr*>(&address), 0);
  if (error == 0) {
    error =
        uv_listen(reinterpret_cast<uv_stream_t*>(&server), 4096, on_connection);
  }
  if (error != 0) return fail("listen", error);
  int length = sizeof address;
  uv_tcp_getsockname(&server, reinterpret_cast<sockaddr*>(&address), &length);
  std::printf("%d\n", ntohs(address.sin_port));
  std::fflush(stdout);
  static uv_signal_t terminate;
  uv_signal_init(loop, &terminate);
  uv_signal_start(&terminate, on_terminate, SIGTERM);
  uv_run(loop, UV_RUN_DEFAULT);
  return 0;
}
