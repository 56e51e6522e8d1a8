#!/bin/sh
# usage: requirements.sh PROJECT
# docs/requirements.md: every number of its list has one row, and each test file that a row names
# carries that number. A row without a test says that stird is deliberately different.
set -eu
cd "$1"
table=docs/requirements.md
status=0

complain() {
    echo "$table: $1"
    status=1
}

ranges=$(sed -n 's/^Numbers: //p' "$table")
numbers=$(for range in $ranges; do seq -f %03g "${range%-*}" "${range#*-}"; done)
test -n "$numbers" || complain "no line of numbers"

for number in $numbers; do
    row=$(grep -E "^\| R-P-$number \|" "$table" || true)
    case $(printf '%s' "$row" | grep -c .) in
    0) complain "R-P-$number has no row"; continue ;;
    1) ;;
    *) complain "R-P-$number has more than one row"; continue ;;
    esac
    files=$(printf '%s\n' "$row" | awk -F' [|] ?' '{print $(NF - 1)}' | grep -oE '[a-z_/0-9]+\.(py|c)' || true)
    if test -z "$files" && ! printf '%s' "$row" | grep -q 'Deliberately different'; then
        complain "R-P-$number is neither shown by a test nor deliberately different"
    fi
    for file in $files; do
        if ! grep -qE "R-P-$number|test_r_p_${number}_" "tests/$file" 2> /dev/null; then
            complain "tests/$file does not carry R-P-$number"
        fi
    done
done

# A number that stands in a test but not here is a slip of the pen, or a row that was forgotten.
carried=$(grep -rhoE 'R-P-0[0-8][0-9]|test_r_p_0[0-8][0-9]' --include='*.py' --include='*.c' tests |
    grep -oE '[0-9]{3}$' | sort -u)
for number in $carried; do
    printf '%s\n' "$numbers" | grep -qx "$number" || complain "R-P-$number is in a test, but no rule"
done

test "$status" -ne 0 || echo "$(printf '%s\n' "$numbers" | grep -c .) rules, each with its tests"
exit $status
