# Compiler settings, libraries and the three target functions that every folder
# uses: waypost_library, waypost_executable, waypost_test.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")

option(WAYPOST_JEMALLOC "Link the executables with jemalloc" OFF)
set(WAYPOST_SANITIZE "" CACHE STRING "Sanitizers, comma separated")

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  set(CMAKE_C_COMPILER_LAUNCHER "${CCACHE_PROGRAM}")
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CCACHE_PROGRAM}")
endif()
find_program(MOLD_PROGRAM mold)
if(MOLD_PROGRAM)
  add_link_options(-fuse-ld=mold)
endif()

add_compile_options(
  -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow
  -Wnon-virtual-dtor -Woverloaded-virtual -Wold-style-cast -Wcast-align
  -Wundef -Wimplicit-fallthrough -Wextra-semi -Werror)
# Assertions stay on in every build: they state what only our own bug can break.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1 -fno-omit-frame-pointer")
set(CMAKE_CXX_FLAGS_SANITIZE "-O1 -g1 -fno-omit-frame-pointer")
set(CMAKE_C_FLAGS_SANITIZE "-O1 -g1 -fno-omit-frame-pointer")
if(WAYPOST_SANITIZE)
  add_compile_options("-fsanitize=${WAYPOST_SANITIZE}" -fno-sanitize-recover=all)
  add_link_options("-fsanitize=${WAYPOST_SANITIZE}")
  if(WAYPOST_SANITIZE MATCHES "undefined")
    # The address sanitizer notices these too; asked for twice they double the
    # time to compile.
    add_compile_options(-fno-sanitize=null,object-size,vptr)
  endif()
  # g++ 12 reports false maybe-uninitialized inside std under sanitizers.
  add_compile_options(-Wno-maybe-uninitialized)
endif()

# A project that embeds this one links our libraries, so it must see these.
set(CMAKE_FIND_PACKAGE_TARGETS_GLOBAL ON)
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
pkg_check_modules(LIBUV REQUIRED IMPORTED_TARGET GLOBAL libuv)
pkg_check_modules(CARES REQUIRED IMPORTED_TARGET GLOBAL libcares)
pkg_check_modules(SQLITE REQUIRED IMPORTED_TARGET GLOBAL sqlite3)
pkg_check_modules(ZLIB REQUIRED IMPORTED_TARGET GLOBAL zlib)
# Its flags decide the layout of its classes.
pkg_check_modules(HTTPLIB REQUIRED IMPORTED_TARGET GLOBAL cpp-httplib)
pkg_check_modules(PROMETHEUS REQUIRED IMPORTED_TARGET GLOBAL prometheus-cpp-core)
pkg_check_modules(JEMALLOC IMPORTED_TARGET GLOBAL jemalloc)
find_package(OpenSSL REQUIRED)
find_package(tl-expected REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
find_package(nlohmann_json REQUIRED)
if(PROJECT_IS_TOP_LEVEL)
  find_package(doctest REQUIRED)
  find_package(benchmark REQUIRED)
endif()
find_program(FLATC_PROGRAM flatc REQUIRED)

# waypost_library(NAME SOURCES ... [DEPS ...] [PRIVATE_DEPS ...])
function(waypost_library NAME)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;PRIVATE_DEPS" ${ARGN})
  add_library(${NAME} STATIC ${ARG_SOURCES})
  target_include_directories(${NAME} PUBLIC "${PROJECT_SOURCE_DIR}")
  target_compile_features(${NAME} PUBLIC cxx_std_20)
  target_link_libraries(${NAME} PUBLIC ${ARG_DEPS} PRIVATE ${ARG_PRIVATE_DEPS})
endfunction()

# waypost_executable(NAME SOURCES ... DEPS ...)
function(waypost_executable NAME)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${NAME} ${ARG_SOURCES})
  target_include_directories(${NAME} PRIVATE "${PROJECT_SOURCE_DIR}")
  target_link_libraries(${NAME} PRIVATE ${ARG_DEPS})
  if(WAYPOST_JEMALLOC AND JEMALLOC_FOUND)
    target_link_libraries(${NAME} PRIVATE PkgConfig::JEMALLOC)
  endif()
endfunction()

# waypost_test(NAME SOURCES ... DEPS ... [LABELS ...] [TIMEOUT seconds] [APART]
#              [ONE_THREAD])
# One doctest binary, one ctest entry. The sanitizer presets compile several of
# its sources as one, which takes a third of the time; APART: not here, because
# they use one name for different things, each in its unnamed namespace.
# ONE_THREAD: pure values or a simulated world, nothing for the thread sanitizer.
function(waypost_test NAME)
  cmake_parse_arguments(
    ARG "APART;ONE_THREAD" "TIMEOUT" "SOURCES;DEPS;LABELS" ${ARGN})
  add_executable(${NAME} ${ARG_SOURCES})
  # There are no races in one thread: looking for them costs minutes.
  if(ARG_ONE_THREAD AND WAYPOST_SANITIZE MATCHES "thread")
    set_target_properties(${NAME} PROPERTIES EXCLUDE_FROM_ALL ON)
    return()
  endif()
  if(WAYPOST_SANITIZE AND NOT ARG_APART)
    set_target_properties(${NAME} PROPERTIES
      UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 12)
  endif()
  target_link_libraries(${NAME} PRIVATE ${ARG_DEPS} waypost_doctest_main)
  if(WAYPOST_SANITIZE)
    # Optimising the checks of instrumented tests takes most of the time of
    # compiling them and saves none of running them.
    target_compile_options(${NAME} PRIVATE -O0)
  endif()
  add_test(NAME ${NAME} COMMAND ${NAME})
  if(NOT ARG_LABELS)
    set(ARG_LABELS unit)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  # Before ctest kills it without a word: tests/doctest_main.cc says where it is.
  math(EXPR HANGS_AFTER "${ARG_TIMEOUT} - 20")
  set_tests_properties(${NAME} PROPERTIES
    LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT}
    ENVIRONMENT "WAYPOST_TEST_HANG_AFTER=${HANGS_AFTER}")
  if(WAYPOST_SANITIZE MATCHES "thread")
    # A fork of a process with threads only goes on to exec.
    set_tests_properties(${NAME} PROPERTIES ENVIRONMENT
      "TSAN_OPTIONS=suppressions=${CMAKE_SOURCE_DIR}/tests/tsan.supp:die_after_fork=0")
  endif()
endfunction()
