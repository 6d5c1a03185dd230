#!/usr/bin/env bash
# Installs the Debian packages the tests use: real peers, and the voices of people. Where apt may not be used it says what is
# missing; without a peer it fails, without the voices the tests do with the synthetic ones of our prompts.
set -euo pipefail
need=(sipp:sip-tester baresip:baresip-core tshark:tshark tcpdump:tcpdump ffmpeg:ffmpeg cc:gcc cc:libc6-dev redis-server:redis-server)
missing=()
for n in "${need[@]}"; do
	command -v "${n%%:*}" >/dev/null 2>&1 || missing+=("${n##*:}")
done
voices=(sounds/en_US_f_Allison:core-sounds-en sounds/es_MX_f_Allison:core-sounds-es sounds/fr_CA_f_June:core-sounds-fr
	sounds/it_IT_m_Carlo:core-sounds-it sounds/ru_RU_f_IvrvoiceRU:core-sounds-ru moh:moh-opsound)
unheard=()
for v in "${voices[@]}"; do
	[ -d "/usr/share/asterisk/${v%%:*}" ] || unheard+=("asterisk-${v##*:}-wav")
done
[ ${#missing[@]} -eq 0 ] && [ ${#unheard[@]} -eq 0 ] && exit 0
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1; then
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -qq
	if [ ${#unheard[@]} -gt 0 ]; then
		apt-get install -y -qq --no-install-recommends "${unheard[@]}" >/dev/null ||
			echo "NO HUMAN VOICES: ${unheard[*]} cannot be had; the guard is tried on synthetic ones" >&2
	fi
	if [ ${#missing[@]} -gt 0 ]; then
		apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
	fi
	exit 0
fi
if [ ${#unheard[@]} -gt 0 ]; then
	echo "NO HUMAN VOICES: the guard is tried on synthetic ones; install as root: apt-get install ${unheard[*]}" >&2
fi
[ ${#missing[@]} -eq 0 ] && exit 0
echo "the tests need these Debian packages: ${missing[*]}" >&2
echo "install them as root: apt-get install ${missing[*]}" >&2
exit 1
