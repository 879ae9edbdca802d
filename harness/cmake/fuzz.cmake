# chatspec_fuzz_target(NAME LIBS...): the target fuzz/fuzz_NAME.c as two programs.
#
#   replay_NAME   always: runs it over files, and as a test over all of corpus/NAME (its seeds/ and
#                 regressions/), of which there must be five at least
#   fuzz_NAME     with CHATSPEC_FUZZ: the same under libFuzzer
#
# Both link the same objects of ours, which that option compiles with its instrumentation.
function(chatspec_fuzz_target name)
  chatspec_fuzz_programs(${name} ${ARGN})
  if(BUILD_TESTING)
    add_test(NAME replay_${name}
      COMMAND replay_${name} --at-least 5 ${PROJECT_SOURCE_DIR}/corpus/${name})
    set_tests_properties(replay_${name} PROPERTIES LABELS replay TIMEOUT 300)
  endif()
endfunction()

function(chatspec_fuzz_programs name)
  set(source ${PROJECT_SOURCE_DIR}/fuzz/fuzz_${name}.c)
  add_executable(replay_${name} ${source} ${PROJECT_SOURCE_DIR}/fuzz/replay_main.c)
  target_link_libraries(replay_${name} PRIVATE ${ARGN} chatspec_flags)
  if(CHATSPEC_FUZZ)
    add_executable(fuzz_${name} ${source})
    target_link_libraries(fuzz_${name} PRIVATE ${ARGN} chatspec_flags)
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  endif()
endfunction()

# chatspec_fuzz_counts_memory(NAME): for a target that includes fuzz/memory.h.
function(chatspec_fuzz_counts_memory name)
  foreach(program replay_${name} fuzz_${name})
    if(TARGET ${program})
      target_link_options(${program} PRIVATE
        -Wl,--wrap=malloc -Wl,--wrap=calloc -Wl,--wrap=realloc -Wl,--wrap=free)
    endif()
  endforeach()
endfunction()

# chatspec_canary(FAULT SANITIZER REPORT): corpus/canary/FAULT must end the canary with a failure
# when SANITIZER is on (a part of CHATSPEC_SANITIZE; "" for always), and its output must match
# REPORT: a failure for another reason is not the one that is asked for.
function(chatspec_canary fault sanitizer report)
  if(NOT BUILD_TESTING OR NOT CHATSPEC_SANITIZE MATCHES "${sanitizer}")
    return()
  endif()
  # The shell turns an end by a signal, which ctest takes for a fault of its own, into a failure.
  set(command sh -c "\"$0\" \"$1\" || exit 1"
    $<TARGET_FILE:replay_canary> ${PROJECT_SOURCE_DIR}/corpus/canary/${fault})
  add_test(NAME canary_${fault} COMMAND ${command})
  set_tests_properties(canary_${fault} PROPERTIES LABELS replay TIMEOUT 60 WILL_FAIL TRUE)
  add_test(NAME canary_${fault}_report COMMAND ${command})
  set_tests_properties(canary_${fault}_report PROPERTIES
    LABELS replay TIMEOUT 60 PASS_REGULAR_EXPRESSION "${report}")
endfunction()
