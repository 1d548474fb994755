# waypost-client, waypost-agent: shared and static; waypost-testing: static.
#
# The objects are those that the programs are linked from. What a shared library
# shows is in exports.map: all else is local to it, so two of ours in one
# process, or another libuv wrapper, do not meet.

set(PUBLIC_HEADERS "${PROJECT_SOURCE_DIR}/client_sdk/include/")
set(AGENT_HEADERS "${PROJECT_SOURCE_DIR}/broker_agent/include/")
set(EXPORTS_MAP "${CMAKE_CURRENT_SOURCE_DIR}/exports.map")

# The way from a pkg-config file up to the prefix, so that it may be moved.
file(RELATIVE_PATH PC_UP
  "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
string(REGEX REPLACE "/$" "" PC_UP "${PC_UP}")

function(objects_of RESULT)
  set(objects)
  foreach(part ${ARGN})
    list(APPEND objects "$<TARGET_OBJECTS:${part}>")
  endforeach()
  set(${RESULT} "${objects}" PARENT_SCOPE)
endfunction()

# What users see of a library target: its name, its headers.
function(describe_library TARGET NAME)
  set_target_properties(${TARGET} PROPERTIES
    OUTPUT_NAME "${NAME}"
    LINKER_LANGUAGE CXX
    ARCHIVE_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/lib"
    LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/lib")
  target_include_directories(${TARGET} INTERFACE
    "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
  target_compile_features(${TARGET} INTERFACE cxx_std_20)
endfunction()

# They are three quarters of an archive, and nobody strips that later.
function(without_debug_symbols TARGET)
  add_custom_command(TARGET ${TARGET} POST_BUILD
    COMMAND "${CMAKE_STRIP}" --strip-debug "$<TARGET_FILE:${TARGET}>"
    VERBATIM)
endfunction()

# public_libraries(KIND PARTS...): PARTS are what it is about, and whole in it;
# of the folders that all share the shared library takes what it needs. Exported
# as waypost::<kind>_shared and waypost::<kind>_static.
function(public_libraries KIND)
  objects_of(own_objects ${ARGN})
  objects_of(objects ${SHARED_PARTS} ${ARGN})
  set(shared waypost_public_${KIND}_shared)
  set(static waypost_public_${KIND}_static)

  add_library(${shared} SHARED ${own_objects})
  describe_library(${shared} waypost-${KIND})
  set_target_properties(${shared} PROPERTIES
    EXPORT_NAME ${KIND}_shared
    VERSION "${PROJECT_VERSION}" SOVERSION "${PROJECT_VERSION_MAJOR}"
    LINK_DEPENDS "${EXPORTS_MAP}")
  target_link_options(${shared} PRIVATE
    "LINKER:--version-script=${EXPORTS_MAP}" "LINKER:--no-undefined"
    "LINKER:--as-needed")
  target_link_libraries(${shared} PRIVATE ${SHARED_PARTS} Threads::Threads)
  install(TARGETS ${shared} EXPORT waypost-shared-targets
    LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT libraries
    NAMELINK_COMPONENT development)

  add_library(${static} STATIC ${objects})
  describe_library(${static} waypost-${KIND})
  set_target_properties(${static} PROPERTIES EXPORT_NAME ${KIND}_static)
  without_debug_symbols(${static})
  target_link_libraries(${static} PRIVATE
    PkgConfig::LIBUV PkgConfig::CARES PkgConfig::ZLIB Threads::Threads
    stdc++ m)  # for projects in C alone
  install(TARGETS ${static} EXPORT waypost-static-targets
    ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT development)

  configure_file(waypost-${KIND}.pc.in waypost-${KIND}.pc @ONLY)
  install(FILES "${CMAKE_CURRENT_BINARY_DIR}/waypost-${KIND}.pc"
    DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig" COMPONENT development)
endfunction()

public_libraries(client ${CLIENT_PARTS})
public_libraries(agent ${AGENT_PARTS})

# For users' tests; goes with either form of the client.
objects_of(testing_objects ${TESTING_PARTS})
add_library(waypost_public_testing STATIC ${testing_objects})
describe_library(waypost_public_testing waypost-testing)
set_target_properties(waypost_public_testing PROPERTIES
  EXPORT_NAME testing_static)
without_debug_symbols(waypost_public_testing)
target_link_libraries(waypost_public_testing PRIVATE Threads::Threads)
install(TARGETS waypost_public_testing EXPORT waypost-shared-targets
  ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT development)

install(DIRECTORY "${PUBLIC_HEADERS}" "${AGENT_HEADERS}"
  DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" COMPONENT development
  FILES_MATCHING PATTERN "*.hpp" PATTERN "*.h")

install(FILES
  "${PROJECT_SOURCE_DIR}/client_sdk/examples/lookup.c"
  "${PROJECT_SOURCE_DIR}/client_sdk/examples/lookup.cc"
  "${PROJECT_SOURCE_DIR}/client_sdk/examples/lookup.py"
  "${PROJECT_SOURCE_DIR}/broker_agent/examples/embedded_broker.cc"
  DESTINATION "${CMAKE_INSTALL_DATAROOTDIR}/doc/libwaypost-dev/examples"
  COMPONENT development)

set(CMAKE_FILES_DIR "${CMAKE_INSTALL_LIBDIR}/cmake/waypost")
foreach(kind shared static)
  install(EXPORT waypost-${kind}-targets NAMESPACE waypost::
    DESTINATION "${CMAKE_FILES_DIR}" COMPONENT development)
endforeach()
configure_package_config_file(waypost-config.cmake.in waypost-config.cmake
  INSTALL_DESTINATION "${CMAKE_FILES_DIR}"
  NO_SET_AND_CHECK_MACRO)
# Before 1.0 a minor version may change the C++ API.
write_basic_package_version_file(
  "${CMAKE_CURRENT_BINARY_DIR}/waypost-config-version.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES
  "${CMAKE_CURRENT_BINARY_DIR}/waypost-config.cmake"
  "${CMAKE_CURRENT_BINARY_DIR}/waypost-config-version.cmake"
  DESTINATION "${CMAKE_FILES_DIR}" COMPONENT development)
