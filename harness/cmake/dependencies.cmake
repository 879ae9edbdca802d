# What Debian 12 gives us. A missing package is named with the command that installs it.
find_package(PkgConfig REQUIRED)
function(chatspec_dependency prefix module package)
  pkg_check_modules(${prefix} IMPORTED_TARGET GLOBAL ${module})
  if(NOT ${prefix}_FOUND)
    message(FATAL_ERROR "${module} was not found: apt-get install ${package}")
  endif()
endfunction()
chatspec_dependency(CURL libcurl libcurl4-openssl-dev)
chatspec_dependency(CRYPTO libcrypto libssl-dev)
chatspec_dependency(CJSON libcjson libcjson-dev)
chatspec_dependency(CMOCKA cmocka libcmocka-dev)
# A second opinion for the fuzz targets.
chatspec_dependency(JANSSON jansson libjansson-dev)
