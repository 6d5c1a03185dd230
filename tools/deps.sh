#!/usr/bin/env bash
# Installs the Debian packages the tests use as real peers. Where apt may not be used it says what is missing and fails.
set -euo pipefail
need=(sipp:sip-tester baresip:baresip-core tshark:tshark tcpdump:tcpdump ffmpeg:ffmpeg cc:gcc cc:libc6-dev)
missing=()
for n in "${need[@]}"; do
	command -v "${n%%:*}" >/dev/null 2>&1 || missing+=("${n##*:}")
done
[ ${#missing[@]} -eq 0 ] && exit 0
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1; then
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -qq
	apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
	exit 0
fi
echo "the tests need these Debian packages: ${missing[*]}" >&2
echo "install them as root: apt-get install ${missing[*]}" >&2
exit 1
