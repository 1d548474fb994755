#include "tests/sim/sim_nameserver.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "base/assert.h"
#include "namesrv/handlers/native/native_session.h"
#include "wire/codec/native.h"
#include "wire/model/ids.h"

namespace waypost::sim {
namespace {

constexpr base::Duration kDrainLook = std::chrono::milliseconds(50);

// As namesrv/server/io_thread.cc.
rpc::AcceptorOptions acceptor_options(const server::ServerSettings& settings,
                                      std::size_t number,
                                      base::ByteBudget& input_budget) {
  rpc::AcceptorOptions options;
  options.payload_max_bytes = settings.native.payload_max_bytes;
  options.first_frame_timeout = settings.first_frame_timeout;
  options.loop_index = static_cast<std::uint16_t>(number);
  options.listen.reuse_port = true;
  transport::ConnectionOptions& connection = options.listen.connection;
  connection.read_limit_bytes = settings.native.payload_max_bytes + 4096;
  connection.write_limit_bytes = settings.write_limit_bytes;
  connection.input_budget = &input_budget;
  connection.keepalive = std::max(settings.service.registry.broker_expiry,
                                  settings.service.registry.agent_expiry);
  connection.user_timeout = connection.keepalive;
  return options;
}

}  // namespace

// One process, from start to end.
struct SimNameserver::Life {
  struct IoLoop {
    std::unique_ptr<handlers::NativeContext> context;
    std::unique_ptr<rpc::Acceptor> acceptor;
  };

  Life(SimNameserver& owner, std::size_t io_loops)
      : input_budget(owner.settings.input_budget_bytes),
        decode_budget(owner.settings.input_budget_bytes),
        // One reader more than loops: the checks of a test.
        table(io_loops + 1),
        loops(io_loops) {}

  base::ByteBudget input_budget;
  base::ByteBudget decode_budget;
  service::PublishedTable table;
  std::unique_ptr<service::NameService> service;
  std::vector<IoLoop> loops;
  struct Seen {
    std::optional<std::uint64_t> version;  // of the table
    std::vector<std::string> brokers;
  };
  std::map<std::string, Seen> seen;  // by topic

  base::Instant drain_deadline;
  std::unique_ptr<base::Timer> drain_timer;
};

SimNameserver::SimNameserver(SimNode& node, const base::Profile& profile,
                             base::Logger logger, std::size_t io_loops)
    : node_(node), logger_(logger), io_loops_(io_loops) {
  settings.listen = endpoint();
  settings.name = node.name();
  settings.data_dir = "simulated";
  server::apply_profile(profile, settings);
}

SimNameserver::~SimNameserver() = default;

void SimNameserver::start() {
  WAYPOST_ASSERT(!running());
  WAYPOST_ASSERT(server::complete(settings).has_value());
  settings.service.incarnation =
      model::Incarnation(node_.executor().world().random().next() | 1U);
  life_ = std::make_unique<Life>(*this, io_loops_);
  Life& life = *life_;

  service::NameServiceShell shell;
  shell.executor = &node_.executor(0);
  shell.boot_time = [this] { return node_.boot_time(); };
  shell.save_roster = [this](auto entries) { roster_ = std::move(entries); };
  shell.after_input_processed = [this](std::function<void()> done) {
    auto left = std::make_shared<std::size_t>(io_loops_);
    for (std::size_t i = 1; i <= io_loops_; ++i) {
      SimExecutor& loop = node_.executor(i);
      // Two turns, as the real one: the second comes after waiting input.
      loop.post([this, left, done, &loop] {
        loop.post([this, left, done] {
          node_.executor(0).post([left, done] {
            if (--*left == 0) done();
          });
        });
      });
    }
  };
  shell.logger = logger_;
  life.service = std::make_unique<service::NameService>(
      settings.service, std::move(shell), life.table, roster_);

  for (std::size_t i = 0; i < io_loops_; ++i) {
    Life::IoLoop& io = life.loops[i];
    SimExecutor& executor = node_.executor(i + 1);
    handlers::NativeContext::Shell context;
    context.loop = &executor;
    context.find_session = [&io](std::uint64_t id) {
      return io.acceptor->find(id);
    };
    context.decode_budget = &life.decode_budget;
    context.reader = i;
    context.logger = logger_;
    io.context = std::make_unique<handlers::NativeContext>(
        settings.native, std::move(context), *life.service, life.table);
    io.acceptor = std::make_unique<rpc::Acceptor>(
        executor, node_.network(i + 1),
        acceptor_options(settings, i, life.input_budget),
        [&io](rpc::ServerSession& session) {
          return std::make_unique<handlers::NativeSession>(*io.context,
                                                           session);
        },
        logger_.for_component(base::LogComponent::kRpc));
    executor.set_turn_hook([&io] { io.context->quiesce(); });
    WAYPOST_ASSERT(io.acceptor->listen(endpoint()).has_value());
  }
  life.service->start();
}

void SimNameserver::kill() {
  WAYPOST_ASSERT(running());
  node_.kill();
  for (std::size_t i = 0; i <= io_loops_; ++i) {
    node_.executor(i).set_turn_hook(nullptr);
  }
  // No destructor of a killed process runs; here they must, and can do no harm:
  // nothing of the node's old life is heard any more.
  for (auto& loop : life_->loops) loop.acceptor.reset();
  for (auto& loop : life_->loops) loop.context->quiesce();
  life_.reset();
  node_.restart();
}

void SimNameserver::terminate() {
  WAYPOST_ASSERT(running());
  life_->service->start_draining("stopped by SIGTERM");
  const auto notice = codec::encode(model::DrainNotice{"stopping"});
  for (std::size_t i = 0; i < io_loops_; ++i) {
    node_.executor(i + 1).post([this, i, notice] {
      rpc::Acceptor& acceptor = *life_->loops[i].acceptor;
      acceptor.stop_listening();
      acceptor.for_each([&notice](rpc::ServerSession& session) {
        session.push(codec::FrameKind::kDrainNotice, notice);
      });
    });
  }
  life_->drain_deadline = node_.executor().now() + settings.drain_max_wait;
  life_->drain_timer =
      node_.executor().run_after(kDrainLook, [this] { wait_for_clients(); });
}

void SimNameserver::wait_for_clients() {
  std::size_t clients = 0;
  for (auto& loop : life_->loops) clients += loop.context->client_count;
  if (clients > 0 && node_.executor().now() < life_->drain_deadline) {
    life_->drain_timer =
        node_.executor().run_after(kDrainLook, [this] { wait_for_clients(); });
    return;
  }
  life_->service->stop();
  // The end of the process, in a turn of no thread of it.
  node_.executor().world().schedule(EventKind::kKernel, nullptr,
                                    base::Duration(0), [this] { kill(); });
}

model::ServerState SimNameserver::state() const {
  return life_->service->state();
}

// Asked after every event by tests that wait for something: remembers.
const std::vector<std::string>& SimNameserver::brokers_of(
    const std::string& topic) {
  const auto& table = life_->table.pin(io_loops_);
  Life::Seen& seen = life_->seen[topic];
  if (seen.version != table.version()) {
    seen.version = table.version();
    seen.brokers.clear();
    const auto* entry = table.find_topic(topic, model::hash_bytes(topic));
    if (entry != nullptr) {
      for (const auto& group : table.route(*entry).groups) {
        seen.brokers.push_back(group.broker_name.value());
      }
    }
  }
  life_->table.quiesce(io_loops_);
  return seen.brokers;
}

}  // namespace waypost::sim
