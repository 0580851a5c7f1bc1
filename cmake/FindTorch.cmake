# libtorch as the `torch` wheel carries it: headers and the CPU libraries, without Python and without CUDA.
# Defines Torch::cpu and TROUPE_TORCH_RPATH. The wheel's own TorchConfig.cmake wants a CUDA toolkit, so it is not used.

set(Torch_ROOT_DIR ${TROUPE_DEPS}/torch CACHE PATH "pip --target folder of the torch wheel")
find_path(Torch_INCLUDE_DIR ATen/ATen.h PATHS ${Torch_ROOT_DIR}/torch/include NO_DEFAULT_PATH)
find_library(Torch_CPU_LIBRARY torch_cpu PATHS ${Torch_ROOT_DIR}/torch/lib NO_DEFAULT_PATH)
find_library(Torch_C10_LIBRARY c10 PATHS ${Torch_ROOT_DIR}/torch/lib NO_DEFAULT_PATH)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Torch REQUIRED_VARS Torch_CPU_LIBRARY Torch_C10_LIBRARY Torch_INCLUDE_DIR
  REASON_FAILURE_MESSAGE "run ./dev build, which fetches it")

if(Torch_FOUND AND NOT TARGET Torch::cpu)
  file(GLOB Torch_GOMP ${Torch_ROOT_DIR}/torch.libs/libgomp* ${Torch_ROOT_DIR}/torch/lib/libgomp*)
  file(GLOB Torch_NVIDIA_DIRS ${Torch_ROOT_DIR}/nvidia/*/lib)
  set(TROUPE_TORCH_RPATH ${Torch_ROOT_DIR}/torch/lib ${Torch_ROOT_DIR}/torch.libs ${Torch_NVIDIA_DIRS})

  add_library(Torch::c10 SHARED IMPORTED)
  set_target_properties(Torch::c10 PROPERTIES
    IMPORTED_LOCATION ${Torch_C10_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES "${Torch_INCLUDE_DIR};${Torch_INCLUDE_DIR}/torch/csrc/api/include")
  add_library(Torch::cpu SHARED IMPORTED)
  set_target_properties(Torch::cpu PROPERTIES
    IMPORTED_LOCATION ${Torch_CPU_LIBRARY}
    INTERFACE_LINK_LIBRARIES "Torch::c10;${Torch_GOMP}")
  set(Torch_rpath_links)
  foreach(dir ${TROUPE_TORCH_RPATH})
    list(APPEND Torch_rpath_links "-Wl,-rpath-link,${dir}")
  endforeach()
  target_link_options(Torch::cpu INTERFACE -Wl,--allow-shlib-undefined ${Torch_rpath_links})
  set(CMAKE_BUILD_RPATH ${TROUPE_TORCH_RPATH})
endif()
