# Sourced by the scripts here: building for machines without an operating system.
# Two ways: the toolchain of rust-toolchain.toml with its targets added, or, where rustup cannot
# download them, Debian's compiler with the sources of the core library.

BARE_TARGETS="thumbv7em-none-eabihf thumbv6m-none-eabi riscv32imac-unknown-none-elf wasm32-unknown-unknown"
DEBIAN_PACKAGES="rustc-web cargo-web rust-web-src lld-22"

# TOM_BARE=debian or TOM_BARE=rustup forces one way; otherwise the first that works is used.
bare_way() {
  if [ -n "${TOM_BARE:-}" ]; then echo "$TOM_BARE"; return; fi
  if command -v rustup >/dev/null; then
    local have target
    have=$(rustup target list --installed 2>/dev/null) || have=""
    for target in $BARE_TARGETS; do
      grep -qx "$target" <<<"$have" || { echo debian; return; }
    done
    echo rustup
  else
    echo debian
  fi
}

# bare_cargo TARGET COMMAND ARGS...: cargo COMMAND for the target, by the way that works here.
bare_cargo() {
  local target=$1 command=$2 upper linker
  shift 2
  if [ "$(bare_way)" = rustup ]; then
    cargo "$command" --target "$target" "$@"
    return
  fi
  case $target in wasm32-*) linker=wasm-ld-22 ;; *) linker=ld.lld-22 ;; esac
  upper=$(tr 'a-z-' 'A-Z_' <<<"$target")
  # Building core from its sources needs an unstable option, hence RUSTC_BOOTSTRAP.
  env RUSTC=/usr/bin/rustc RUSTDOC=/usr/bin/rustdoc RUSTC_BOOTSTRAP=1 \
    "CARGO_TARGET_${upper}_LINKER=$linker" \
    /usr/bin/cargo "$command" -Zbuild-std=core --target "$target" "$@"
}

# need_packages COMMAND PACKAGES...: installs Debian packages when the command is missing.
need_packages() {
  local command=$1 sudo=""
  shift
  if command -v "$command" >/dev/null; then return; fi
  if [ "$(id -u)" != 0 ]; then sudo=sudo; fi
  $sudo apt-get update -qq || true
  DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "$@" >/dev/null
  command -v "$command" >/dev/null || { echo "error: $command is missing after installing $*" >&2; return 1; }
}
