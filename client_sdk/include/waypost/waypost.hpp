#ifndef WAYPOST_WAYPOST_HPP_
#define WAYPOST_WAYPOST_HPP_

// All of the SDK. Start reading at client.hpp.

#include "waypost/allocation.hpp"  // IWYU pragma: export
#include "waypost/cancel.hpp"      // IWYU pragma: export
#include "waypost/client.hpp"      // IWYU pragma: export
#include "waypost/events.hpp"      // IWYU pragma: export
#include "waypost/log.hpp"         // IWYU pragma: export
#include "waypost/metrics.hpp"     // IWYU pragma: export
#include "waypost/options.hpp"     // IWYU pragma: export
#include "waypost/probe.hpp"       // IWYU pragma: export
#include "waypost/result.hpp"      // IWYU pragma: export
#include "waypost/route.hpp"       // IWYU pragma: export
#include "waypost/send.hpp"        // IWYU pragma: export

#endif  // WAYPOST_WAYPOST_HPP_
