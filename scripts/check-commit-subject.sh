#!/usr/bin/env bash
# Whether the first line of a commit's message reads `area: what it does`, in 72 characters at most (CONTRIBUTING.md).
#
#     scripts/check-commit-subject.sh <file with the message>
set -euo pipefail

subject=$(sed -n '/^[^#]/{p;q}' "$1")
if [[ $subject =~ ^(Merge|Revert|fixup!|squash!) ]]; then
  exit 0
fi
if [[ ! $subject =~ ^[a-z0-9.,/_\ -]+:\ [^\ ] ]]; then
  echo "the subject is to read 'area: what it does', as in 'sql: read UNPIVOT'; it is: $subject" >&2
  exit 1
fi
if [ ${#subject} -gt 72 ]; then
  echo "the subject has ${#subject} characters, 72 at most: $subject" >&2
  exit 1
fi
