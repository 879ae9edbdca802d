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
  if(BUILD_TESTING AND CHATSPEC_FUZZ)
    chatspec_fuzz_floor(floor_${name} ${name} ${PROJECT_SOURCE_DIR}/fuzz/floors)
  endif()
endfunction()

# chatspec_fuzz_floor(TEST NAME FLOORS): what corpus/NAME covers is not less than FLOORS says.
function(chatspec_fuzz_floor test name floors)
  add_test(NAME ${test} COMMAND ${CMAKE_COMMAND} -DNAME=${name} -DFLOORS=${floors}
    -DPROGRAM=$<TARGET_FILE:fuzz_${name}> -DCORPUS=${PROJECT_SOURCE_DIR}/corpus/${name}
    -P ${PROJECT_SOURCE_DIR}/harness/cmake/floor.cmake)
  set_tests_properties(${test} PROPERTIES LABELS floor TIMEOUT 300)
endfunction()

function(chatspec_fuzz_programs name)
  set(source ${PROJECT_SOURCE_DIR}/fuzz/fuzz_${name}.c)
  add_executable(replay_${name} ${source} ${PROJECT_SOURCE_DIR}/fuzz/replay_main.c)
  target_link_libraries(replay_${name} PRIVATE ${ARGN} chatspec_flags)
  if(CHATSPEC_FUZZ)
    add_executable(fuzz_${name} ${source})
    target_link_libraries(fuzz_${name} PRIVATE ${ARGN} chatspec_flags)
    target_link_options(fuzz_${name} PRIVATE ${CHATSPEC_FUZZ_ENGINE})
  endif()
endfunction()

# chatspec_wire_counted: wire/ once more, counting its work (fuzz/work.h).
function(chatspec_counted_wire)
  get_target_property(sources chatspec_wire SOURCES)
  list(TRANSFORM sources PREPEND ${PROJECT_SOURCE_DIR}/harness/wire/)
  add_library(chatspec_wire_counted STATIC ${sources})
  target_compile_options(chatspec_wire_counted PRIVATE -fsanitize-coverage=trace-pc)
  add_library(chatspec_work OBJECT ${PROJECT_SOURCE_DIR}/fuzz/work.c)
  target_link_libraries(chatspec_work PRIVATE chatspec_flags)
  if(CHATSPEC_FUZZ)
    target_compile_options(chatspec_work PRIVATE -fno-sanitize=fuzzer-no-link)
  endif()
  set(wrapped __sanitizer_cov_trace_pc memchr memcpy memmove memset memcmp realloc)
  # A build service brings its sanitizers in the flags.
  if(CHATSPEC_SANITIZE MATCHES address OR CMAKE_C_FLAGS MATCHES "-fsanitize=[a-z,-]*address")
    list(APPEND wrapped __asan_memcpy __asan_memmove __asan_memset)
  endif()
  list(TRANSFORM wrapped PREPEND -Wl,--wrap=)
  target_link_options(chatspec_wire_counted INTERFACE ${wrapped})
  target_link_libraries(chatspec_wire_counted PUBLIC chatspec_flags PRIVATE PkgConfig::CRYPTO
    INTERFACE $<TARGET_OBJECTS:chatspec_work>)
endfunction()

# chatspec_fuzz_mutator(PROGRAM SHAPE CONFIG): the mutators of fuzz/mutate_SHAPE.c for a target whose
# first CONFIG bytes are its configuration. They are no part of the target: other engines and the
# replay do without, and they are not instrumented.
function(chatspec_fuzz_mutator program shape config)
  if(NOT TARGET ${program})
    return()
  endif()
  set(sources ${PROJECT_SOURCE_DIR}/fuzz/mutate_engine.c ${PROJECT_SOURCE_DIR}/fuzz/mutate_batch.c
    ${PROJECT_SOURCE_DIR}/fuzz/mutate_sse.c)
  target_sources(${program} PRIVATE ${sources})
  target_compile_definitions(${program} PRIVATE FUZZ_CONFIG_BYTES=${config}
    FUZZ_MUTATE=fuzz_mutate_${shape} FUZZ_CROSS=fuzz_cross_${shape})
  if(CHATSPEC_FUZZ)
    set_source_files_properties(${sources} PROPERTIES COMPILE_OPTIONS -fno-sanitize=fuzzer-no-link)
  endif()
endfunction()

# chatspec_fuzz_test(NAME LIBS...): fuzz/test_NAME.c, a unit test of what the targets are made of.
function(chatspec_fuzz_test name)
  if(BUILD_TESTING)
    add_executable(test_fuzz_${name} ${PROJECT_SOURCE_DIR}/fuzz/test_${name}.c)
    target_link_libraries(test_fuzz_${name} PRIVATE ${ARGN} chatspec_flags PkgConfig::CMOCKA)
    add_test(NAME fuzz_${name} COMMAND test_fuzz_${name})
    set_tests_properties(fuzz_${name} PROPERTIES LABELS unit TIMEOUT 120)
  endif()
endfunction()

# chatspec_fuzz_counts_memory(NAME [FUNCTION...]): for a target that includes fuzz/memory.h, and has a
# __wrap_FUNCTION of its own for each other that may say that memory is out.
function(chatspec_fuzz_counts_memory name)
  list(TRANSFORM ARGN PREPEND -Wl,--wrap= OUTPUT_VARIABLE others)
  foreach(program replay_${name} fuzz_${name})
    if(TARGET ${program})
      target_link_options(${program} PRIVATE
        -Wl,--wrap=malloc -Wl,--wrap=calloc -Wl,--wrap=realloc -Wl,--wrap=free ${others})
    endif()
  endforeach()
endfunction()

# chatspec_canary(FAULT SANITIZER REPORT [OPTION...]): corpus/canary/FAULT must end the canary with a failure
# when SANITIZER is on (a part of CHATSPEC_SANITIZE; "" for always), and its output must match
# REPORT: a failure for another reason is not the one that is asked for.
function(chatspec_canary fault sanitizer report)
  if(NOT BUILD_TESTING OR NOT CHATSPEC_SANITIZE MATCHES "${sanitizer}")
    return()
  endif()
  # The shell turns an end by a signal, which ctest takes for a fault of its own, into a failure.
  set(command sh -c "\"$0\" \"$@\" || exit 1"
    $<TARGET_FILE:replay_canary> ${ARGN} ${PROJECT_SOURCE_DIR}/corpus/canary/${fault})
  add_test(NAME canary_${fault} COMMAND ${command})
  set_tests_properties(canary_${fault} PROPERTIES LABELS replay TIMEOUT 60 WILL_FAIL TRUE)
  add_test(NAME canary_${fault}_report COMMAND ${command})
  set_tests_properties(canary_${fault}_report PROPERTIES
    LABELS replay TIMEOUT 60 PASS_REGULAR_EXPRESSION "${report}")
endfunction()
