# `cpack` in the build directory makes five Debian packages of what is built.

# Not a build of everything, tests included, before packing.
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON PARENT_SCOPE)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME waypost)
set(CPACK_PACKAGE_CONTACT "Waypost developers <developers@waypost.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Name service for message brokers")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_GROUPING ONE_PER_GROUP)
set(CPACK_COMPONENTS_ALL
  namesrv namesrv-system agent agent-system ctl libraries development)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY =)

foreach(program namesrv agent)
  string(TOUPPER "${program}" group)
  set(CPACK_COMPONENT_${group}_GROUP ${program})
  set(CPACK_COMPONENT_${group}-SYSTEM_GROUP ${program})
  set(CPACK_DEBIAN_${group}_PACKAGE_NAME waypost-${program})
  set(CPACK_DEBIAN_${group}_PACKAGE_CONTROL_STRICT_PERMISSION ON)
  set(CONFFILES "/etc/waypost/${program}.conf\n")
  set(STATE "waypost")  # the unit's StateDirectory, removed by a purge
  if(program STREQUAL agent)
    string(APPEND CONFFILES "/etc/waypost/topics.json\n")
    set(STATE "")
  endif()
  set(UNIT waypost-${program}.service)
  set(control "${CMAKE_CURRENT_BINARY_DIR}/deb/${program}")
  file(WRITE "${control}/conffiles" "${CONFFILES}")
  foreach(script postinst prerm postrm)
    configure_file(deb/${script}.in "${control}/${script}" @ONLY
      FILE_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE
        GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
  endforeach()
  set(CPACK_DEBIAN_${group}_PACKAGE_CONTROL_EXTRA
    "${control}/conffiles;${control}/postinst;${control}/prerm;${control}/postrm")
endforeach()
set(CPACK_COMPONENT_CTL_GROUP ctl)
set(CPACK_COMPONENT_LIBRARIES_GROUP libraries)
set(CPACK_COMPONENT_DEVELOPMENT_GROUP development)

set(library libwaypost${PROJECT_VERSION_MAJOR})
set(CPACK_DEBIAN_CTL_PACKAGE_NAME waypostctl)
set(CPACK_DEBIAN_LIBRARIES_PACKAGE_NAME ${library})
set(CPACK_DEBIAN_LIBRARIES_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libwaypost-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
# The static libraries need these; the shared ones bring their own.
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS
  "${library} (= ${PROJECT_VERSION}), libuv1-dev, libc-ares-dev, zlib1g-dev")

set(CPACK_COMPONENT_NAMESRV_DESCRIPTION
  "Nameserver: brokers register their topics, clients ask who serves them.")
set(CPACK_COMPONENT_AGENT_DESCRIPTION
  "Registers the broker beside it with all nameservers and probes its health.")
set(CPACK_COMPONENT_CTL_DESCRIPTION
  "Shows cluster, brokers and routes, and changes their configuration.")
set(CPACK_COMPONENT_LIBRARIES_DESCRIPTION
  "Libraries of the client SDK and of the embedded agent.")
set(CPACK_COMPONENT_DEVELOPMENT_DESCRIPTION
  "Headers, static libraries, CMake and pkg-config files of the libraries.")
include(CPack)

# What the packages need, and nothing else, then the packages.
add_custom_target(packages
  COMMAND "${CMAKE_CPACK_COMMAND}" -B "${CMAKE_BINARY_DIR}/packages"
  WORKING_DIRECTORY "${CMAKE_BINARY_DIR}"
  USES_TERMINAL
  VERBATIM)
add_dependencies(packages
  waypost-namesrv waypost-agent waypostctl
  waypost_public_client_shared waypost_public_client_static
  waypost_public_agent_shared waypost_public_agent_static
  waypost_public_testing)
