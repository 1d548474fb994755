#ifndef WAYPOST_TESTS_SIM_INCIDENTS_SCENE_H_
#define WAYPOST_TESTS_SIM_INCIDENTS_SCENE_H_

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "tests/sim/deployment.h"
#include "tests/sim/incidents/story.h"

namespace waypost::sim {

// A deployment in which a story plays. What its programs log, what the story
// says and what operators see becomes one transcript, in times since begin().
class Scene {
 public:
  Scene(Story& story, const Deployment::Options& options);

  Deployment system;

  SimNameserver& ns(std::size_t i) { return *system.nameservers[i]; }
  model::ServerState state(std::size_t i) { return ns(i).state(); }
  bool serves(std::size_t i);
  bool all_serve();

  // Lets everything start; nothing of that is shown.
  void settle();
  // From here on it is shown, and times count.
  void begin();
  base::Duration elapsed() const { return system.world.now() - began_; }
  void run(base::Duration duration) { system.world.run_for(duration); }
  // Until that long after begin().
  void run_to(base::Duration since_begin);
  // How long it took; more than `limit` if it did not happen.
  base::Duration until(base::Duration limit, const std::function<bool()>& done);

  // Cuts these nameservers off from the others.
  void cut_off(const std::vector<std::size_t>& side);
  // Cuts all of one side off from all of the other, by names of nodes.
  void cut(const std::vector<std::string>& side,
           const std::vector<std::string>& other);

  // One more agent, not started, on a node of that name: of broker `name` with
  // this replica id, which serves the usual topic.
  SimAgent& add_agent(const std::string& node, const std::string& address,
                      const std::string& name, std::uint64_t replica = 0);
  // One more nameserver, not started, with the first one's settings and peers.
  SimNameserver& add_nameserver(const std::string& node,
                                const std::string& address,
                                const std::string& name);

  // A line of the story's own.
  void say(const std::string& text);
  // A promise with a line about it.
  void promise(bool kept, const std::string& what);
  // What happens from here on is not shown, until show().
  void hide();
  void show();
  // What an operator types and reads; `ports` are numbers of nameservers.
  std::string waypostctl(const std::vector<std::string>& words,
                         const std::vector<std::size_t>& ports, bool all);

  // Without the lines that contain one of these.
  std::string transcript(const std::vector<std::string>& without = {}) const;

 private:
  Story& story_;
  base::Instant began_;
  std::size_t shown_from_ = 0;
  std::string shown_;  // of the transcript, up to shown_from_
  bool hidden_ = false;
  SimNode* operator_ = nullptr;
};

// "+5.0 s", "+10:00 min", "+2:00 h": since the beginning.
std::string story_time(base::Duration since);
// "0.4 s", "2 min 10 s": how long.
std::string story_span(base::Duration span);

}  // namespace waypost::sim

#endif  // WAYPOST_TESTS_SIM_INCIDENTS_SCENE_H_
