#!/usr/bin/env bash
# go-build.sh SOURCE MODULE@VERSION: builds ./stock from a Go program and that module. What is downloaded is gone with this folder.
set -euo pipefail
export GOPATH=$PWD/go GOFLAGS=-modcacherw GOTOOLCHAIN=local
mkdir program # beside GOPATH: within the program's own module its folders would count as packages
cp "$(dirname "${BASH_SOURCE[0]}")/$1" program/main.go
cd program
{ go mod init doorward.test/stock && go get "$2" && go mod tidy && go build -o ../stock .; } >../install.log 2>&1 || { cat ../install.log >&2; exit 1; }
