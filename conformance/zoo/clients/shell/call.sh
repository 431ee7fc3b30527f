# What both scripts share: one call by curl, and what follows its answer. To be sourced; needs GNU date.
#
# FLAW makes one mistake that is usual with curl, by name.

flaw() { [ "${FLAW:-}" = "$1" ]; }
FLAWS=" insecure location location-trusted retry-all-errors data-unescaped data-from-file json-by-hand no-fail no-max-time verbose "
[[ -z ${FLAW:-} || $FLAWS == *" $FLAW "* ]] || { echo "FLAW=$FLAW is unknown; there are:$FLAWS" >&2; exit 2; }

ATTEMPTS=4
BUDGET=20 # seconds of waiting, in all
waited=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
default_text=$'สวัสดี こんにちは 👍🏽 a=1&b=2 + 100% "q"\nline 2\n'
text=${CONFORMANCE_TEXT:-$default_text}

die() { printf 'failed: %s\n' "$*" >&2; exit 1; }

options=(--silent --show-error)
flaw no-max-time || options+=(--connect-timeout 3 --max-time 5)
if flaw insecure; then options+=(--insecure); fi
if flaw location; then options+=(--location); fi
if flaw location-trusted; then options+=(--location-trusted); fi
if flaw retry-all-errors; then options+=(--retry 3 --retry-delay 1 --retry-all-errors --fail); fi
if flaw verbose; then options+=(--verbose); fi

# The header with the token comes from a file, so that no list of processes shows it.
credentials() { # NAME VALUE
  (umask 077 && printf '%s: %s\n' "$1" "$2" >"$work/credentials")
}

header() { # NAME: its last value, without blanks around it
  sed -n "s/^$1:[[:space:]]*//Ip" "$work/head" | tail -n 1 | tr -d '\r' | sed 's/[[:space:]]*$//'
}

seconds_of() { date -u -d "$1" +%s 2>/dev/null; } # a date of HTTP

now() { # the service's own time, so that no clock has to agree with another
  local date
  date=$(header date)
  { [ -n "$date" ] && seconds_of "$date"; } || date +%s
}

retry_after() {
  local value moment
  value=$(header retry-after)
  if [[ $value =~ ^[0-9]{1,6}$ ]]; then echo "$value"; return; fi
  moment=$([ -n "$value" ] && seconds_of "$value") || return 1
  echo $((moment > $(now) ? moment - $(now) : 0))
}

# Seconds after a 429; a script may know better.
limit_pause() { retry_after; }

call() { # METHOD URL CURL-OPTIONS...: the body of a success is in $work/body
  local method=$1 url=$2 attempt status code pause
  shift 2
  local name="$method /${url#*://*/}"
  for ((attempt = 1; ; attempt++)); do
    : >"$work/head" >"$work/body"
    code=0
    status=$(curl "${options[@]}" --request "$method" --header "@$work/credentials" --dump-header "$work/head" \
      --output "$work/body" --write-out '%{http_code}' "$@" "$url") || code=$?
    pause=
    if [ "$code" -ne 0 ]; then
      failure="$name: curl ended with $code"
      # 7: no connection, so nothing was sent. Otherwise only what reads may be done twice. 60: the certificate.
      if [ "$code" -eq 7 ] || { [ "$method" = GET ] && [ "$code" -ne 60 ]; }; then pause=$attempt; fi
      if flaw retry-all-errors; then pause=; fi
    elif [[ $status == 2?? ]] || flaw no-fail; then
      return
    else
      failure="$name: status $status $(head -c 200 "$work/body" | tr -d '\n' | sed -n 's/.*"errors":\(.*\)}.*/\1/p')"
      case $status in
        429) pause=$(limit_pause) || pause=$attempt ;;
        503) pause=$(retry_after) || { [ "$method" != GET ] || pause=$attempt; } ;;
        5??) [ "$method" != GET ] || pause=$attempt ;;
      esac
    fi
    if [ -z "$pause" ] || [ "$attempt" -ge "$ATTEMPTS" ]; then die "$failure"; fi
    if [ $((waited + pause)) -gt "$BUDGET" ]; then die "$failure; waiting $pause s more is too long"; fi
    waited=$((waited + pause))
    sleep "$pause"
  done
}

field() { # NAME: a text or a number in the last body; nothing else in it matters
  local found
  found=$(tr -d '\n' <"$work/body" | sed -n "s/.*\"$1\":[[:space:]]*\"\{0,1\}\([^\",}]*\)\"\{0,1\}[,}].*/\1/p")
  if [ -z "$found" ] && ! flaw no-fail; then die "the answer has no $1"; fi
  printf '%s' "$found"
}
