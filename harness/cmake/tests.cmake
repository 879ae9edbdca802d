# chatspec_test(NAME LIBS...): a cmocka program harness/tests/test_NAME.c, run as one ctest entry.
# A program that skipped everything exits with 77, which ctest shows as skipped and not as passed.
function(chatspec_test name)
  chatspec_test_of(${name} ${name} ${ARGN})
endfunction()

# chatspec_test_of(NAME SOURCE LIBRARIES...): the test NAME is that of another one's source.
function(chatspec_test_of name source)
  add_executable(test_${name} ${PROJECT_SOURCE_DIR}/harness/tests/test_${source}.c)
  target_link_libraries(test_${name} PRIVATE ${ARGN} chatspec_flags PkgConfig::CMOCKA)
  add_test(NAME ${name} COMMAND test_${name})
  set_tests_properties(${name} PROPERTIES LABELS unit SKIP_RETURN_CODE 77 TIMEOUT 600)
endfunction()

# chatspec_fails_memory(NAME): the test can make each allocation of ours fail
# (tests/failing_memory.h).
function(chatspec_fails_memory name)
  foreach(symbol malloc calloc realloc reallocarray strdup strndup tsearch vasprintf asprintf)
    target_link_options(test_${name} PRIVATE -Wl,--wrap=${symbol})
  endforeach()
endfunction()
