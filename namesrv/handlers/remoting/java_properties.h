#ifndef WAYPOST_NAMESRV_HANDLERS_REMOTING_JAVA_PROPERTIES_H_
#define WAYPOST_NAMESRV_HANDLERS_REMOTING_JAVA_PROPERTIES_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace waypost::handlers {

// Keys and values in the order of the text; of two equal keys the last counts.
using JavaProperties = std::vector<std::pair<std::string, std::string>>;

// Reads what java.util.Properties.load(InputStream) reads: bytes are ISO
// 8859-1,
// '#' and '!' begin a comment line, '=', ':' or blanks end a key, a backslash
// at the end of a line continues it and elsewhere escapes (\t \n \r \f \uXXXX,
// any other character itself). Texts come back in UTF-8. kMalformed, with the
// line, where Java throws: a \u without four hexadecimal digits.
base::Result<JavaProperties> parse_java_properties(std::string_view text);

}  // namespace waypost::handlers

#endif  // WAYPOST_NAMESRV_HANDLERS_REMOTING_JAVA_PROPERTIES_H_
