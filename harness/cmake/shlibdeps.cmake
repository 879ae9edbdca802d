# For cpack: the libraries that our programs need become Depends of the package. CPack's own way asks
# `file` about each of the thousands of files of the corpus; this asks about programs alone.
file(GLOB programs ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/usr/bin/*
  ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/usr/libexec/chatspec/*)
if(NOT programs)
  message(FATAL_ERROR "no programs in ${CPACK_TEMPORARY_INSTALL_DIRECTORY}")
endif()
set(folder ${CPACK_TOPLEVEL_DIRECTORY}/shlibdeps)
file(WRITE ${folder}/debian/control "Source: chatspec\n\nPackage: chatspec\nArchitecture: any\n")
execute_process(COMMAND dpkg-shlibdeps -O ${programs} WORKING_DIRECTORY ${folder}
  OUTPUT_VARIABLE output RESULT_VARIABLE result ERROR_QUIET)
if(NOT result EQUAL 0 OR NOT output MATCHES "shlibs:Depends=([^\n]+)")
  message(FATAL_ERROR "dpkg-shlibdeps (package dpkg-dev) does not tell the libraries: ${output}")
endif()
set(CPACK_DEBIAN_PACKAGE_DEPENDS "${CMAKE_MATCH_1}")
