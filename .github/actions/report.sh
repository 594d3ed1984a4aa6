#!/bin/bash
# The last step of the actions: report.sh COMMAND… runs plugproof COMMAND… with the
# flags in ARGS, one per line, and its reports in the directory REPORTS. Outputs
# are set and reports are there whatever the verdict is; the exit code is
# plugproof's. The step's summary and the annotations are plugproof's own.
set -euo pipefail

args=()
while IFS= read -r line; do
	line="${line#"${line%%[![:space:]]*}"}"
	line="${line%"${line##*[![:space:]]}"}"
	[ -z "$line" ] || args+=("$line")
done <<<"$ARGS"

mkdir -p "$REPORTS"
code=0
plugproof "$@" ${args[@]+"${args[@]}"} \
	--report "json=$REPORTS/result.json" \
	--report "junit=$REPORTS/junit.xml" \
	--report "html=$REPORTS/result.html" || code=$?
{
	echo "exit-code=$code"
	echo "reports=$REPORTS"
} >>"$GITHUB_OUTPUT"
exit "$code"
