# The programs, and how systemd runs them.

foreach(program namesrv agent)
  install(TARGETS waypost-${program}
    RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT ${program})
  # Places of the system, not of a prefix: in packages, or when asked for with
  # cmake --install --component.
  install(FILES "systemd/waypost-${program}.service"
    DESTINATION /lib/systemd/system
    COMPONENT ${program}-system EXCLUDE_FROM_ALL)
  install(FILES "etc/${program}.conf"
    DESTINATION /etc/waypost
    COMPONENT ${program}-system EXCLUDE_FROM_ALL)
endforeach()
install(FILES etc/topics.json
  DESTINATION /etc/waypost
  COMPONENT agent-system EXCLUDE_FROM_ALL)
install(TARGETS waypostctl
  RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT ctl)
