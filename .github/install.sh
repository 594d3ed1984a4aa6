#!/bin/sh
# Installs plugproof from a release, with the sample plugins and without Go:
#
#   curl -fsSL https://github.com/plugproof/plugproof/releases/latest/download/install.sh | sh -s -- ~/.local/plugproof
#
# Arguments, all optional:
#   1  the directory, ./plugproof
#   2  the release, such as v1.2.0; latest
#   3  where the releases are; https://github.com/plugproof/plugproof/releases
# Nothing else is written. The program finds the plugins beside itself, also when
# it is called through a symbolic link.
set -eu

directory=${1:-plugproof}
version=${2:-latest}
releases=${3:-https://github.com/plugproof/plugproof/releases}

fail() {
	echo "plugproof: $1" >&2
	exit 1
}

case $(uname -s) in
Linux) system=linux ending=tar.gz ;;
Darwin) system=darwin ending=tar.gz ;;
MINGW* | MSYS* | CYGWIN*) system=windows ending=zip ;;
*) fail "there is no release for $(uname -s)" ;;
esac
case $(uname -m) in
x86_64 | amd64) machine=amd64 ;;
aarch64 | arm64) machine=arm64 ;;
*) fail "there is no release for $(uname -m)" ;;
esac

case $version in
latest) from=$releases/latest/download ;;
v[0-9]*) from=$releases/download/$version ;;
*) fail "$version is not a release: name it as v1.2.0, or latest" ;;
esac

get() {
	if command -v curl >/dev/null; then
		curl -fsSL --retry 3 -o "$2" "$1"
	elif command -v wget >/dev/null; then
		wget -q -O "$2" "$1"
	else
		fail "curl or wget is needed"
	fi || fail "$1 can't be downloaded"
}

name=plugproof_${system}_$machine
temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
trap 'exit 1' INT TERM
get "$from/checksums.txt" "$temporary/checksums.txt"
get "$from/$name.$ending" "$temporary/$name.$ending"

# What was downloaded is what was released, or nothing is installed.
cd "$temporary"
grep "  $name.$ending\$" checksums.txt >sum || fail "$from/checksums.txt does not name $name.$ending"
if command -v sha256sum >/dev/null; then
	sha256sum -c sum >/dev/null || fail "$name.$ending is not what was released"
else
	shasum -a 256 -c sum >/dev/null || fail "$name.$ending is not what was released"
fi
case $ending in
zip) unzip -q "$name.zip" ;;
*) tar -xzf "$name.tar.gz" ;;
esac
cd "$OLDPWD"

mkdir -p "$directory"
cp -R "$temporary/$name/." "$directory/"
echo "plugproof: $version is in $directory" >&2
