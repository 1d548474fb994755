#ifndef WAYPOST_NAMESRV_ADMIN_PAGES_H_
#define WAYPOST_NAMESRV_ADMIN_PAGES_H_

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "namesrv/admin/cluster_json.h"
#include "namesrv/admin/snapshots.h"

namespace waypost::admin_http {

struct Request {
  std::string method;
  std::string path;           // without the query
  std::string authorization;  // the header's value
};

struct Page {
  int status = 200;
  std::string content_type;
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
};

// What the admin port answers, path by path (docs/admin-http.md). Any thread;
// waits for the registry thread for as long as `snapshot` does.
class Pages {
 public:
  struct Shell {
    std::function<base::Result<Snapshots::Taken>()> snapshot;
    // Whether that is the token, in a time that does not tell how much of it is
    // right. Null: none is asked for.
    std::function<bool(std::string_view)> is_token;
    SettingTexts cluster_settings;  // secrets hidden
  };
  explicit Pages(Shell shell) : shell_(std::move(shell)) {}

  Page answer(const Request& request) const;

 private:
  bool admitted(const Request& request) const;

  const Shell shell_;
};

}  // namespace waypost::admin_http

#endif  // WAYPOST_NAMESRV_ADMIN_PAGES_H_
