# Coverage floor of one fuzz target: what its corpus reaches, counted by libFuzzer, is not less than
# the numbers in fuzz/floors. Numbers are compared as numbers.
#   cmake -DNAME=sse -DPROGRAM=fuzz_sse -DFLOORS=fuzz/floors -DCORPUS=corpus/sse -P floor.cmake
file(STRINGS ${FLOORS} rows REGEX "^${NAME} +[0-9]+ +[0-9]+$")
list(LENGTH rows n_rows)
if(NOT n_rows EQUAL 1)
  message(FATAL_ERROR "${FLOORS} has ${n_rows} lines 'NAME COV FT' for ${NAME}: one is needed")
endif()
string(REGEX MATCH " +([0-9]+) +([0-9]+)$" ignored "${rows}")
set(least_cov ${CMAKE_MATCH_1})
set(least_ft ${CMAKE_MATCH_2})

set(folders "")
foreach(folder seeds regressions found)
  if(IS_DIRECTORY ${CORPUS}/${folder})
    list(APPEND folders ${CORPUS}/${folder})
  endif()
endforeach()
# Without a folder libFuzzer runs over nothing and ends well.
if(NOT folders)
  message(FATAL_ERROR "${CORPUS} has nothing to run")
endif()
execute_process(COMMAND ${PROGRAM} -runs=0 -seed=1 ${folders}
  RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(NOT result EQUAL 0 OR NOT output MATCHES "INITED +cov: ([0-9]+) ft: ([0-9]+)")
  message(FATAL_ERROR "${NAME} ended with ${result}:\n${output}")
endif()
set(cov ${CMAKE_MATCH_1})
set(ft ${CMAKE_MATCH_2})
message(STATUS "${NAME} cov ${cov} (floor ${least_cov}) ft ${ft} (floor ${least_ft})")
if(cov LESS least_cov OR ft LESS least_ft)
  message(FATAL_ERROR "${NAME} is under its floor")
endif()
