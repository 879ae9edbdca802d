# cmake --install, and `cpack` for a Debian package. What is installed:
#
#   bin/chatspec                    the program; finds the rest relative to itself (harness/peer/place.c)
#   libexec/chatspec/               the programs that it starts: reference client, parser host
#   include/chatspec_parser.h       what a parser library exports
#   share/chatspec/peers/           adapters and their protocol
#   share/chatspec/{corpus,decode,requirements,schema}/
#   share/man, bash-completion, zsh made from the tables of commands by the program itself
include(GNUInstallDirs)
set(share ${CMAKE_INSTALL_DATADIR}/chatspec)
set(made ${PROJECT_BINARY_DIR}/manual)

add_custom_command(
  OUTPUT ${made}/chatspec.1 ${made}/chatspec.1.gz ${made}/chatspec.bash ${made}/_chatspec
  COMMAND ${CMAKE_COMMAND} -E make_directory ${made}
  COMMAND chatspec help --man > ${made}/chatspec.1
  COMMAND gzip -9nk -f ${made}/chatspec.1
  COMMAND chatspec help --completion bash > ${made}/chatspec.bash
  COMMAND chatspec help --completion zsh > ${made}/_chatspec
  DEPENDS chatspec
  COMMENT "Manual page and completions"
  VERBATIM)
add_custom_target(manual ALL DEPENDS ${made}/chatspec.1.gz ${made}/chatspec.bash ${made}/_chatspec)

install(TARGETS chatspec RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS chatspec-reference-client chatspec-parser-host
  RUNTIME DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/chatspec)
install(FILES conformance/peers/library/chatspec_parser.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})

install(DIRECTORY conformance/peers/python conformance/peers/reader conformance/peers/sdk
    conformance/peers/worker conformance/peers/schema conformance/peers/library
  DESTINATION ${share}/peers PATTERN __pycache__ EXCLUDE PATTERN *.so EXCLUDE)
install(FILES conformance/peers/PROTOCOL.md DESTINATION ${share}/peers)
install(DIRECTORY corpus DESTINATION ${share} PATTERN *.py EXCLUDE)
install(FILES conformance/decode/vectors.json conformance/decode/divergences.json
  DESTINATION ${share}/decode)
install(DIRECTORY conformance/requirements DESTINATION ${share} FILES_MATCHING PATTERN *.json)
install(DIRECTORY reports/ DESTINATION ${share}/schema FILES_MATCHING PATTERN *schema.json)

install(FILES ${made}/chatspec.1.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${made}/chatspec.bash RENAME chatspec
  DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES ${made}/_chatspec DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
# The documents that README.md and the help texts name, in the folders that they name them by.
foreach(document README.md conformance/CASES.md conformance/FINDINGS.md conformance/peers/PROTOCOL.md
    conformance/peers/worker/README.md reports/README.md harness/endpoint/CURL.md
    harness/endpoint/scenario/README.md harness/endpoint/faults/README.md
    harness/tests/own_agents/right.mjs)
  get_filename_component(folder ${document} DIRECTORY)
  install(FILES ${document} DESTINATION ${CMAKE_INSTALL_DOCDIR}/${folder})
endforeach()
# As Debian wants them.
file(MAKE_DIRECTORY ${made})
add_custom_command(OUTPUT ${made}/changelog.gz
  COMMAND gzip -9nc ${PROJECT_SOURCE_DIR}/.github/CHANGELOG.md > ${made}/changelog.gz
  DEPENDS .github/CHANGELOG.md VERBATIM)
add_custom_target(changelog ALL DEPENDS ${made}/changelog.gz)
install(FILES ${made}/changelog.gz DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES LICENSE RENAME copyright DESTINATION ${CMAKE_INSTALL_DOCDIR})

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME chatspec)
set(CPACK_PACKAGE_CONTACT "chatspec maintainers <maintainers@chatspec.example>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_PRE_BUILD_SCRIPTS ${PROJECT_SOURCE_DIR}/harness/cmake/shlibdeps.cmake)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "nodejs (>= 18), npm, ca-certificates")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "python3, gcc")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_PACKAGE_DESCRIPTION
"Tests servers, clients (any published @trigger.dev/sdk, or a transport of
one's own), agents and parsers of the Sessions protocol, and is a mock server
of it. Node.js is needed for the SDK's clients and agents alone.")
include(CPack)

if(BUILD_TESTING)
  add_test(NAME manual COMMAND ${PROJECT_SOURCE_DIR}/harness/tests/manual.sh $<TARGET_FILE:chatspec>)
  add_test(NAME installed
    COMMAND ${PROJECT_SOURCE_DIR}/harness/tests/installed.sh ${PROJECT_BINARY_DIR})
  add_test(NAME pages COMMAND ${PROJECT_SOURCE_DIR}/harness/tests/pages.sh $<TARGET_FILE:chatspec>)
  # Runs the commands of all documents, each shortened to one case. Once is enough: not per sanitizer.
  if(NOT CHATSPEC_SANITIZE)
    add_test(NAME documents
      COMMAND ${PROJECT_SOURCE_DIR}/harness/tests/documents.py ${PROJECT_BINARY_DIR})
    set_tests_properties(documents PROPERTIES LABELS unit SKIP_RETURN_CODE 77 TIMEOUT 900)
  endif()
  set_tests_properties(manual installed pages PROPERTIES
    LABELS unit SKIP_RETURN_CODE 77 TIMEOUT 120)
endif()
