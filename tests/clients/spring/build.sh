#!/usr/bin/env bash
# build.sh BOOT STARTER SOURCE...: compiles a Spring Boot application into ./BOOT, with the jars it needs in ./BOOT/lib and the test's
# authority in ./trust.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
boot=$1 starter=$2
shift 2
mkdir -p "$boot"
if [[ ! -e "$boot/lib" ]]; then
    mvn -q -B -f "$here/pom.xml" org.apache.maven.plugins:maven-dependency-plugin:3.11.0:copy-dependencies \
        "-Dboot=$boot" "-Dstarter=$starter" "-DoutputDirectory=$PWD/$boot/lib" >"$boot/maven.log" 2>&1 || { cat "$boot/maven.log" >&2; exit 1; }
fi
mkdir -p "$boot/source"
for source; do "$here/../filled.sh" "$here/$source" >"$boot/source/$source"; done
javac -parameters -cp "$boot/lib/*" -d "$boot" "${@/#/$boot/source/}"
if [[ ! -e trust ]]; then keytool -importcert -noprompt -file "$CA" -keystore trust -storetype JKS -storepass changeit 2>keytool.log; fi
